/**
 * dnf and pacman are the real ones, with repositories made here, signed and unsigned. zypper and apk are stand-ins that leave
 * what the real ones would: for zypper itself see zypper.guest.test.ts, and Debian has no apk.
 */
import assert from "node:assert/strict";
import { chmod, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { execa } from "execa";
import { test } from "tap";
import { cacheDir } from "../base/cache.js";
import { fetchKernel, parseKernelName, resolveKernel } from "../index.js";
import { tar } from "../package/archives.test.helper.js";
import { buildInitramfs } from "../qemu/initramfs.js";
import {
	deb,
	dir,
	environment,
	kernel,
	keyPair,
	put,
	rpm,
	rpmOf,
} from "./kernels.test.helper.js";

/** The machine's configuration, as the tests write it. */
const etc = () => join(dir, "etc");

const fetched = (name: string) =>
	fetchKernel(parseKernelName(name), {
		etc: etc(),
		aptDir: join(etc(), "apt"),
	});

/** Puts a program on the PATH that does what a script says, before all others or alone. */
async function fake(name: string, script: string): Promise<void> {
	const path = await put(`bin/${name}`, `#!/bin/sh\n${script}\n`);
	await chmod(path, 0o755);
	process.env.PATH = `${join(dir, "bin")}:${environment.PATH}`;
}

test("dnf itself, and rpm's check of the signature", async () => {
	const repo = await rpmOf("kernel-core", "6.1", "6.1-1");
	const file = join(repo, "kernel-core-6.1-1.x86_64.rpm");
	const key = await keyPair("fedora");
	const other = await keyPair("other");
	const configure = async (keyFile: string) => {
		await execa("createrepo_c", ["--quiet", repo]);
		await put(
			"etc/yum.repos.d/fedora.repo",
			`[fedora]\nname=Fedora $releasever\nbaseurl=file://${repo}\ngpgcheck=1\ngpgkey=file://${keyFile}\n[vendor]\nname=x\nbaseurl=file:///nowhere\n`,
		);
	};
	await configure(key.file);
	await assert.rejects(fetched("fedora:41@x86_64"), {
		kind: "catalogue",
		message: /no key of the repository signed .*digests OK/,
	});
	await execa("rpmsign", [
		...["--define", `_gpg_path ${key.home}`, "--define", "_gpg_name fedora"],
		...["--define", "__gpg /usr/bin/gpg", "--addsign", file],
	]);
	await configure(other.file);
	await assert.rejects(fetched("fedora:41@x86_64"), {
		kind: "catalogue",
		message: /SIGNATURES NOT OK/,
	});
	await configure(key.file);
	const found = await fetched("fedora:41@x86_64");
	assert.equal(found.package, "kernel-core");
	assert.equal(found.version, "6.1-1.x86_64");
	assert.equal(found.release, "6.1-1");
	assert.deepEqual(await readFile(found.image), kernel("6.1-1"));
	assert.deepEqual(await readdir(cacheDir("work")), []);
	// From now on it takes neither dnf nor its configuration.
	await rm(etc(), { recursive: true });
	process.env.PATH = dir;
	const image = await resolveKernel("fedora:41@x86_64");
	assert.equal(image.source, "kernel-core 6.1-1.x86_64");
});

test("pacman itself, and its check of the signature", async () => {
	const name = "linux-6.6.arch1-1-x86_64.pkg.tar.zst";
	const info =
		"pkgname = linux\npkgver = 6.6.arch1-1\npkgdesc = x\nurl = x\nbuilddate = 1700000000\npackager = x\nsize = 4096\narch = x86_64\n";
	const plain = tar([
		{ path: ".PKGINFO", data: info },
		{ path: "usr/lib/modules/6.6-arch/vmlinuz", data: kernel("6.6-arch") },
	]);
	const { stdout } = await execa("zstd", ["-1c"], {
		input: plain,
		encoding: "buffer",
	});
	const file = await put(`core/${name}`, Buffer.from(stdout));
	const { size } = await stat(file);
	const sha = (await execa("sha256sum", [file])).stdout.slice(0, 64);
	const describe = (more: Record<string, string>) => {
		const fields = {
			...{ FILENAME: name, NAME: "linux", VERSION: "6.6.arch1-1" },
			...{ CSIZE: String(size), SHA256SUM: sha, ARCH: "x86_64", ...more },
		};
		const data = Object.entries(fields)
			.map(([key, value]) => `%${key}%\n${value}\n`)
			.join("\n");
		return put(
			"core/core.db",
			gzipSync(tar([{ path: "linux-6.6.arch1-1/desc", data }])),
		);
	};
	const key = await keyPair("arch");
	const gpg = (...args: string[]) =>
		execa("gpg", ["--homedir", key.home, "--batch", ...args]);
	await put(
		"etc/pacman.conf",
		`[options]\nArchitecture = x86_64\nSigLevel = Required DatabaseOptional\nGPGDir = ${key.home}\n[core]\nServer = file://${dir}/core\n`,
	);
	await describe({});
	await assert.rejects(fetched("arch:rolling@x86_64"), {
		kind: "catalogue",
		message: /pacman: .*--kernel FILE/,
	});
	await gpg("--yes", "--detach-sign", file);
	const signature = await readFile(`${file}.sig`);
	await describe({ PGPSIG: signature.toString("base64") });
	const found = await fetched("arch:rolling@x86_64");
	assert.equal(found.package, "linux");
	assert.equal(found.release, "6.6-arch");
	assert.deepEqual(await readFile(found.image), kernel("6.6-arch"));
});

test("zypper is asked for the release, below a directory of its own", async () => {
	const file = await put(
		"kernel-default-6.4.0-150600.1.x86_64.rpm",
		rpm(
			buildInitramfs([
				{
					type: "file",
					path: "usr/lib/modules/6.4.0-150600.1-default/vmlinuz",
					data: kernel("6.4.0-150600.1-default"),
				},
			]),
		),
	);
	const record = join(dir, "record");
	await fake(
		"zypper",
		`echo "$*" > ${record}; cat "$ZYPP_CONF" > ${record}.conf
		while [ "$1" != --pkg-cache-dir ]; do shift; done
		mkdir -p "$2/repo-oss/x86_64" && cp ${file} "$2/repo-oss/x86_64/"`,
	);
	await assert.rejects(
		fetched("opensuse:15.6@x86_64"),
		/zypper has no repository; download kernel-default-\*\.rpm/,
	);
	await put("etc/zypp/repos.d/oss.repo", "[repo-oss]\nbaseurl=x\n");
	// Its own configuration counts, but for the architecture.
	await put("etc/zypp/zypp.conf", "# x\n[main]\narch = i586\ngpgcheck = on\n");
	const found = await fetched("opensuse:15.6@x86_64");
	assert.equal(
		await readFile(`${record}.conf`, "utf8"),
		"# x\n[main]\narch = x86_64\ngpgcheck = on\n",
	);
	assert.equal(found.release, "6.4.0-150600.1-default");
	assert.equal(found.package, "kernel-default");
	assert.match(
		await readFile(record, "utf8"),
		/--releasever 15\.6 .* download kernel-default$/m,
	);
	await fake("zypper", "echo 'Signature verification failed' >&2; exit 4");
	await assert.rejects(fetched("opensuse:15.5@x86_64"), {
		kind: "catalogue",
		message: /zypper: Signature verification failed/,
	});
});

test("apk is asked with this machine's mirror, keys and another release", async () => {
	const file = await put(
		"linux-virt-6.12.1-r0.apk",
		// Signature, control and data are archives of their own, one behind the other.
		Buffer.concat([
			gzipSync(tar([{ path: ".SIGN.RSA.x", data: "s" }]).subarray(0, 1024)),
			gzipSync(
				tar([
					{ path: "boot/vmlinuz-virt", data: kernel("6.12.1-0-virt") },
					{ path: "boot/config-6.12.1-0-virt", data: "CONFIG_TTY=y\n" },
				]),
			),
		]),
	);
	const record = join(dir, "record-apk");
	await fake(
		"apk",
		`echo "$*" > ${record}
		while [ "$1" != --repositories-file ]; do shift; done
		cat "$2" >> ${record}
		while [ "$1" != --output ]; do shift; done
		cp ${file} "$2/"`,
	);
	await put(
		"etc/apk/repositories",
		"#http://m.example/alpine/v3.1/main\nhttp://m.example/alpine/v3.19/main\nhttp://m.example/alpine/v3.19/community\n",
	);
	const found = await fetched("alpine:3.22@x86_64");
	assert.equal(found.release, "6.12.1-0-virt");
	assert.equal(found.version, "6.12.1-r0");
	assert.equal(await readFile(found.config ?? "", "utf8"), "CONFIG_TTY=y\n");
	const [args, ...lines] = (await readFile(record, "utf8")).trim().split("\n");
	assert.match(args ?? "", /^--arch x86_64 .*--keys-dir \S*\/apk\/keys/);
	assert.deepEqual(lines, ["http://m.example/alpine/v3.22/main"]);
});

test("Ubuntu's come through apt, from Ubuntu's sources alone", async () => {
	await put("etc/apt/sources.list", "deb http://m.example/debian sid main\n");
	await assert.rejects(fetched("ubuntu:noble@amd64"), {
		kind: "missing",
		message:
			/^ubuntu:\w+\/\w+@\w+: .*no source for Ubuntu's archive.*linux-image-\*\.deb.*--kernel FILE/,
	});
	await put(
		"etc/apt/sources.list.d/ubuntu.sources",
		"Types: deb\nURIs: http://m.example/ubuntu/\nSuites: jammy jammy-updates\nComponents: main universe\nSigned-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n",
	);
	const release = "6.8.0-9-generic";
	const image = await deb(`linux-image-${release}`, {
		[`boot/vmlinuz-${release}`]: kernel(release),
	});
	const modules = await deb(`linux-modules-${release}`, {
		[`boot/config-${release}`]: "CONFIG_TTY=y\n",
	});
	await fake(
		"apt-get",
		`cat "$(dirname "$APT_CONFIG")"/sources.d/* > ${dir}/sources
		case "$*" in *download*) cp ${image} ${modules} . ;; esac`,
	);
	await fake(
		"apt-cache",
		`case "$*" in
		*linux-image-virtual) echo "Package: linux-image-virtual"; echo "Depends: linux-image-${release}" ;;
		*linux-image-6*) echo "Package: linux-image-${release}"; echo "Depends: linux-modules-${release}, kmod" ;;
		*linux-modules*) echo "Package: linux-modules-${release}" ;;
		esac
		echo "Version: 6.8.0-9.9"`,
	);
	const found = await fetched("ubuntu:noble@amd64");
	assert.equal(found.release, release);
	assert.equal(found.hasConfig, true);
	assert.match(
		await readFile(join(dir, "sources"), "utf8"),
		/Suites: noble\n[\s\S]*Suites: noble-updates\n/,
	);
});

test("without the package manager one line says what to download", async () => {
	process.env.PATH = dir;
	for (const [name, message] of [
		["fedora:41@x86_64", /dnf is not on this.*kernel-core-.*--kernel FILE/],
		["opensuse:15.6@x86_64", /zypper is not on.*kernel-default-.*--kernel/],
		["arch:rolling@x86_64", /pacman is not on.*pkg\.tar\.zst.*--kernel FILE/],
		["alpine:3.22@x86_64", /apk is not on this.*\.apk.*--kernel FILE/],
	] as const)
		await assert.rejects(
			fetchKernel(parseKernelName(name), { etc: join(dir, "no-etc") }),
			(error: Error) => {
				assert.match(error.message, message);
				assert.doesNotMatch(error.message, /\n/);
				return true;
			},
		);
	await assert.rejects(
		fetchKernel(parseKernelName("fedora:40@x86_64")),
		/dnf is not on this machine/,
	);
});
