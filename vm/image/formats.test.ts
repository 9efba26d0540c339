import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { execa } from "execa";
import fc from "fast-check";
import { test } from "tap";
import { hasPvhNote, readElf } from "./elf.js";
import { sniff } from "./formats.js";
import { embeddedConfig } from "./ikconfig.js";
import { BANNER, dir, identified, reasonOf } from "./image.test.helper.js";
import { BannerFinder } from "./imageFile.js";
import { armImage, bzImage, elf, PVH, zboot } from "./samples.test.data.js";

test("formats", async (t) => {
	t.test(
		"a bzImage's word size is in its header, not in its name",
		async () => {
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
		},
	);

	t.test("what is cut short says how much is missing", async () => {
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

	t.test("what is no kernel says what it is", async () => {
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

	t.test("a kernel's own configuration is found, packed or not", async () => {
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

	t.test(
		"a configuration whose tool is missing is found once it is there",
		async () => {
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
		},
	);

	t.test(
		"marks without a configuration cost no time, and hide none",
		async () => {
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
			const lures = Buffer.from(
				"IKCFG_ST\x1f\x8b\x08".repeat(95_000),
				"latin1",
			);
			const end = Buffer.from("IKCFG_ED");
			assert.equal(embeddedConfig(Buffer.concat([lures, end])), undefined);
			assert.ok(performance.now() - started < 5000);
		},
	);

	t.test("any bytes get an answer, and never a crash", async () => {
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

	t.test(
		"the banner is found wherever chunks are cut, and its format string is not one",
		async () => {
			const text = Buffer.from(
				`x\0Linux version %s (%s)\0yyLinux version 6.9.0-rc1+deb (a) #1\n`,
			);
			for (let cut = 1; cut < text.length; cut++) {
				const finder = new BannerFinder();
				finder.feed(text.subarray(0, cut));
				finder.feed(text.subarray(cut));
				assert.equal(finder.release, "6.9.0-rc1+deb", `cut at ${cut}`);
			}
		},
	);
});
