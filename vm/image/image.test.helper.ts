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

/** A bzImage's header and as many bytes as it claims. */
export function bzImage(options: {
	xloadflags: number;
	protocol?: number;
}): Buffer {
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

export function armImage(flags = 0): Buffer {
	const image = Buffer.alloc(8192);
	image.write("ARM\x64", 56, "latin1");
	image.writeUInt32LE(flags, 24);
	return image;
}

export function zboot(compression: string, payload: Buffer): Buffer {
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

export interface ElfParts {
	machine: number;
	type?: number;
	payload: Buffer;
	notes?: Buffer;
}

/** A little-endian 64-bit ELF file with one PT_LOAD and, with `notes`, one PT_NOTE. */
export function elf({ machine, type = 2, payload, notes }: ElfParts): Buffer {
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

export const PVH = Buffer.from(
	"04000000080000001200000058656e000000000100000000",
	"hex",
);
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
