import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { execa } from "execa";
import fc from "fast-check";
import { hasPvhNote, readElf } from "./elf.js";
import { HEAD_BYTES, sniff } from "./formats.js";
import { embeddedConfig } from "./ikconfig.js";
import { identifyFile } from "./image.js";
import { BannerFinder } from "./imageFile.js";
import { parseConfig, preflight } from "./preflight.js";

let dir: string;
const cache = process.env.XDG_CACHE_HOME;

before(async () => {
	dir = await mkdtemp(join(tmpdir(), "crcap-image-test-"));
});

after(async () => {
	if (cache === undefined) delete process.env.XDG_CACHE_HOME;
	else process.env.XDG_CACHE_HOME = cache;
	await rm(dir, { recursive: true, force: true });
});

/** A bzImage's header and as many bytes as it claims. */
function bzImage(options: { xloadflags: number; protocol?: number }): Buffer {
	const setupSectors = 3;
	const units = 512;
	const image = Buffer.alloc((setupSectors + 1) * 512 + units * 16);
	image[0x1f1] = setupSectors;
	image.writeUInt32LE(units, 0x1f4);
	image.writeUInt16LE(0xaa55, 0x1fe);
	image.write("HdrS", 0x202);
	image.writeUInt16LE(options.protocol ?? 0x20f, 0x206);
	image.writeUInt16LE(0x400, 0x20e);
	image.writeUInt16LE(options.xloadflags, 0x236);
	image.write("6.9.0-test (x@y) #1 SMP", 0x600);
	return image;
}

function armImage(flags = 0): Buffer {
	const image = Buffer.alloc(8192);
	image.write("ARM\x64", 56, "latin1");
	image.writeUInt32LE(flags, 24);
	return image;
}

function zboot(compression: string, payload: Buffer): Buffer {
	const head = Buffer.alloc(512);
	head.write("MZ\0\0zimg", 0, "latin1");
	head.writeUInt32LE(512, 8);
	head.writeUInt32LE(payload.length, 12);
	head.write(compression, 24);
	head.writeUInt32LE(64, 0x3c);
	head.write("PE\0\0", 64, "latin1");
	head.writeUInt16LE(0xaa64, 68);
	return Buffer.concat([head, payload]);
}

interface ElfParts {
	machine: number;
	type?: number;
	payload: Buffer;
	notes?: Buffer;
}

/** A little-endian 64-bit ELF file with one PT_LOAD and, with `notes`, one PT_NOTE. */
function elf({ machine, type = 2, payload, notes }: ElfParts): Buffer {
	const count = notes ? 2 : 1;
	const head = Buffer.alloc(64 + 56 * count);
	head.write("\x7fELF\x02\x01\x01", 0, "latin1");
	head.writeUInt16LE(type, 16);
	head.writeUInt16LE(machine, 18);
	head.writeBigUInt64LE(64n, 32);
	head.writeUInt16LE(56, 54);
	head.writeUInt16LE(count, 56);
	const segment = (index: number, kind: number, at: number, size: number) => {
		const base = 64 + 56 * index;
		head.writeUInt32LE(kind, base);
		head.writeBigUInt64LE(BigInt(at), base + 8);
		head.writeBigUInt64LE(0xffff000008080000n, base + 24);
		head.writeBigUInt64LE(BigInt(size), base + 32);
		head.writeBigUInt64LE(BigInt(size), base + 40);
	};
	segment(0, 1, head.length, payload.length);
	if (notes) segment(1, 4, head.length + payload.length, notes.length);
	return Buffer.concat([head, payload, notes ?? Buffer.alloc(0)]);
}

const PVH = Buffer.from(
	"04000000080000001200000058656e000000000100000000",
	"hex",
);
const BANNER = Buffer.from("Linux version 6.9.0-flat (a@b) (gcc) #1\n\0");

async function identified(name: string, data: Buffer) {
	const path = join(dir, name);
	await writeFile(path, data);
	return identifyFile(path);
}

function reasonOf(data: Buffer): string {
	const found = sniff(data.subarray(0, HEAD_BYTES), data.length);
	return found.kind === "refused" ? found.reason : `accepted as ${found.kind}`;
}

describe("formats", () => {
	test("a bzImage's word size is in its header, not in its name", () => {
		for (const [xloadflags, arch] of [
			[0, "i386"],
			[1, "x86_64"],
			[0x7f, "x86_64"],
		] as const) {
			const image = bzImage({ xloadflags });
			assert.deepEqual(sniff(image, image.length), {
				kind: "kernel",
				arch,
				format: "bzImage",
				release: "6.9.0-test",
			});
		}
	});

	test("what is cut short says how much is missing", () => {
		const bz = bzImage({ xloadflags: 1 });
		assert.match(
			reasonOf(bz.subarray(0, bz.length - 16)),
			/cut short: 10224 bytes of 10240/,
		);
		const boot = zboot("gzip", Buffer.alloc(5000));
		assert.match(
			reasonOf(boot.subarray(0, 3000)),
			/cut short: 3000 bytes of 5512/,
		);
		assert.match(reasonOf(armImage().subarray(0, 1000)), /cut short/);
	});

	test("what is no kernel says what it is", () => {
		assert.match(reasonOf(Buffer.alloc(0)), /empty/);
		assert.match(
			reasonOf(Buffer.from("#!/bin/sh\necho kernel\n")),
			/text file/,
		);
		assert.match(
			reasonOf(Buffer.from("QFI\xfb\0\0\0\x03", "latin1")),
			/disk image/,
		);
		assert.match(reasonOf(Buffer.from("0707010000000000")), /initramfs/);
		assert.match(
			reasonOf(Buffer.from([1, 2, 3, 0xff])),
			/no known kernel format/,
		);
		assert.match(reasonOf(armImage(1)), /big-endian/);
		assert.match(reasonOf(bzImage({ xloadflags: 0, protocol: 0x203 })), /2\.3/);
	});

	test("a kernel's own configuration is found, packed or not", async () => {
		process.env.XDG_CACHE_HOME = join(dir, "cache");
		const config = "# Linux\nCONFIG_IKCONFIG=y\n";
		const kernel = Buffer.concat([
			Buffer.from("IKCFG_ST is also a word IKCFG_ED \0".repeat(3)),
			Buffer.from("IKCFG_ST"),
			gzipSync(config),
			Buffer.from("IKCFG_ED and more"),
		]);
		const boot = bzImage({ xloadflags: 1 });
		const payload = gzipSync(kernel);
		boot.writeUInt32LE(0x100, 0x248);
		boot.writeUInt32LE(payload.length, 0x24c);
		payload.copy(boot, 4 * 512 + 0x100);
		const image = await identified("ikconfig.bzImage", boot);
		assert.equal(await readFile(image.config ?? "", "utf8"), config);
		const arm = await identified(
			"ikconfig.Image",
			Buffer.concat([armImage(), BANNER, kernel]),
		);
		assert.equal(await readFile(arm.config ?? "", "utf8"), config);
		boot.fill(7, 4 * 512 + 0x110);
		const broken = await identified("broken.bzImage", boot);
		assert.equal(broken.config, undefined);
	});

	test("a configuration whose tool is missing is found once it is there", async () => {
		process.env.XDG_CACHE_HOME = join(dir, "cache");
		const config = "CONFIG_LATER=y\n";
		const kernel = Buffer.concat([
			Buffer.from("IKCFG_ST"),
			gzipSync(config),
			Buffer.from("IKCFG_ED"),
		]);
		const { stdout } = await execa("zstd", ["-1c"], {
			input: kernel,
			encoding: "buffer",
		});
		// The build appends the unpacked size.
		const payload = Buffer.concat([Buffer.from(stdout), Buffer.alloc(4)]);
		const boot = bzImage({ xloadflags: 1 });
		boot.writeUInt32LE(0x100, 0x248);
		boot.writeUInt32LE(payload.length, 0x24c);
		payload.copy(boot, 4 * 512 + 0x100);
		const path = process.env.PATH;
		process.env.PATH = dir;
		try {
			const image = await identified("later.bzImage", boot);
			assert.equal(image.config, undefined);
		} finally {
			process.env.PATH = path;
		}
		const image = await identified("later.bzImage", boot);
		assert.equal(await readFile(image.config ?? "", "utf8"), config);
	});

	test("marks without a configuration cost no time, and hide none", () => {
		const packed = Buffer.concat([
			Buffer.from("IKCFG_ST"),
			gzipSync("CONFIG_X=y\n"),
			Buffer.from("IKCFG_ED"),
		]);
		const marks = Buffer.from("IKCFG_ST".repeat(130_000));
		const started = performance.now();
		assert.equal(
			embeddedConfig(Buffer.concat([marks, packed])),
			"CONFIG_X=y\n",
		);
		const lures = Buffer.from("IKCFG_ST\x1f\x8b\x08".repeat(95_000), "latin1");
		const end = Buffer.from("IKCFG_ED");
		assert.equal(embeddedConfig(Buffer.concat([lures, end])), undefined);
		assert.ok(performance.now() - started < 5000);
	});

	test("any bytes get an answer, and never a crash", () => {
		const seeds = [
			bzImage({ xloadflags: 1 }),
			armImage(),
			zboot("xzkern", Buffer.alloc(64)),
			elf({ machine: 62, payload: BANNER, notes: PVH }),
		];
		const mutated = fc
			.tuple(
				fc.constantFrom(...seeds),
				fc.array(fc.tuple(fc.nat(1100), fc.nat(255)), { maxLength: 30 }),
				fc.nat(12_000),
			)
			.map(([seed, edits, length]) => {
				const copy = Buffer.from(seed);
				for (const [at, value] of edits) copy[at % copy.length] = value;
				return copy.subarray(0, length);
			});
		const any = fc.uint8Array({ maxLength: 2000 }).map((b) => Buffer.from(b));
		return fc.assert(
			fc.asyncProperty(fc.oneof(any, mutated), async (data) => {
				assert.ok(sniff(data, data.length).kind);
				hasPvhNote(data);
				const result = await readElf(data, data.length, async (at, size) =>
					data.subarray(at, at + size),
				);
				assert.equal(typeof result.ok, "boolean");
			}),
			{ numRuns: 2000 },
		);
	});

	test("the banner is found wherever chunks are cut, and its format string is not one", () => {
		const text = Buffer.from(
			`x\0Linux version %s (%s)\0yyLinux version 6.9.0-rc1+deb (a) #1\n`,
		);
		for (let cut = 1; cut < text.length; cut++) {
			const finder = new BannerFinder();
			finder.feed(text.subarray(0, cut));
			finder.feed(text.subarray(cut));
			assert.equal(finder.release, "6.9.0-rc1+deb", `cut at ${cut}`);
		}
	});
});

describe("identifyFile", () => {
	before(() => {
		process.env.XDG_CACHE_HOME = join(dir, "cache");
	});

	test("a zboot image is unpacked to what QEMU boots", async () => {
		const inner = Buffer.concat([armImage(), BANNER]);
		const image = await identified(
			"vmlinuz.efi",
			zboot("gzip", gzipSync(inner)),
		);
		assert.equal(image.arch, "aarch64");
		assert.equal(image.format, "zboot");
		assert.equal(image.release, "6.9.0-flat");
		assert.deepEqual(await readFile(image.bootPath), inner);
	});

	test("an arm64 vmlinux is laid out flat, an x86 one needs PVH, and a program is no kernel", async () => {
		const payload = Buffer.concat([armImage(), BANNER]);
		const flat = await identified("vmlinux", elf({ machine: 183, payload }));
		assert.equal(flat.format, "vmlinux");
		assert.deepEqual(await readFile(flat.bootPath), payload);
		const pvh = elf({ machine: 62, payload: BANNER, notes: PVH });
		assert.equal((await identified("vmlinux-pvh", pvh)).arch, "x86_64");
		await assert.rejects(
			identified("vmlinux-nopvh", elf({ machine: 62, payload: BANNER })),
			/CONFIG_PVH.*bzImage/,
		);
		await assert.rejects(
			identified("program", elf({ machine: 62, payload: Buffer.alloc(9) })),
			/a program, not a kernel/,
		);
		await assert.rejects(
			identified("module.ko", elf({ machine: 62, type: 1, payload: BANNER })),
			/kernel module/,
		);
		await assert.rejects(
			identified("vmlinux-mips", elf({ machine: 8, payload: BANNER })),
			/architecture without a row/,
		);
		await assert.rejects(
			identified("vmlinux-cut", pvh.subarray(0, -8)),
			/cut short/,
		);
	});

	test("corrupt, nested and bottomless compression is refused with the reason", async () => {
		const packed = gzipSync(bzImage({ xloadflags: 1 }));
		await assert.rejects(
			identified("half.gz", packed.subarray(0, packed.length / 2)),
			/gzip data is corrupt or cut short/,
		);
		await assert.rejects(
			identified("text.gz", gzipSync("only text")),
			/text\.gz: unpacked, it is a text file/,
		);
		let deep: Buffer = packed;
		for (let i = 0; i < 4; i++) deep = gzipSync(deep);
		await assert.rejects(identified("deep.gz", deep), /compressed more than/);
	});

	test("a missing file and a full cache are told apart", async () => {
		await assert.rejects(identifyFile(join(dir, "nowhere")), {
			kind: "image",
			message: /no such file/,
		});
		const blocked = join(dir, "blocked");
		await writeFile(blocked, "");
		process.env.XDG_CACHE_HOME = blocked;
		await assert.rejects(
			identified("b.gz", gzipSync(bzImage({ xloadflags: 1 }))),
			{ kind: "storage", message: /XDG_CACHE_HOME/ },
		);
		process.env.XDG_CACHE_HOME = join(dir, "cache");
	});
});

describe("wrappings", () => {
	test("every compression gives the same kernel, and half of it none", async () => {
		process.env.XDG_CACHE_HOME = join(dir, "cache");
		const plain = bzImage({ xloadflags: 1 });
		for (let i = 4096; i < plain.length; i++) plain[i] = (i * i) >> 3;
		for (const [tool, ...args] of [
			["gzip", "-1c"],
			["xz", "-0c"],
			["xz", "--format=lzma", "-0c"],
			["zstd", "-1c"],
			["lz4", "-c"],
			["lz4", "-lc"],
			["bzip2", "-1c"],
		] as const) {
			const { stdout } = await execa(tool, args, {
				input: plain,
				encoding: "buffer",
			});
			const packed = Buffer.from(stdout);
			const name = `packed-${tool}${args.join("")}`;
			const image = await identified(name, packed);
			assert.equal(image.release, "6.9.0-test", name);
			assert.deepEqual(await readFile(image.bootPath), plain, name);
			assert.equal(image.compression.length, 1);
			await assert.rejects(
				identified(`half-${name}`, packed.subarray(0, packed.length / 2)),
				/cut short/,
				name,
			);
		}
	});

	test("a missing tool is named with its package", async () => {
		const { stdout } = await execa("zstd", ["-1c"], {
			input: "x",
			encoding: "buffer",
		});
		const path = process.env.PATH;
		process.env.PATH = dir;
		try {
			await assert.rejects(identified("x.zst", Buffer.from(stdout)), {
				kind: "missing",
				message: /zstd.*apt-get install zstd/,
			});
		} finally {
			process.env.PATH = path;
		}
	});
});

describe("preflight", () => {
	const good = [
		"BLK_DEV_INITRD",
		"BINFMT_ELF",
		"TTY",
		"PRINTK",
		"PROC_FS",
		"DEVTMPFS",
		"SERIAL_8250",
		"SERIAL_8250_CONSOLE",
	].map((name) => `CONFIG_${name}=y`);

	test("says what is missing, and what is only a module", () => {
		assert.deepEqual(preflight(good.join("\n"), "x86_64"), []);
		const text = good
			.filter((line) => !line.includes("INITRD"))
			.join("\n")
			.replace("SERIAL_8250_CONSOLE=y", "SERIAL_8250_CONSOLE=m");
		assert.deepEqual(preflight(text, "x86_64"), [
			"an initramfs (CONFIG_BLK_DEV_INITRD=y)",
			"a console on the serial port (CONFIG_SERIAL_8250_CONSOLE=y, it is a module)",
		]);
	});

	test("reads a configuration as the kernel writes it, and nothing from what is none", () => {
		const config = parseConfig(
			'# CONFIG_A is not set\nCONFIG_B=m\nCONFIG_C="x y"\n',
		);
		assert.deepEqual(
			[...config],
			[
				["B", "m"],
				["C", '"x y"'],
			],
		);
		assert.deepEqual(preflight("not a config", "x86_64"), []);
	});
});
