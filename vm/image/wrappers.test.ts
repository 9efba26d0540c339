import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { t, test } from "tap";
import { readFit } from "./fit.js";
import { sniff } from "./formats.js";
import {
	BANNER,
	bootImg,
	dir,
	fdt,
	identified,
	reasonOf,
	type Tree,
	uImage,
	uki,
} from "./image.test.helper.js";
import { armImage, bzImage } from "./samples.test.data.js";

t.before(() => {
	process.env.XDG_CACHE_HOME = join(dir, "cache");
});

const X86 = bzImage({ xloadflags: 1 });
const ARM = Buffer.concat([armImage(), BANNER]);

test("a UKI: the section .linux, without what else it holds", async () => {
	const whole = uki([
		{ name: ".osrel", data: Buffer.from("ID=x\n") },
		{ name: ".cmdline", data: Buffer.from("quiet") },
		{ name: ".linux", data: X86 },
		{ name: ".initrd", data: Buffer.alloc(700) },
	]);
	const image = await identified("linux.efi", whole);
	assert.equal(image.arch, "x86_64");
	assert.equal(image.format, "bzImage");
	assert.equal(image.release, "6.9.0-test");
	assert.deepEqual(image.wrapping, ["UKI"]);
	assert.deepEqual(image.unused, ["initramfs", "command line"]);
	assert.deepEqual(await readFile(image.bootPath), X86);
	const packed = uki([{ name: ".linux", data: gzipSync(ARM) }]);
	const arm = await identified("arm.efi", packed);
	assert.deepEqual(arm.wrapping, ["UKI", "gzip"]);
	assert.deepEqual(await readFile(arm.bootPath), ARM);
	assert.match(reasonOf(whole.subarray(0, 5000)), /cut short: 5000 bytes of/);
	assert.match(
		reasonOf(uki([{ name: ".linux", data: Buffer.alloc(0) }])),
		/section \.linux is empty/,
	);
	assert.match(
		reasonOf(uki([{ name: ".text", data: X86 }])),
		/no known kernel format/,
	);
	await assert.rejects(
		identified("text.efi", uki([{ name: ".linux", data: Buffer.from("x") }])),
		/text\.efi: the kernel in its UKI, it is a text file/,
	);
});

test("Android's boot images of every version, and of none", async () => {
	for (const version of [0, 1, 2, 3, 4]) {
		const image = await identified(
			`boot-v${version}.img`,
			bootImg(version, gzipSync(ARM)),
		);
		assert.equal(image.arch, "aarch64");
		assert.deepEqual(image.wrapping, ["boot.img", "gzip"]);
		assert.deepEqual(image.unused, ["initramfs", "command line"]);
		assert.deepEqual(await readFile(image.bootPath), ARM);
		const cut = bootImg(version, ARM).subarray(0, 5000);
		assert.match(reasonOf(cut), /cut short: 5000 bytes of/);
	}
	// A vendor's version 0 has the size of a device tree where later ones have their version.
	const vendor = bootImg(0, ARM);
	vendor.writeUInt32LE(123_456, 40);
	assert.equal((await identified("vendor.img", vendor)).arch, "aarch64");
	assert.match(
		reasonOf(bootImg(4, Buffer.alloc(0))),
		/without a kernel.*/,
		"init_boot has none",
	);
	const strange = bootImg(1, ARM);
	strange.writeUInt32LE(3, 36);
	assert.match(reasonOf(strange), /pages are of 3 bytes/);
	assert.match(reasonOf(Buffer.from("VNDRBOOT")), /vendor_boot.*no kernel/);
});

test("U-Boot's images: old ones, and image trees", async (t) => {
	t.test("an old one holds a kernel or something else", async () => {
		const image = await identified("uImage", uImage(ARM));
		assert.deepEqual(image.wrapping, ["uImage"]);
		assert.deepEqual(await readFile(image.bootPath), ARM);
		assert.match(reasonOf(uImage(ARM, 3)), /something else than a Linux/);
		assert.match(reasonOf(uImage(ARM).subarray(0, 70)), /cut short/);
		assert.match(reasonOf(uImage(ARM).subarray(0, 20)), /cut short/);
	});

	const images = (data: Tree): Tree => ({
		fdt: { type: "flat_dt", data: Buffer.alloc(5) },
		"kernel-1": { type: "kernel", data: Buffer.from("the wrong one") },
		"kernel-2": { type: "kernel", compression: "gzip", ...data },
		ramdisk: { type: "ramdisk", data: Buffer.alloc(3) },
	});
	const configurations = {
		default: "b",
		a: { kernel: "kernel-1" },
		b: { kernel: "kernel-2" },
	};

	t.test("the default configuration's kernel, wherever it lies", async () => {
		const packed = gzipSync(ARM);
		const inside = fdt({
			images: images({ data: packed }),
			configurations,
		});
		const size = { "data-size": packed.length };
		const behind = fdt({
			images: images({ ...size, "data-offset": 8 }),
			configurations,
		});
		const pad = Buffer.alloc((4 - (behind.length % 4)) % 4);
		const far = fdt({
			images: images({ ...size, "data-position": 4096 }),
			configurations,
		});
		const gap = Buffer.alloc(4096 - far.length);
		for (const [name, file] of Object.entries({
			inside,
			behind: Buffer.concat([behind, pad, Buffer.alloc(8), packed]),
			far: Buffer.concat([far, gap, packed]),
		})) {
			const image = await identified(`${name}.itb`, file);
			assert.deepEqual(image.wrapping, ["FIT", "gzip"], name);
			assert.deepEqual(image.unused, ["initramfs", "device tree"]);
			assert.deepEqual(await readFile(image.bootPath), ARM);
			await assert.rejects(
				identified(`cut-${name}`, file.subarray(0, -20)),
				/cut short/,
			);
		}
	});

	t.test("without configurations the first kernel", async () => {
		const file = fdt({ images: { k: { type: "kernel_noload", data: ARM } } });
		const image = await identified("plain.itb", file);
		assert.deepEqual(await readFile(image.bootPath), ARM);
	});

	t.test("what has no kernel says what it is", async () => {
		for (const [tree, reason] of [
			[{ model: "a board", cpus: {} }, /device tree, not a kernel/],
			[{ images: {} }, /without a kernel/],
			[{ images: { k: { type: "firmware", data: ARM } } }, /without a kernel/],
			[{ images: { k: { type: "kernel" } } }, /without a kernel/],
		] as const)
			await assert.rejects(identified("none.itb", fdt(tree)), reason);
		let deep: Tree = {};
		for (let i = 0; i < 20; i++) deep = { n: deep };
		await assert.rejects(identified("deep.itb", fdt(deep)), /too deep/);
		const nodes = Object.fromEntries(
			Array.from({ length: 12_000 }, (_, n) => [`n${n}`, {}]),
		);
		await assert.rejects(identified("wide.itb", fdt(nodes)), /has no end/);
	});
});

test("any bytes get an answer, and never a crash", async () => {
	const seeds = [
		uki([{ name: ".linux", data: X86 }]),
		bootImg(2, ARM),
		bootImg(4, ARM),
		uImage(ARM),
		fdt({
			images: { k: { type: "kernel", data: Buffer.alloc(64) } },
			configurations: { default: "c", c: { kernel: "k" } },
		}),
	];
	const mutated = fc
		.tuple(
			fc.constantFrom(...seeds),
			fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 8 }),
			fc.nat(12_000),
		)
		.map(([seed, edits, length]) => {
			const copy = Buffer.from(seed);
			for (const [at, value] of edits) copy[at % copy.length] = value;
			return copy.subarray(0, length);
		});
	return fc.assert(
		fc.asyncProperty(mutated, async (data) => {
			assert.ok(sniff(data, data.length).kind);
			const found = await readFit(
				async (at, size) => data.subarray(at, at + size),
				data.length,
			);
			if (found.kind === "wrapped")
				assert.ok(found.offset + found.size <= data.length);
		}),
		{ numRuns: 2000 },
	);
});
