import assert from "node:assert/strict";
import {
	chmod,
	mkdir,
	mkdtemp,
	readdir,
	readFile,
	rm,
	writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { execa } from "execa";
import { cacheDir, fillAtomically } from "../base/cache.js";
import { encodeFrame } from "../channel/frames.js";
import { chooseAccel } from "../guest/accel.js";
import {
	cachedKernel,
	defaultKernel,
	fetchKernel,
	imageConfig,
	MACHINES,
	parseKernelName,
	resolveKernel,
	resolveKernels,
} from "../index.js";
import { buildInitramfs } from "../qemu/initramfs.js";

let dir: string;
const environment = { ...process.env };

before(async () => {
	dir = await mkdtemp(join(tmpdir(), "crcap-kernels-test-"));
});

beforeEach(() => {
	process.env.XDG_CACHE_HOME = join(dir, "cache");
	process.env.PATH = environment.PATH;
});

after(async () => {
	Object.assign(process.env, environment);
	if (environment.XDG_CACHE_HOME === undefined)
		delete process.env.XDG_CACHE_HOME;
	await rm(dir, { recursive: true, force: true });
});

/** The smallest file that passes for a bzImage. */
function kernel(release: string): Buffer {
	const image = Buffer.alloc(4096);
	image[0x1f1] = 3;
	image.writeUInt32LE(128, 0x1f4);
	image.writeUInt16LE(0xaa55, 0x1fe);
	image.write("HdrS", 0x202);
	image.writeUInt16LE(0x20f, 0x206);
	image.writeUInt16LE(0x400, 0x20e);
	image.writeUInt16LE(1, 0x236);
	image.write(`${release} (x@y) #1`, 0x600);
	return image;
}

async function put(path: string, data: string | Buffer): Promise<string> {
	const full = join(dir, path);
	await mkdir(join(full, ".."), { recursive: true });
	await writeFile(full, data);
	return full;
}

async function deb(
	name: string,
	files: Readonly<Record<string, string | Buffer>>,
): Promise<string> {
	const tree = `debs/${name}`;
	await put(
		`${tree}/DEBIAN/control`,
		`Package: ${name}\nVersion: 1.2-3\nArchitecture: all\nMaintainer: x <x@y>\nDescription: x\n`,
	);
	for (const [path, data] of Object.entries(files))
		await put(`${tree}/${path}`, data);
	const out = join(dir, `${name}.deb`);
	await execa("dpkg-deb", ["--build", "-Zgzip", join(dir, tree), out]);
	return out;
}

/** An .rpm with empty headers and this archive. */
function rpm(archive: Buffer): Buffer {
	const header = Buffer.alloc(16);
	header.writeUInt32BE(0x8eade801, 0);
	const lead = Buffer.alloc(96);
	lead.writeUInt32BE(0xedabeedb, 0);
	return Buffer.concat([lead, header, header, gzipSync(archive)]);
}

describe("what --kernel accepts", () => {
	test("a .deb, with its configuration and where it came from", async () => {
		const path = await deb("linux-image-6.9-t", {
			"boot/vmlinuz-6.9-t": kernel("6.9-t"),
			"boot/config-6.9-t": "CONFIG_TTY=y\n",
			"lib/modules/6.9-t/kernel/x.ko": "module",
		});
		const image = await resolveKernel(path);
		assert.equal(image.release, "6.9-t");
		assert.equal(image.source, "linux-image-6.9-t 1.2-3");
		assert.equal(image.path, path);
		assert.equal(await imageConfig(image), "CONFIG_TTY=y\n");
		assert.deepEqual(await readFile(image.bootPath), kernel("6.9-t"));
	});

	test("a corrupt .deb and one without a kernel are told apart", async () => {
		const whole = await deb("linux-image-cut", {
			"boot/vmlinuz-1": kernel("1.0"),
		});
		const bytes = await readFile(whole);
		const cut = await put("cut.deb", bytes.subarray(0, bytes.length - 200));
		await assert.rejects(resolveKernel(cut), /corrupt or cut short/);
		const meta = await deb("linux-image-meta", { "usr/lib/x": "y" });
		await assert.rejects(resolveKernel(meta), /holds no kernel image/);
	});

	test("an .rpm, and a clear word when it is cut short", async () => {
		const archive = buildInitramfs([
			{
				type: "file",
				path: "lib/modules/6.8-f/vmlinuz",
				data: kernel("6.8-f"),
			},
			{
				type: "file",
				path: "lib/modules/6.8-f/config",
				data: Buffer.from("C=1"),
			},
			{ type: "file", path: "lib/modules/6.8-f/x.ko", data: Buffer.alloc(9) },
		]);
		const path = await put("kernel-core-6.8.rpm", rpm(archive));
		const image = await resolveKernel(path);
		assert.equal(image.release, "6.8-f");
		assert.equal(image.source, "kernel-core-6.8.rpm");
		assert.equal(await imageConfig(image), "C=1");
		const bytes = rpm(archive);
		for (const length of [100, 130, bytes.length - 30]) {
			const cut = await put(`cut-${length}.rpm`, bytes.subarray(0, length));
			await assert.rejects(resolveKernel(cut), /corrupt/, `${length} bytes`);
		}
	});

	test("a build tree: its image and its configuration", async () => {
		await put("tree/.config", "CONFIG_X=y\n");
		const tree = join(dir, "tree");
		await assert.rejects(resolveKernel(tree), /without a built kernel.*make/);
		await put("tree/arch/x86/boot/bzImage", kernel("6.7.0"));
		const image = await resolveKernel(tree);
		assert.equal(image.release, "6.7.0");
		assert.equal(await imageConfig(image), "CONFIG_X=y\n");
	});

	test("a directory of images and packages: all of them, or none", async () => {
		const shelf = join(dir, "shelf");
		await put("shelf/vmlinuz-1.1-a", kernel("1.1-a"));
		await put("shelf/vmlinuz.old", kernel("1.1-a"));
		await put("shelf/README", "no kernel");
		const from = await deb("linux-image-2.2", {
			"boot/vmlinuz-2.2-b": kernel("2.2-b"),
		});
		await put("shelf/linux-image-2.2_1_all.deb", await readFile(from));
		const other = await deb("linux-doc", { "usr/lib/doc": "x" });
		await put("shelf/linux-doc_1_all.deb", await readFile(other));
		const images = await resolveKernels(shelf);
		assert.deepEqual(images.map((image) => image.release).sort(), [
			"1.1-a",
			"2.2-b",
		]);
		await assert.rejects(resolveKernel(shelf), /holds 2 kernels; name one: /);
		await mkdir(join(dir, "bare"));
		await assert.rejects(resolveKernel(join(dir, "bare")), /no kernel in this/);
		await assert.rejects(resolveKernel(join(dir, "nothing")), /no such file/);
	});
});

describe("the catalogue", () => {
	const aptDir = () => join(dir, "apt-of-a-debian");
	const fetched = (
		word: string,
		options: Parameters<typeof resolveKernel>[1] = {},
	) => resolveKernel(word, { aptDir: aptDir(), ...options });

	before(async () => {
		await put(
			"apt-of-a-debian/sources.list",
			"deb http://m.example/debian bookworm main\ndeb http://m.example/debian-security bookworm-security main\n",
		);
	});

	/** Puts an apt-get on the PATH that does what a script says. */
	async function fakeApt(script: string): Promise<void> {
		const path = await put("bin/apt-get", `#!/bin/sh\n${script}\n`);
		await chmod(path, 0o755);
		process.env.PATH = `${join(dir, "bin")}:${environment.PATH}`;
	}

	test("a cold cache and no network is one clear error that leaves nothing", async () => {
		await fakeApt(
			`echo "E: Failed to fetch http://m/InRelease  Temporary failure resolving 'm'" >&2; exit 100`,
		);
		await assert.rejects(fetched("debian:bookworm"), {
			kind: "catalogue",
			message: /Temporary failure resolving.*--kernel PATH/,
		});
		assert.deepEqual(await readdir(cacheDir("work")), []);
	});

	test("a full disk says so", async () => {
		await fakeApt(
			'echo "E: Write error - write (28: No space left on device)" >&2; exit 100',
		);
		await assert.rejects(fetched("debian:bookworm"), {
			kind: "storage",
			message: /XDG_CACHE_HOME/,
		});
	});

	test("an interrupted fetch leaves nothing", async () => {
		await fakeApt("exec sleep 600");
		const controller = new AbortController();
		setTimeout(() => controller.abort(), 300);
		await assert.rejects(
			fetched("debian:bookworm", { signal: controller.signal }),
			{ kind: "aborted" },
		);
		assert.deepEqual(await readdir(cacheDir("work")), []);
	});

	test("what is cached needs no network, whole entries only", async () => {
		await fakeApt("exit 1");
		const name = parseKernelName("debian:bookworm@amd64");
		const key = "linux-image-6.1.0-9-cloud-amd64_6.1.99-1";
		await put("cache/crcap/names/debian-bookworm-cloud-x86_64", key);
		assert.equal(
			await cachedKernel(name),
			undefined,
			"a name without an entry",
		);
		const entry = `cache/crcap/kernels/x86_64/${key}`;
		const meta = {
			package: "linux-image-6.1.0-9-cloud-amd64",
			version: "6.1.99-1",
			release: "6.1.0-9-cloud-amd64",
			fetchedAt: "2026-01-01T00:00:00Z",
			hasConfig: false,
		};
		await put(`${entry}/entry.json`, JSON.stringify(meta));
		assert.equal(
			await cachedKernel(name),
			undefined,
			"an entry without a kernel",
		);
		await put(
			`${entry}/vmlinuz-6.1.0-9-cloud-amd64`,
			kernel("6.1.0-9-cloud-amd64"),
		);
		const image = await resolveKernel("debian:bookworm@amd64");
		assert.equal(image.source, "linux-image-6.1.0-9-cloud-amd64 6.1.99-1");
		await put("cache/crcap/names/debian-bookworm-cloud-x86_64", "../../../etc");
		assert.equal(
			await cachedKernel(name),
			undefined,
			"a name that leads elsewhere",
		);
	});

	/** An archive with one kernel of this version. */
	async function fakeArchive(version: string): Promise<void> {
		const release = `6.1.0-${version}-cloud-amd64`;
		const name = `linux-image-${release}`;
		const path = await deb(name, {
			[`boot/vmlinuz-${release}`]: kernel(release),
			[`boot/config-${release}`]: "CONFIG_TTY=y\n",
		});
		await fakeApt(`case "$*" in *download*) cp ${path} . ;; esac`);
		const show = [
			'case "$*" in',
			`*show*linux-image-cloud-amd64) echo "Package: linux-image-cloud-amd64"; echo "Depends: ${name} (= 1)" ;;`,
			`*show*) echo "Package: ${name}" ;;`,
			"esac",
			`echo "Version: 6.1.${version}-1"`,
		];
		const cache = await put("bin/apt-cache", `#!/bin/sh\n${show.join("\n")}\n`);
		await chmod(cache, 0o755);
	}

	test("fetches that run at the same time agree", async () => {
		process.env.XDG_CACHE_HOME = join(dir, "cache-parallel");
		await fakeArchive("8");
		const name = parseKernelName("debian:bookworm@amd64");
		const all = await Promise.all(
			[1, 2, 3].map(() => fetchKernel(name, { aptDir: aptDir() })),
		);
		for (const one of all) assert.deepEqual(one, all[0]);
		assert.equal(all[0]?.release, "6.1.0-8-cloud-amd64");
		assert.deepEqual(await readdir(cacheDir("work")), []);
		assert.equal((await readdir(cacheDir("kernels", "x86_64"))).length, 1);
	});

	test("a damaged entry is mended, by several at once too", async () => {
		process.env.XDG_CACHE_HOME = join(dir, "cache-damaged");
		await fakeArchive("8");
		const name = parseKernelName("debian:bookworm@amd64");
		const { image } = await fetchKernel(name, { aptDir: aptDir() });
		const damages = [
			() => rm(image),
			() => writeFile(join(image, "../entry.json"), "{"),
			async () => {
				await rm(join(image, ".."), { recursive: true });
				await writeFile(join(image, ".."), "a file");
			},
		];
		for (const damage of damages) {
			await damage();
			assert.equal(await cachedKernel(name), undefined);
			const all = await Promise.all(
				[1, 2, 3].map(() => fetchKernel(name, { aptDir: aptDir() })),
			);
			for (const one of all) assert.equal(one.image, image);
			assert.deepEqual(await readFile(image), kernel("6.1.0-8-cloud-amd64"));
			assert.deepEqual((await readdir(join(image, ".."))).sort(), [
				"config-6.1.0-8-cloud-amd64",
				"entry.json",
				"vmlinuz-6.1.0-8-cloud-amd64",
			]);
			assert.equal((await readdir(cacheDir("kernels", "x86_64"))).length, 1);
		}
	});

	test("a newer package is found when asked for, not silently", async () => {
		process.env.XDG_CACHE_HOME = join(dir, "cache-newer");
		const word = "debian:bookworm@amd64";
		await fakeArchive("8");
		assert.equal((await fetched(word)).release, "6.1.0-8-cloud-amd64");
		await fakeArchive("10");
		assert.equal((await fetched(word)).release, "6.1.0-8-cloud-amd64");
		const fresh = await fetched(word, { refresh: true });
		assert.equal(fresh.release, "6.1.0-10-cloud-amd64");
		assert.equal(fresh.source, "linux-image-6.1.0-10-cloud-amd64 6.1.10-1");
		assert.equal((await fetched(word)).release, "6.1.0-10-cloud-amd64");
	});

	test("an archive that lists what it has not is done without", async () => {
		process.env.XDG_CACHE_HOME = join(dir, "cache-404");
		await fakeArchive("8");
		const good = await readFile(join(dir, "bin/apt-get"), "utf8");
		await fakeApt(
			`grep -q -- -security "$(dirname "$APT_CONFIG")"/sources.d/* &&
			case "$*" in *download*) echo "E: Failed to fetch http://m/x.deb  404  Not Found" >&2; exit 100;; esac
			${good}`,
		);
		const told: string[] = [];
		const image = await fetched("debian:bookworm@amd64", {
			onProgress: (line) => told.push(line),
		});
		assert.equal(image.release, "6.1.0-8-cloud-amd64");
		assert.match(told.join("\n"), /404.*without its updates/);
	});

	test("a process that leaves in the midst of a fetch leaves nothing", async () => {
		process.env.XDG_CACHE_HOME = join(dir, "cache-left");
		await fakeApt("exec sleep 600");
		const index = new URL("../index.js", import.meta.url).href;
		const script = `import { resolveKernel } from ${JSON.stringify(index)};
			process.on("SIGTERM", () => process.exit(143));
			setTimeout(() => process.kill(process.pid, "SIGTERM"), 500);
			await resolveKernel("debian:bookworm", { aptDir: ${JSON.stringify(aptDir())} });`;
		const left = await execa(
			process.execPath,
			["--input-type=module", "-e", script],
			{ reject: false },
		);
		assert.equal(left.exitCode, 143, left.stderr);
		assert.deepEqual(await readdir(cacheDir("work")), []);
	});

	test("what fails half way leaves no entry", async () => {
		const target = cacheDir("half", "x");
		await assert.rejects(
			fillAtomically(target, async (to) => {
				await writeFile(to, "half");
				throw new Error("cut");
			}),
			/cut/,
		);
		assert.deepEqual(await readdir(cacheDir("half")), []);
	});
});

describe("the default kernel", () => {
	const places = () => ({
		apt: join(dir, "etc-apt"),
		boot: join(dir, "boot"),
		modules: join(dir, "modules"),
		release: "6.5-own",
	});

	test("is Debian's where apt knows Debian, else the machine's own, and says so", async () => {
		process.env.XDG_CACHE_HOME = join(dir, "cache-default");
		const bin = await put("nothing/apt-get", "#!/bin/sh\nexit 100\n");
		await chmod(bin, 0o755);
		process.env.PATH = `${join(dir, "nothing")}:${environment.PATH}`;
		await assert.rejects(defaultKernel(places()), {
			kind: "missing",
			message: /6\.5-own.*--kernel PATH/,
		});
		const package_ = await deb("linux-image-6.5-own", {
			"boot/vmlinuz-6.5-own": kernel("6.5-own"),
		});
		await put("nothing/apt-get", `#!/bin/sh\ncp ${package_} .\n`);
		const fetched = await defaultKernel(places());
		assert.equal((await resolveKernel(fetched.name)).release, "6.5-own");
		const path = await put("boot/vmlinuz-6.5-own", kernel("6.5-own"));
		const own = await defaultKernel(places());
		assert.equal(own.name, path);
		assert.match(own.note ?? "", /no source for Debian.*its own/);
		await put(
			"etc-apt/sources.list",
			"deb http://m.example/debian trixie main\n",
		);
		assert.deepEqual(await defaultKernel(places()), {
			name: "debian:bookworm",
		});
	});
});

describe("the accelerator", () => {
	/** A QEMU that is sound until KVM is asked for, then does what a script says. */
	async function fakeQemu(name: string, script: string) {
		const path = await put(
			`qemu/${name}`,
			`#!/bin/sh\ncase "$*" in --help) echo "QEMU emulator version 99 (fake)";; *kvm*) ${script};; esac\n`,
		);
		await chmod(path, 0o755);
		const agent = await put("agent", "agent");
		return {
			kernel: agent,
			agent,
			machine: {
				...MACHINES.x86_64,
				qemu: path,
				kvmHosts: [process.arch],
			},
			kvmDevice: await put("kvm", ""),
		};
	}

	test("a KVM that hangs is found out, said, and remembered", async () => {
		const options = await fakeQemu("hangs", "exec sleep 600");
		const first = await chooseAccel("auto", options, "sha");
		assert.equal(first.accel, "tcg");
		assert.match(first.reason, /did not reach user space.*silent for 4 s/);
		assert.ok(first.probeMs > 0);
		const second = await chooseAccel("auto", options, "sha");
		assert.equal(second.accel, "tcg");
		assert.match(second.reason, /remembered.*--accel kvm tries it again/);
		assert.equal(second.probeMs, 0);
		const other = await chooseAccel(
			"auto",
			await fakeQemu(
				"dies",
				"echo 'KVM internal error. Suberror: 1' >&2; exec sleep 600",
			),
			"sha",
		);
		assert.match(other.reason, /KVM internal error/);
	});

	test("who demands KVM has it tried again after a bad verdict", async () => {
		const works = join(dir, "works");
		const options = await fakeQemu(
			"busy",
			`test -e ${works} || exit 1; cat ${works} >&4; exec sleep 600`,
		);
		const choose = (wish: "auto" | "kvm") => chooseAccel(wish, options, "sha");
		assert.equal((await choose("auto")).accel, "tcg");
		await assert.rejects(choose("kvm"), /KVM was asked for and does not work/);
		const words = ["hello proto=1 crprobe=1 arch=x", "ready"];
		await put("works", words.map((one, n) => encodeFrame(n, one)).join(""));
		assert.equal((await choose("auto")).accel, "tcg");
		const tried = await choose("kvm");
		assert.equal(tried.accel, "kvm");
		assert.match(tried.reason, /KVM was proven/);
		assert.ok(tried.probeMs > 0);
		await rm(works);
		for (const wish of ["auto", "kvm"] as const)
			assert.deepEqual([(await choose(wish)).accel], ["kvm"]);
	});

	test("without a device that opens nothing is tried", async () => {
		const options = await fakeQemu("unused", "exec sleep 600");
		const none = { ...options, kvmDevice: join(dir, "no-kvm") };
		const choice = await chooseAccel("auto", none, "sha");
		assert.deepEqual([choice.accel, choice.probeMs], ["tcg", 0]);
		assert.match(choice.reason, /there is no .*no-kvm/);
		await assert.rejects(chooseAccel("kvm", none, "sha"), {
			kind: "usage",
			message: /--accel tcg or auto/,
		});
		const foreign = { ...options, machine: MACHINES.s390x };
		assert.match(
			(await chooseAccel("auto", foreign, "sha")).reason,
			/cannot run s390x/,
		);
		assert.equal((await chooseAccel("tcg", options, "sha")).accel, "tcg");
	});
});
