/** vmlinux: what its ELF headers say, and its flat form for machines that boot no ELF. */
import type { Arch } from "../base/machines.js";

export interface Segment {
	offset: number;
	filesz: number;
	paddr: bigint;
	memsz: bigint;
}

export interface ElfKernel {
	arch: Arch;
	segments: Segment[];
	/** True where a note gives QEMU the 32-bit entry point that it needs on x86 (PVH). */
	pvh: boolean;
}

export type ElfResult =
	| { ok: true; elf: ElfKernel }
	| { ok: false; reason: string; hint?: string };

const no = (reason: string, hint?: string): ElfResult => ({
	ok: false,
	reason,
	...(hint !== undefined && { hint }),
});

const PT_LOAD = 1;
const PT_NOTE = 4;
const ET_REL = 1;
/** XEN_ELFNOTE_PHYS32_ENTRY, include/xen/interface/elfnote.h. */
const PVH_NOTE = 18;

/** e_machine, class (1: 32 bit, 2: 64 bit) and data (1: little-endian, 2: big-endian), as one key. */
const ARCH_BY_KEY: Readonly<Record<string, Arch>> = {
	"62.2.1": "x86_64",
	"3.1.1": "i386",
	"183.2.1": "aarch64",
	"40.1.1": "armhf",
	"243.2.1": "riscv64",
	"22.2.2": "s390x",
	"21.2.1": "ppc64el",
};

export function isElf(head: Buffer): boolean {
	return head.toString("latin1", 0, 4) === "\x7fELF";
}

/** Reads numbers in the file's own byte order and word size. */
export class Fields {
	readonly wide: boolean;
	#head: Buffer;
	#big: boolean;

	constructor(head: Buffer) {
		this.#head = head;
		this.wide = head[4] === 2;
		this.#big = head[5] === 2;
	}

	half(at: number): number {
		return this.#big
			? this.#head.readUInt16BE(at)
			: this.#head.readUInt16LE(at);
	}

	word(at: number): number {
		return this.#big
			? this.#head.readUInt32BE(at)
			: this.#head.readUInt32LE(at);
	}

	/** An address or offset: 8 bytes in 64-bit files, else 4. */
	long(at: number): bigint {
		if (!this.wide) return BigInt(this.word(at));
		return this.#big
			? this.#head.readBigUInt64BE(at)
			: this.#head.readBigUInt64LE(at);
	}
}

interface ProgramHeader extends Segment {
	type: number;
}

function programHeader(fields: Fields, at: number): ProgramHeader {
	const [offset, paddr, filesz, memsz] = fields.wide
		? [8, 24, 32, 40]
		: [4, 12, 16, 20];
	return {
		type: fields.word(at),
		offset: Number(fields.long(at + (offset as number))),
		paddr: fields.long(at + (paddr as number)),
		filesz: Number(fields.long(at + (filesz as number))),
		memsz: fields.long(at + (memsz as number)),
	};
}

/** Looks for the PVH note in a note segment's bytes. */
export function hasPvhNote(notes: Buffer): boolean {
	let at = 0;
	while (at + 12 <= notes.length) {
		const nameSize = notes.readUInt32LE(at);
		const descSize = notes.readUInt32LE(at + 4);
		const name = notes.toString("latin1", at + 12, at + 15);
		if (notes.readUInt32LE(at + 8) === PVH_NOTE && name === "Xen") return true;
		const step = 12 + align4(nameSize) + align4(descSize);
		at += step;
	}
	return false;
}

function align4(n: number): number {
	return Math.ceil(n / 4) * 4;
}

/**
 * Reads a vmlinux's headers.
 * @param head the file's first bytes, headers included
 * @param size the file's size in bytes
 * @param read gives `length` bytes at `offset`, fewer at the end of the file
 */
export async function readElf(
	head: Buffer,
	size: number,
	read: (offset: number, length: number) => Promise<Buffer>,
): Promise<ElfResult> {
	if (head.length < 64) return no("it is cut short within the ELF header");
	const fields = new Fields(head);
	const type = fields.half(16);
	if (type === ET_REL)
		return no("it is an object file or a kernel module, not a kernel");
	const key = `${fields.half(18)}.${head[4]}.${head[5]}`;
	const arch = ARCH_BY_KEY[key];
	if (!arch)
		return no(`it is for an architecture without a row (ELF machine ${key})`);
	const tableAt = Number(fields.long(fields.wide ? 32 : 28));
	const entrySize = fields.half(fields.wide ? 54 : 42);
	const count = fields.half(fields.wide ? 56 : 44);
	const minimum = fields.wide ? 56 : 32;
	if (count === 0 || entrySize < minimum)
		return no("it has no program headers: nothing to load");
	if (tableAt + count * entrySize > head.length)
		return no("it is cut short, or its program headers are out of reach");
	const all = Array.from({ length: count }, (_, i) =>
		programHeader(fields, tableAt + i * entrySize),
	);
	const needs = Math.max(
		...all.map((segment) => segment.offset + segment.filesz),
	);
	if (needs > size)
		return no(`it is cut short: ${size} bytes of ${needs}`, "copy it again");
	const notes = all.find((segment) => segment.type === PT_NOTE);
	const pvh =
		notes !== undefined &&
		hasPvhNote(await read(notes.offset, Math.min(notes.filesz, 65_536)));
	const segments = all.filter(
		(segment) => segment.type === PT_LOAD && segment.filesz > 0,
	);
	if (segments.length === 0) return no("it has nothing to load");
	return { ok: true, elf: { arch, segments, pvh } };
}

/** Where each segment lies in the flat image, and the image's length; undefined when they are spread too far. */
export function flatLayout(
	segments: readonly Segment[],
	maxBytes: number,
): { pieces: { segment: Segment; at: number }[]; length: number } | undefined {
	const addresses = segments.map((segment) => segment.paddr);
	const [base = 0n] = addresses.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
	const pieces = segments.map((segment) => ({
		segment,
		at: Number(segment.paddr - base),
	}));
	const length = Math.max(
		0,
		...pieces.map(({ segment, at }) => at + segment.filesz),
	);
	return length <= maxBytes ? { pieces, length } : undefined;
}
