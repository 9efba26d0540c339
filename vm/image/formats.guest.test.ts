/** Images that the distributions' own tools make of real kernels: each gives the kernel back, one of each group is booted. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { t, test } from "tap";
import { bootGuest, type Image, MACHINES, resolveKernel } from "../index.js";
import { tar } from "../package/archives.test.helper.js";
import { zboot } from "./samples.test.data.js";

const AGENTS = fileURLToPath(new URL("../../agent/", import.meta.url));
const STUB = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub";

let dir: string;
let x86: Image;
let arm: Image;
let riscv: Image;
/** What QEMU boots of the first two. */
let bzImage: Buffer;
let armImage: Buffer;
const environment = process.env.XDG_CACHE_HOME;

t.before(async () => {
	dir = t.testdir();
	x86 = await resolveKernel("debian:bookworm@amd64");
	arm = await resolveKernel("debian:bookworm@arm64");
	riscv = await resolveKernel("debian:trixie@riscv64");
	bzImage = await readFile(x86.bootPath);
	armImage = await readFile(arm.bootPath);
	// Copies of 30 MB each: not into the user's cache.
	process.env.XDG_CACHE_HOME = join(dir, "cache");
});

t.afterEach(() => rm(join(dir, "cache"), { recursive: true, force: true }));

t.after(() => {
	if (environment === undefined) delete process.env.XDG_CACHE_HOME;
	else process.env.XDG_CACHE_HOME = environment;
});

/** Runs a tool in the directory. */
const made = (program: string, ...args: string[]) =>
	execa(program, args, { cwd: dir });

async function packed(data: Buffer, tool: string, ...args: string[]) {
	const options = { input: data, encoding: "buffer" } as const;
	return Buffer.from((await execa(tool, args, options)).stdout);
}

/** The kernel in a file is this one, to the byte. */
async function holds(name: string, kernel: Buffer, ...wrapping: string[]) {
	const image = await resolveKernel(join(dir, name));
	assert.deepEqual(image.wrapping, wrapping, name);
	assert.ok(kernel.equals(await readFile(image.bootPath)), name);
	return image;
}

/** The image comes up, and is the kernel that it was made of. */
async function boots(image: Image, original: Image): Promise<void> {
	const guest = await bootGuest({
		kernel: image.bootPath,
		machine: MACHINES[image.arch],
		agent: join(AGENTS, `crprobe-${image.arch}`),
		accel: "tcg",
		maxBoots: 3,
	});
	assert.equal(guest.facts.release, original.release);
	assert.equal((await guest.quit()).kind, "bye");
}

test("a UKI with systemd's stub", async () => {
	await writeFile(join(dir, "cmdline"), "quiet");
	const sections = { osrel: "/etc/os-release", cmdline: "cmdline" };
	const at = { osrel: 0x20000, cmdline: 0x30000, linux: 0x2000000 };
	const args = Object.entries({ ...sections, linux: x86.bootPath }).flatMap(
		([name, file]) => [
			`--add-section=.${name}=${file}`,
			`--change-section-vma=.${name}=${at[name as keyof typeof at]}`,
		],
	);
	await made("objcopy", ...args, STUB, "x86.efi");
	const image = await holds("x86.efi", bzImage, "UKI");
	assert.deepEqual(image.unused, ["command line"]);
	assert.equal(image.release, x86.release);
	await boots(image, x86);
});

test("Android's boot images", async () => {
	await writeFile(join(dir, "ramdisk"), "no ramdisk");
	await writeFile(join(dir, "dtb"), "no device tree");
	await writeFile(join(dir, "Image.lz4"), await packed(armImage, "lz4", "-lc"));
	for (const version of [0, 2, 3]) {
		const name = `boot-v${version}.img`;
		await made(
			"mkbootimg",
			...["--kernel", "Image.lz4", "--ramdisk", "ramdisk", "-o", name],
			...["--header_version", String(version), "--cmdline", "quiet"],
			...(version === 2 ? ["--dtb", "dtb"] : []),
		);
		const image = await holds(name, armImage, "boot.img", "lz4");
		assert.deepEqual(image.unused, ["initramfs", "command line"]);
		if (version === 3) await boots(image, arm);
	}
	// Debian's tool knows no later one, which differs in a signature behind all else.
	const latest = await readFile(join(dir, "boot-v3.img"));
	latest.writeUInt32LE(1584, 20);
	latest.writeUInt32LE(4, 40);
	await writeFile(join(dir, "boot-v4.img"), latest);
	await holds("boot-v4.img", armImage, "boot.img", "lz4");
});

test("EFI images that unpack themselves", async () => {
	for (const [name, tool, ...args] of [
		["zstd22", "zstd", "-1c"],
		["lzo", "lzop", "-1c"],
	] as const) {
		const payload = await packed(armImage, tool, ...args);
		await writeFile(join(dir, "vmlinuz.efi"), zboot(name, payload));
		const compression = name.replace("22", "");
		const image = await holds("vmlinuz.efi", armImage, compression);
		assert.equal(image.format, "zboot");
		assert.equal(image.release, arm.release);
		if (name === "zstd22") await boots(image, arm);
	}
});

test("the same for riscv64", async () => {
	const kernel = await readFile(riscv.bootPath);
	for (const [name, tool, ...args] of [
		["gzip", "gzip", "-1c"],
		["xzkern", "xz", "-0c", "--check=crc32"],
		["zstd22", "zstd", "-1c"],
	] as const) {
		const payload = await packed(kernel, tool, ...args);
		await writeFile(join(dir, "vmlinuz.efi"), zboot(name, payload, 0x5064));
		const compression = name.replace(/22|kern/, "");
		const image = await holds("vmlinuz.efi", kernel, compression);
		assert.equal(image.format, "zboot");
		assert.equal(image.arch, "riscv64");
		assert.equal(image.release, riscv.release);
		// The set-up builds no agent for it unless it is asked to.
		const agent = join(AGENTS, `crprobe-${riscv.arch}`);
		if (name === "gzip" && existsSync(agent)) await boots(image, riscv);
	}
});

test("U-Boot's images: uImage, and FIT with its data inside and behind", async () => {
	await writeFile(join(dir, "Image"), armImage);
	await writeFile(join(dir, "Image.gz"), await packed(armImage, "gzip", "-1c"));
	const type = ["-A", "arm64", "-O", "linux", "-T", "kernel", "-C", "none"];
	await made("mkimage", ...type, "-d", "Image", "uImage");
	await holds("uImage", armImage, "uImage");
	const node = (data: string, compression: string) =>
		`data = /incbin/("${data}"); type = "kernel"; arch = "arm64"; os = "linux";
		compression = "${compression}"; load = <0x40200000>; entry = <0x40200000>; hash-1 { algo = "sha256"; };`;
	await writeFile(
		join(dir, "fit.its"),
		`/dts-v1/; / { description = "x"; #address-cells = <1>;
		images { other { ${node("fit.its", "none")} }; kernel { ${node("Image.gz", "gzip")} }; };
		configurations { default = "board"; spare { kernel = "other"; }; board { kernel = "kernel"; }; }; };`,
	);
	for (const options of [[], ["-E"], ["-E", "-p", "0x100000"]]) {
		await made("mkimage", ...options, "-f", "fit.its", "fit.itb");
		await holds("fit.itb", armImage, "FIT", "gzip");
	}
});

test("a vmlinux with the PVH entry boots, one without is refused", async () => {
	// Documentation/arch/x86/boot.rst: what the bzImage unpacks.
	const setup = ((bzImage[0x1f1] ?? 0) + 1) * 512;
	const start = setup + bzImage.readUInt32LE(0x248);
	const end = start + bzImage.readUInt32LE(0x24c) - 4;
	const vmlinux = await packed(bzImage.subarray(start, end), "lz4", "-dc");
	await writeFile(join(dir, "vmlinux"), vmlinux);
	const image = await resolveKernel(join(dir, "vmlinux"));
	assert.equal(image.format, "vmlinux");
	await boots(image, x86);
	await made(
		"objcopy",
		...["--remove-section", ".notes", "vmlinux", "vmlinux-nopvh"],
	);
	await assert.rejects(
		resolveKernel(join(dir, "vmlinux-nopvh")),
		/CONFIG_PVH.*bzImage/,
	);
});

test("a container image, and an .rpm, as their own tools make them", async () => {
	const modules = `usr/lib/modules/${x86.release}`;
	const layer = tar([{ path: `${modules}/vmlinuz`, data: bzImage }]);
	const manifest = JSON.stringify([{ Layers: ["a/layer.tar"] }]);
	await writeFile(
		join(dir, "image.tar"),
		tar([
			{ path: "a/layer.tar", data: layer },
			{ path: "manifest.json", data: manifest },
		]),
	);
	assert.equal((await holds("image.tar", bzImage)).source, "image.tar");
	await mkdir(join(dir, "rpm"));
	await writeFile(
		join(dir, "kernel.spec"),
		`Name: kernel-core
Version: 6.1
Release: 1
Summary: x
License: GPL-2.0-only
BuildArch: noarch
%description
x
%install
install -D ${x86.bootPath} %{buildroot}/lib/modules/${x86.release}/vmlinuz
%files
/lib/modules
`,
	);
	await made(
		"rpmbuild",
		...["-bb", "--quiet", "--define", `_topdir ${join(dir, "rpm")}`],
		...["--define", "_binary_payload w1.zstdio", "kernel.spec"],
	);
	await holds("rpm/RPMS/noarch/kernel-core-6.1-1.noarch.rpm", bzImage);
});
