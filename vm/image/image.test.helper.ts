import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { t } from "tap";
import { HEAD_BYTES, sniff } from "./formats.js";
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
