import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { t } from "tap";
import { sniff } from "./formats.js";
import { HEAD_BYTES } from "./head.js";
import { identifyFile } from "./image.js";

export let dir: string;
export const cache = process.env.XDG_CACHE_HOME;

t.before(() => {
	dir = t.testdir();
});

t.after(() => {
	if (cache === undefined) delete process.env.XDG_CACHE_HOME;
	else process.env.XDG_CACHE_HOME = cache;
});

export const BANNER = Buffer.from(
	"Linux version 6.9.0-flat (a@b) (gcc) #1\n\0",
);

export async function identified(name: string, data: Buffer) {
	const path = join(dir, name);
	await writeFile(path, data);
	return identifyFile(path);
}

export function reasonOf(data: Buffer): string {
	const found = sniff(data.subarray(0, HEAD_BYTES), data.length);
	return found.kind === "refused" ? found.reason : `accepted as ${found.kind}`;
}

interface Section {
	name: string;
	data: Buffer;
}

/** An EFI program with these sections. */
export function uki(sections: readonly Section[]): Buffer {
	const head = Buffer.alloc(1024);
	head.write("MZ", 0, "latin1");
	head.writeUInt32LE(64, 0x3c);
	head.write("PE\0\0", 64, "latin1");
	head.writeUInt16LE(0x8664, 68);
	head.writeUInt16LE(sections.length, 70);
	head.writeUInt16LE(0, 84);
	let end = head.length;
	const bodies = sections.map(({ name, data }, i) => {
		const at = 88 + 40 * i;
		const inFile = Math.ceil(data.length / 512) * 512;
		head.write(name, at, "latin1");
		head.writeUInt32LE(data.length, at + 8);
		head.writeUInt32LE(inFile, at + 16);
		head.writeUInt32LE(end, at + 20);
		end += inFile;
		return Buffer.concat([data, Buffer.alloc(inFile - data.length)]);
	});
	return Buffer.concat([head, ...bodies]);
}

/** Android's boot image of a version, with an initramfs and a command line. */
export function bootImg(version: number, kernel: Buffer): Buffer {
	const head = Buffer.alloc(version < 3 ? 2048 : 4096);
	head.write("ANDROID!", 0, "latin1");
	head.writeUInt32LE(kernel.length, 8);
	head.writeUInt32LE(7, version < 3 ? 16 : 12);
	if (version < 3) head.writeUInt32LE(head.length, 36);
	head.writeUInt32LE(version, 40);
	head.write("quiet", version < 3 ? 64 : 44);
	return Buffer.concat([head, kernel, Buffer.alloc(4096)]);
}

export function uImage(kernel: Buffer, type = 2): Buffer {
	const head = Buffer.alloc(64);
	head.write("27051956", 0, "hex");
	head.writeUInt32BE(kernel.length, 12);
	head[28] = 5;
	head[30] = type;
	return Buffer.concat([head, kernel]);
}

/** A node of a device tree: values of properties, and nodes. */
export interface Tree {
	[name: string]: Buffer | string | number | Tree;
}

/** A device tree blob. */
export function fdt(tree: Tree): Buffer {
	const names: string[] = [];
	const word = (value: number) => {
		const bytes = Buffer.alloc(4);
		bytes.writeUInt32BE(value);
		return bytes;
	};
	const aligned = (data: Buffer) =>
		Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
	const property = (name: string, value: Buffer | string | number): Buffer => {
		const data = Buffer.isBuffer(value)
			? value
			: typeof value === "number"
				? word(value)
				: Buffer.from(`${value}\0`);
		if (!names.includes(name)) names.push(name);
		const at = names
			.slice(0, names.indexOf(name))
			.reduce((sum, one) => sum + one.length + 1, 0);
		return Buffer.concat([
			...[word(3), word(data.length), word(at)],
			aligned(data),
		]);
	};
	const node = (name: string, members: Tree): Buffer =>
		Buffer.concat([
			word(1),
			aligned(Buffer.from(`${name}\0`)),
			...Object.entries(members).map(([key, value]) =>
				typeof value === "object" && !Buffer.isBuffer(value)
					? node(key, value)
					: property(key, value),
			),
			word(2),
		]);
	const struct = Buffer.concat([node("", tree), word(9)]);
	const strings = Buffer.from(names.map((name) => `${name}\0`).join(""));
	const total = 56 + struct.length + strings.length;
	const header = [0xd00dfeed, total, 56, 56 + struct.length, 40, 17, 16, 0];
	return Buffer.concat([
		...[...header, strings.length, struct.length].map(word),
		Buffer.alloc(16),
		struct,
		strings,
	]);
}
