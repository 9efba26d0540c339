import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { execa } from "execa";
import fc from "fast-check";
import { t, test } from "tap";
import { cpioMembers, type Member, tarMembers } from "./archives.js";
import { cpio, SYMLINK, tar } from "./archives.test.helper.js";
import { findKernels, unpackDeb, unpackRpm } from "./unpack.js";

let dir: string;

t.before(() => {
	dir = t.testdir();
});

/** An .rpm with empty headers and this archive. */
function rpm(archive: Buffer): Buffer {
	const header = Buffer.alloc(16);
	header.writeUInt32BE(0x8eade801, 0);
	const lead = Buffer.alloc(96);
	lead.writeUInt32BE(0xedabeedb, 0);
	return Buffer.concat([lead, header, header, gzipSync(archive)]);
}

/** A .deb with this archive. */
function deb(archive: Buffer): Buffer {
	const member = (name: string, data: Buffer) => [
		Buffer.from(
			`${name.padEnd(16)}0           0     0     100644  ${String(data.length).padEnd(10)}\`\n`,
		),
		data.length % 2 ? Buffer.concat([data, Buffer.from("\n")]) : data,
	];
	const control = tar([{ path: "./control", data: "Package: x\n" }]);
	return Buffer.concat([
		Buffer.from("!<arch>\n"),
		...member("debian-binary", Buffer.from("2.0\n")),
		...member("control.tar.gz", gzipSync(control)),
		...member("data.tar.gz", gzipSync(archive)),
	]);
}

let trees = 0;

/** Unpacks a package into a tree of its own; the files that are then in it. */
async function unpacked(
	type: "deb" | "rpm",
	archive: Buffer,
): Promise<{ tree: string; files: string[] }> {
	const path = join(dir, `${++trees}.${type}`);
	await writeFile(path, type === "deb" ? deb(archive) : rpm(archive));
	const tree = join(dir, `tree-${trees}`);
	await (type === "deb" ? unpackDeb : unpackRpm)(path, tree);
	const found = await readdir(tree, { recursive: true, withFileTypes: true });
	assert.ok(found.every((one) => one.isFile() || one.isDirectory()));
	const files = found.filter((one) => one.isFile());
	return {
		tree,
		files: files
			.map((one) => join(one.parentPath, one.name).slice(tree.length + 1))
			.sort(),
	};
}

const PACKERS = [
	["deb", tar],
	["rpm", cpio],
] as const;

test("packages", async (t) => {
	for (const [type, pack] of PACKERS) {
		t.test(`.${type}: kernels and configurations, nothing else`, async () => {
			const { tree, files } = await unpacked(
				type,
				pack([
					{ path: "./boot/vmlinuz-6.9", data: "kernel" },
					{ path: "./boot/vmlinuz-6.9", data: "its double" },
					{ path: "./boot/config-6.9", data: "CONFIG_X=y" },
					{ path: "./boot/System.map-6.9", data: "map" },
					{ path: "./lib/modules/6.9/config", data: "CONFIG_Y=y" },
					{ path: "./lib/modules/6.9/x.ko", data: "module" },
					{ path: "./usr/bin/tool", data: "tool" },
					{ path: "./a/b/c/d/e/f/g/vmlinuz", data: "too deep" },
				]),
			);
			assert.deepEqual(files, [
				"boot/config-6.9",
				"boot/vmlinuz-6.9",
				"lib/modules/6.9/config",
			]);
			const kernel = await readFile(join(tree, "boot/vmlinuz-6.9"), "utf8");
			assert.equal(kernel, "kernel");
		});

		t.test(`.${type}: no name and no link leads out of the tree`, async () => {
			const outside = join(dir, `outside-${type}`);
			await mkdir(outside);
			const { files } = await unpacked(
				type,
				pack([
					{ path: "xvmlinuz", mode: SYMLINK, data: outside },
					{ path: "xvmlinuz/vmlinuz-1", data: "out" },
					{ path: "boot", mode: SYMLINK, data: outside },
					{ path: "boot/vmlinuz-2", data: "out" },
					{ path: "vmlinuz-3", mode: SYMLINK, data: join(outside, "x") },
					{ path: "vmlinuz-3", data: "out" },
					{ path: `../outside-${type}/vmlinuz-4`, data: "out" },
					{ path: `x/../../outside-${type}/vmlinuz-5`, data: "out" },
					{ path: "/boot/vmlinuz-6", data: "in" },
					{ path: "//../vmlinuz-7", data: "out" },
				]),
			);
			assert.deepEqual(await readdir(outside), []);
			assert.deepEqual(files, [
				"boot/vmlinuz-2",
				"boot/vmlinuz-6",
				"vmlinuz-3",
				"xvmlinuz/vmlinuz-1",
			]);
		});

		t.test(
			`.${type}: what is cut short, corrupt or boundless is refused`,
			async () => {
				const whole = pack([
					{ path: "boot/vmlinuz-6.9", data: "kernel" },
					{ path: "boot/config-6.9", data: "config" },
				]);
				const bad = [
					whole.subarray(0, 50),
					whole.subarray(0, whole.indexOf("kernel") + 3),
					Buffer.concat([Buffer.from("x"), whole]),
					Buffer.concat([whole.subarray(0, 20), Buffer.alloc(600, "?")]),
					pack([{ path: "vmlinuz-1", data: "", size: 0x7fffffff }]),
					pack([
						{ path: "vmlinuz-1", data: "a file" },
						{ path: "vmlinuz-1/vmlinuz-2", data: "below a file" },
					]),
					pack(
						Array.from({ length: 1001 }, (_, n) => ({
							path: `vmlinuz-${n}`,
							data: "x",
						})),
					),
				];
				for (const [n, archive] of bad.entries())
					await assert.rejects(
						unpacked(type, archive),
						{ kind: "image", message: /\d\.(deb|rpm): .*corrupt/ },
						`archive ${n}`,
					);
			},
		);
	}

	t.test("without dpkg-deb it is named with its package", async () => {
		const path = process.env.PATH;
		process.env.PATH = dir;
		try {
			await assert.rejects(unpacked("deb", tar([])), {
				kind: "missing",
				message: /dpkg-deb.*apt-get install dpkg/,
			});
		} finally {
			process.env.PATH = path;
		}
	});
});

async function* chunksOf(data: Buffer, size: number): AsyncIterable<Buffer> {
	for (let at = 0; at < data.length; at += size)
		yield data.subarray(at, at + size);
}

/** The files in an archive, with their bytes. */
async function read(
	membersOf: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Member>,
	archive: Buffer,
	chunk: number,
): Promise<Record<string, string>> {
	const files: Record<string, string> = {};
	// Half of them are passed over.
	for await (const { path, bytes } of membersOf(chunksOf(archive, chunk))) {
		files[path] = "";
		if (path.length % 2 === 0)
			for await (const piece of bytes()) files[path] += String(piece);
	}
	return files;
}

test("archives", async (t) => {
	const long = `long/${"n".repeat(60)}/${"m".repeat(60)}`;
	const contents: Record<string, string> = {
		"a/bb": "some text",
		[`${long}/xx`]: "y".repeat(5000),
		odd: "z".repeat(513),
		even: "",
	};

	t.test(
		"are read as the tools write them, wherever the stream is cut",
		async () => {
			const top = join(dir, "source");
			for (const [path, data] of Object.entries(contents)) {
				await mkdir(dirname(join(top, path)), { recursive: true });
				await writeFile(join(top, path), data);
			}
			const names = Object.keys(contents);
			const wanted = Object.fromEntries(
				names
					.filter((name) => contents[name] !== "")
					.map((name) => [name, name.length % 2 ? "" : contents[name]]),
			);
			const made = async (tool: string, args: string[]) => {
				const { stdout } = await execa(tool, args, {
					cwd: top,
					input: names.join("\n"),
					encoding: "buffer",
				});
				return Buffer.from(stdout);
			};
			for (const chunk of [1, 7, 512, 1e6]) {
				for (const format of ["gnu", "ustar"])
					assert.deepEqual(
						await read(
							tarMembers,
							await made("tar", ["-c", `--format=${format}`, "-T", "-"]),
							chunk,
						),
						wanted,
					);
				for (const format of ["newc", "crc"])
					assert.deepEqual(
						await read(
							cpioMembers,
							await made("cpio", ["-o", "--quiet", "-H", format]),
							chunk,
						),
						wanted,
					);
			}
		},
	);

	t.test("a name without end in a tar takes no memory", async () => {
		const long = tar([{ path: "x", data: "", size: 0o77777777777 }]);
		for (const type of ["L", "K", "x", "g"]) {
			const header = Buffer.from(long.subarray(0, 512));
			header.write(type, 156);
			header.write("        ", 148);
			const sum = header.reduce((total, byte) => total + byte, 0);
			header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
			let given = 0;
			const endless = async function* () {
				yield header;
				for (; given < 2 ** 28; given += 2 ** 20) yield Buffer.alloc(2 ** 20);
			};
			await assert.rejects(async () => {
				for await (const _ of tarMembers(endless()));
			}, /exceeds max size/);
			assert.ok(given < 2 ** 25, `${given} bytes were read`);
		}
	});

	t.test("who has seen enough of an archive stops its source", async () => {
		let stopped = false;
		const source = async function* () {
			try {
				const archive = tar([{ path: "a", data: "text" }]);
				yield archive.subarray(0, 1024);
				for (;;) yield archive.subarray(0, 1024);
			} finally {
				stopped = true;
			}
		};
		for await (const { path } of tarMembers(source())) {
			assert.equal(path, "a");
			break;
		}
		await new Promise((resolve) => setTimeout(resolve, 50));
		assert.equal(stopped, true);
	});

	t.test("any bytes are read to an end", async () => {
		const raw = [
			{ path: "a/vmlinuz-1", data: "some text" },
			{ path: "link", mode: SYMLINK, data: "there" },
			{ path: "b", data: "y".repeat(600) },
		];
		const archives = [
			[cpioMembers, cpio(raw)],
			[tarMembers, tar(raw)],
		] as const;
		return fc.assert(
			fc.asyncProperty(
				fc.constantFrom(...archives),
				fc.array(fc.tuple(fc.nat(3000), fc.nat(255)), { maxLength: 5 }),
				fc.nat(3000),
				fc.integer({ min: 1, max: 999 }),
				async ([membersOf, archive], edits, length, chunk) => {
					const copy = Buffer.from(archive);
					for (const [at, value] of edits) copy[at % copy.length] = value;
					await read(membersOf, copy.subarray(0, length), chunk).catch(
						(error: unknown) => assert.ok(error instanceof Error),
					);
				},
			),
			{ numRuns: 500 },
		);
	});
});

test("a package's kernel is of the stable release that its changelog names", async () => {
	const { tree } = await unpacked(
		"deb",
		tar([
			{ path: "./boot/vmlinuz-5.15.0-130-generic", data: "kernel" },
			{
				path: "./usr/share/doc/linux-image-5.15.0-130-generic/changelog.Debian.gz",
				data: gzipSync("* Jammy update: v5.15.173 upstream stable release"),
			},
			{ path: "./usr/share/doc/bash/changelog.Debian.gz", data: "other" },
			{ path: "./boot/vmlinuz-5.15.0-60-generic", data: "older" },
		]),
	);
	const found = await findKernels(tree);
	assert.deepEqual(
		found.map(({ release, stable }) => [release, stable]),
		[
			["5.15.0-130-generic", "5.15.173"],
			["5.15.0-60-generic", undefined],
		],
	);
});
