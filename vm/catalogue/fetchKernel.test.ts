import assert from "node:assert/strict";
import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { test } from "tap";
import { cacheDir, fillAtomically } from "../base/cache.js";
import {
	cachedKernel,
	fetchKernel,
	parseKernelName,
	resolveKernel,
} from "../index.js";

import { deb, dir, environment, kernel, put } from "./kernels.test.helper.js";

test("the catalogue", async (t) => {
	const aptDir = () => join(dir, "apt-of-a-debian");
	const fetched = (
		word: string,
		options: Parameters<typeof resolveKernel>[1] = {},
	) => resolveKernel(word, { aptDir: aptDir(), ...options });

	t.before(async () => {
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

	t.test(
		"a cold cache and no network is one clear error that leaves nothing",
		async () => {
			await fakeApt(
				`echo "E: Failed to fetch http://m/InRelease  Temporary failure resolving 'm'" >&2; exit 100`,
			);
			await assert.rejects(fetched("debian:bookworm"), {
				kind: "catalogue",
				message: /Temporary failure resolving.*--kernel PATH/,
			});
			assert.deepEqual(await readdir(cacheDir("work")), []);
		},
	);

	t.test("a full disk says so", async () => {
		await fakeApt(
			'echo "E: Write error - write (28: No space left on device)" >&2; exit 100',
		);
		await assert.rejects(fetched("debian:bookworm"), {
			kind: "storage",
			message: /XDG_CACHE_HOME/,
		});
	});

	t.test("an interrupted fetch leaves nothing", async () => {
		await fakeApt("exec sleep 600");
		const controller = new AbortController();
		setTimeout(() => controller.abort(), 300);
		await assert.rejects(
			fetched("debian:bookworm", { signal: controller.signal }),
			{ kind: "aborted" },
		);
		assert.deepEqual(await readdir(cacheDir("work")), []);
	});

	t.test("what is cached needs no network, whole entries only", async () => {
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

	t.test("fetches that run at the same time agree", async () => {
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

	t.test("a damaged entry is mended, by several at once too", async () => {
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

	t.test("a newer package is found when asked for, not silently", async () => {
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

	t.test("an archive that lists what it has not is done without", async () => {
		process.env.XDG_CACHE_HOME = join(dir, "cache-404");
		await fakeArchive("8");
		const good = await readFile(join(dir, "bin/apt-get"), "utf8");
		await fakeApt(
			`grep -q -- -security "$(dirname "$APT_CONFIG")"/sources.d/* &&
			case "$*" in *download*) echo "E: Failed to fetch http://m/x.deb  404  Not Found" >&2; exit 100;; esac
			${good}`,
		);
		const progress: string[] = [];
		const image = await fetched("debian:bookworm@amd64", {
			onProgress: (line) => progress.push(line),
		});
		assert.equal(image.release, "6.1.0-8-cloud-amd64");
		assert.match(progress.join("\n"), /404.*without its updates/);
	});

	t.test(
		"lists that can't be read are done without, but for the suite's own",
		async () => {
			process.env.XDG_CACHE_HOME = join(dir, "cache-sync");
			await fakeArchive("8");
			const good = await readFile(join(dir, "bin/apt-get"), "utf8");
			const fails = (suite: string, complaint: string) =>
				fakeApt(
					`case "$*" in *update*) grep -q "^Suites: ${suite}$" "$(dirname "$APT_CONFIG")"/sources.d/* &&
				{ echo "${complaint}" >&2; exit 100; } ;; esac
				${good}`,
				);
			for (const complaint of [
				"E: Failed to fetch http://m/debian-security/dists/bookworm-security/main/binary-amd64/Packages.xz  Hash Sum mismatch",
				"E: The repository 'http://m/debian-security bookworm-security Release' does not have a Release file.",
			]) {
				await fails("bookworm-security", complaint);
				const progress: string[] = [];
				const image = await fetched("debian:bookworm@amd64", {
					refresh: true,
					onProgress: (line) => progress.push(line),
				});
				assert.equal(image.release, "6.1.0-8-cloud-amd64");
				const lines = progress.filter((line) => /without/.test(line));
				assert.equal(lines.length, 1);
				assert.match(
					lines[0] ?? "",
					/(mismatch|Release file); going on without bookworm-security$/,
				);
				assert.doesNotMatch(lines[0] ?? "", /\n/);
			}
			await fails(
				"bookworm",
				"E: Failed to fetch http://m/debian/dists/bookworm/InRelease  Hash Sum mismatch",
			);
			await assert.rejects(
				fetched("debian:bookworm@amd64", { refresh: true }),
				{
					kind: "catalogue",
					message: /Hash Sum mismatch/,
				},
			);
		},
	);

	t.test(
		"a process that leaves in the midst of a fetch leaves nothing",
		async () => {
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
		},
	);

	t.test("what fails half way leaves no entry", async () => {
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
