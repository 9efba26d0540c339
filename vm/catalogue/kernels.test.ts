import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "tap";
import { imageConfig, resolveKernel, resolveKernels } from "../index.js";
import { buildInitramfs } from "../qemu/initramfs.js";

import { deb, dir, kernel, put, rpm } from "./kernels.test.helper.js";

test("what --kernel accepts", async (t) => {
	t.test("a .deb, with its configuration and where it came from", async () => {
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

	t.test("a corrupt .deb and one without a kernel are told apart", async () => {
		const whole = await deb("linux-image-cut", {
			"boot/vmlinuz-1": kernel("1.0"),
		});
		const bytes = await readFile(whole);
		const cut = await put("cut.deb", bytes.subarray(0, bytes.length - 200));
		await assert.rejects(resolveKernel(cut), /corrupt or cut short/);
		const meta = await deb("linux-image-meta", { "usr/lib/x": "y" });
		await assert.rejects(resolveKernel(meta), /holds no kernel image/);
	});

	t.test("an .rpm, and a clear word when it is cut short", async () => {
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

	t.test("a build tree: its image and its configuration", async () => {
		await put("tree/.config", "CONFIG_X=y\n");
		const tree = join(dir, "tree");
		await assert.rejects(resolveKernel(tree), /without a built kernel.*make/);
		await put("tree/arch/x86/boot/bzImage", kernel("6.7.0"));
		const image = await resolveKernel(tree);
		assert.equal(image.release, "6.7.0");
		assert.equal(await imageConfig(image), "CONFIG_X=y\n");
	});

	t.test(
		"a directory of images and packages: all of them, or none",
		async () => {
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
			await assert.rejects(
				resolveKernel(join(dir, "bare")),
				/no kernel in this/,
			);
			await assert.rejects(resolveKernel(join(dir, "nothing")), /no such file/);
		},
	);
});
