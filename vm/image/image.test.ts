import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { execa } from "execa";
import { test } from "tap";
import { identifyFile } from "./image.js";

import { BANNER, dir, identified } from "./image.test.helper.js";
import { armImage, bzImage, elf, PVH, zboot } from "./samples.test.data.js";

test("identifyFile", async (t) => {
	t.before(() => {
		process.env.XDG_CACHE_HOME = join(dir, "cache");
	});

	t.test("a zboot image is unpacked to what QEMU boots", async () => {
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

	t.test(
		"an arm64 vmlinux is laid out flat, an x86 one needs PVH, and a program is no kernel",
		async () => {
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
		},
	);

	t.test(
		"corrupt, nested and bottomless compression is refused with the reason",
		async () => {
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
			for (let i = 0; i < 5; i++) deep = gzipSync(deep);
			await assert.rejects(identified("deep.gz", deep), /wrapped more than/);
		},
	);

	t.test("a missing file and a full cache are told apart", async () => {
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

test("wrappings", async (t) => {
	t.test(
		"every compression gives the same kernel, and half of it none",
		async () => {
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
				["lzop", "-1c"],
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
				assert.equal(image.wrapping.length, 1);
				await assert.rejects(
					identified(`half-${name}`, packed.subarray(0, packed.length / 2)),
					/cut short/,
					name,
				);
			}
		},
	);

	t.test("so does every compression that a zboot image names", async () => {
		const plain = Buffer.concat([armImage(), BANNER]);
		for (const [name, tool, ...args] of [
			["gzip", "gzip", "-1c"],
			["xzkern", "xz", "-0c"],
			["lzma", "xz", "--format=lzma", "-0c"],
			["zstd22", "zstd", "-1c"],
			["lz4", "lz4", "-lc"],
			["lzo", "lzop", "-1c"],
		] as const) {
			const options = { input: plain, encoding: "buffer" } as const;
			const { stdout } = await execa(tool, args, options);
			const file = zboot(name, Buffer.from(stdout));
			const image = await identified(`zboot-${name}`, file);
			assert.equal(image.format, "zboot");
			assert.deepEqual(await readFile(image.bootPath), plain, name);
		}
	});

	t.test("a missing tool is named with its package", async () => {
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
