/** Images made by hand, as far as a parser looks. */

/** A bzImage's header and as many bytes as it claims; `payload` is a multiple of 16. */
export function bzImage({
	version = "6.9.0-test (x@y) #1 SMP",
	xloadflags = 1,
	protocol = 0x20f,
	payload = 8192,
} = {}): Buffer {
	const setupSectors = 3;
	const setup = (setupSectors + 1) * 512;
	const image = Buffer.alloc(setup + payload);
	image[0x1f1] = setupSectors;
	image.writeUInt32LE(payload / 16, 0x1f4);
	image.writeUInt16LE(0xaa55, 0x1fe);
	image.write("HdrS", 0x202);
	image.writeUInt16LE(protocol, 0x206);
	image.writeUInt16LE(0x400, 0x20e);
	image.writeUInt16LE(xloadflags, 0x236);
	image.write(version, 0x600);
	return image;
}

export function armImage(flags = 0): Buffer {
	const image = Buffer.alloc(8192);
	image.write("ARM\x64", 56, "latin1");
	image.writeUInt32LE(flags, 24);
	return image;
}

/** @param machine of the PE header: arm64's, 0x5064 is riscv64's */
export function zboot(
	compression: string,
	payload: Buffer,
	machine = 0xaa64,
): Buffer {
	const head = Buffer.alloc(512);
	head.write("MZ\0\0zimg", 0, "latin1");
	head.writeUInt32LE(512, 8);
	head.writeUInt32LE(payload.length, 12);
	head.write(compression, 24);
	head.writeUInt32LE(64, 0x3c);
	head.write("PE\0\0", 64, "latin1");
	head.writeUInt16LE(machine, 68);
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
