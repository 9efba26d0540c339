import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { execa } from "execa";
import fc from "fast-check";
import { t, test } from "tap";
import { type Raw, SYMLINK, tar } from "./archives.test.helper.js";
import { packageKind, packageTrees, unpackTar } from "./tarball.js";
import { findKernels } from "./unpack.js";

let dir: string;

t.before(() => {
	dir = t.testdir();
});

let trees = 0;

/** Unpacks a tarball: of each of its trees the files with what they hold. */
async function unpacked(archive: Buffer): Promise<Record<string, string>[]> {
	const path = join(dir, `${++trees}.tar`);
	await writeFile(path, archive);
	const kind = await packageKind(path);
	assert.equal(kind?.type, "tar");
	const top = join(dir, `tree-${trees}`);
	await unpackTar(path, kind?.compression, top);
	const found = [];
	for (const tree of await packageTrees(top)) {
		const names = await readdir(tree, { recursive: true, withFileTypes: true });
		const files = names.filter((one) => one.isFile());
		const texts: Record<string, string> = {};
		for (const one of files) {
			const file = join(one.parentPath, one.name);
			texts[file.slice(tree.length + 1)] = await readFile(file, "utf8");
		}
		found.push(texts);
	}
	return found;
}

test("a tree's tarball, packed or not", async () => {
	const plain = tar([
		{ path: "./boot/vmlinuz-6.9", data: "kernel" },
		{ path: "./boot/config-6.9", data: "CONFIG_X=y" },
		{ path: "./lib/modules/6.9/x.ko", data: "module" },
	]);
	const wanted = [
		{ "boot/vmlinuz-6.9": "kernel", "boot/config-6.9": "CONFIG_X=y" },
	];
	assert.deepEqual(await unpacked(plain), wanted);
	for (const [tool, ...args] of [
		["gzip", "-1c"],
		["xz", "-0c"],
		["zstd", "-1c"],
	] as const) {
		const { stdout } = await execa(tool, args, {
			input: plain,
			encoding: "buffer",
		});
		assert.deepEqual(await unpacked(Buffer.from(stdout)), wanted, tool);
	}
});

test("a flavour's kernel without a release has the only configuration", async () => {
	const archive = tar([
		{ path: "boot/vmlinuz-virt", data: "kernel" },
		{ path: "boot/config-6.6.1-0-virt", data: "CONFIG_X=y" },
	]);
	await unpacked(archive);
	const [found] = await findKernels(join(dir, `tree-${trees}`));
	assert.match(found?.image ?? "", /vmlinuz-virt$/);
	assert.match(found?.config ?? "", /config-6\.6\.1-0-virt$/);
	assert.equal(found?.release, undefined);
});

test("what is no tarball is left to others", async () => {
	for (const [name, data] of Object.entries({
		text: Buffer.from("text"),
		empty: Buffer.alloc(0),
		"text.gz": gzipSync("text"),
		"half.gz": gzipSync(Buffer.alloc(5000)).subarray(0, 20),
	})) {
		await writeFile(join(dir, name), data);
		assert.equal(await packageKind(join(dir, name)), undefined, name);
	}
});

const digest = (data: Buffer) =>
	createHash("sha256").update(data).digest("hex");

const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

interface Blob {
	digest: string;
	mediaType: string;
	raw: Raw;
}

function blob(data: Buffer, mediaType: string): Blob {
	const hash = digest(data);
	return {
		digest: `sha256:${hash}`,
		mediaType,
		raw: { path: `blobs/sha256/${hash}`, data },
	};
}

const json = (value: unknown, mediaType: string) =>
	blob(Buffer.from(JSON.stringify(value)), mediaType);

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";

/** An OCI layout of images, each a list of layers, each a list of files. */
function ociLayout(images: readonly (readonly (readonly Raw[])[])[]): Raw[] {
	const blobs: Blob[] = [];
	const manifests = images.map((layers) => {
		const made = layers.map((files, n) =>
			blob(n % 2 ? tar(files) : gzipSync(tar(files)), LAYER),
		);
		blobs.push(...made);
		const manifest = json(
			{ layers: made.map(({ digest, mediaType }) => ({ digest, mediaType })) },
			MANIFEST,
		);
		blobs.push(manifest);
		return { digest: manifest.digest, mediaType: MANIFEST };
	});
	const inner = json({ manifests }, INDEX);
	// Built for a platform that is not in the archive.
	const absent = { digest: `sha256:${"0".repeat(64)}`, mediaType: MANIFEST };
	const index = {
		manifests: [{ digest: inner.digest, mediaType: INDEX }, absent],
	};
	// Layers may come in any order; here the uppermost comes first.
	return [
		...[...blobs.reverse(), inner].map(({ raw }) => raw),
		{ path: "oci-layout", data: '{"imageLayoutVersion":"1.0.0"}' },
		{ path: "index.json", data: JSON.stringify(index) },
	];
}

const LAYERS: Raw[][] = [
	[
		{ path: "boot/vmlinuz-1", data: "hidden by its name" },
		{ path: "boot/vmlinuz-2", data: "replaced" },
		{ path: "boot/vmlinuz-3", data: "below a hidden directory? no" },
		{ path: "usr/lib/modules/4/vmlinuz", data: "below an emptied directory" },
		{ path: "usr/lib/modules/5/vmlinuz", data: "below a hidden directory" },
		{ path: "old/vmlinuz-6", data: "below what is a link now" },
	],
	[
		{ path: "boot/.wh.vmlinuz-1", data: "" },
		{ path: "boot/vmlinuz-2", data: "kernel 2" },
		{ path: "usr/lib/modules/4/.wh..wh..opq", data: "" },
		{ path: "usr/lib/modules/4/config", data: "CONFIG_X=y" },
		{ path: "usr/lib/modules/.wh.5", data: "" },
	],
	[{ path: "old", mode: SYMLINK, data: "usr" }],
];
const SHOWN = {
	"boot/vmlinuz-2": "kernel 2",
	"boot/vmlinuz-3": "below a hidden directory? no",
	"usr/lib/modules/4/config": "CONFIG_X=y",
};

test("a container image shows what its layers leave of each other", async (t) => {
	t.test("as an OCI layout, each image by itself", async () => {
		const second = [[{ path: "boot/vmlinuz-2", data: "of the other" }]];
		assert.deepEqual(await unpacked(tar(ociLayout([LAYERS, second]))), [
			SHOWN,
			{ "boot/vmlinuz-2": "of the other" },
		]);
	});

	t.test("as docker save writes it, and packed", async () => {
		const names = LAYERS.map((_, n) => `${n}/layer.tar`);
		const files = [
			...LAYERS.map((files, n) => ({
				path: `${n}/layer.tar`,
				data: tar(files),
			})),
			{ path: "manifest.json", data: JSON.stringify([{ Layers: names }]) },
		];
		assert.deepEqual(await unpacked(tar(files)), [SHOWN]);
		assert.deepEqual(await unpacked(gzipSync(tar(files))), [SHOWN]);
	});

	t.test("what is not whole, or is boundless, is refused", async () => {
		const whole = ociLayout([LAYERS]);
		const named = (path: string) =>
			whole.findIndex((raw) => raw.path.startsWith(path));
		const layer = Buffer.from(whole[0]?.data ?? "");
		const text = (data: string) => [
			{ path: "index.json", data },
			{ path: "x", data: "x" },
		];
		const bad: [Raw[], RegExp][] = [
			[whole.filter((_, n) => n !== 1), /layer blobs.* is not in it|no image/],
			[text('{"manifests":[]}'), /no image in it is whole/],
			[text('{"manifests":{"length":5}}'), /no image in it is whole/],
			[text("[[[[]]]]"), /no image in it is whole/],
			[
				[
					{ path: "0.tar", data: layer.subarray(0, layer.length / 2) },
					{ path: "manifest.json", data: '[{"Layers":["0.tar"]}]' },
				],
				/corrupt/,
			],
			[
				[
					{ path: "0.tar", data: tar([...LAYERS.flat()]).subarray(0, 1300) },
					{ path: "manifest.json", data: '[{"Layers":["0.tar"]}]' },
				],
				/corrupt/,
			],
			[
				[
					{
						path: "manifest.json",
						data: JSON.stringify(Array(65).fill({ Layers: ["a"] })),
					},
				],
				/more images/,
			],
		];
		assert.ok(named("index.json") > 0);
		for (const [n, [files, reason]] of bad.entries())
			await assert.rejects(
				unpacked(tar(files)),
				(error: Error) => reason.test(error.message),
				`archive ${n}`,
			);
	});

	t.test("no name in a layer leads out of its tree", async () => {
		const outside = [
			{ path: "../../vmlinuz-1", data: "out" },
			{ path: "/../vmlinuz-2", data: "out" },
			{ path: "x", mode: SYMLINK, data: dir },
			{ path: "x/vmlinuz-3", data: "in" },
		];
		const before = (await readdir(dir)).length;
		assert.deepEqual(await unpacked(tar(ociLayout([[outside]]))), [
			{ "x/vmlinuz-3": "in" },
		]);
		// The archive and its tree.
		assert.equal((await readdir(dir)).length, before + 2);
	});

	t.test("any bytes are read to an end", async () => {
		const archive = tar(ociLayout([LAYERS]));
		return fc.assert(
			fc.asyncProperty(
				fc.array(fc.tuple(fc.nat(archive.length - 1), fc.nat(255)), {
					maxLength: 4,
				}),
				fc.integer({ min: 600, max: archive.length }),
				async (edits, length) => {
					const copy = Buffer.from(archive);
					for (const [at, value] of edits) if (at > 511) copy[at] = value;
					await unpacked(copy.subarray(0, length)).catch((error: Error) =>
						assert.equal(error.name, "VmError", error.stack ?? ""),
					);
				},
			),
			{ numRuns: 60 },
		);
	});
});
