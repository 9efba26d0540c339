/** What an ELF program or library asks of the dynamic linker: its libraries by name, and the linker itself. */
import { Fields, isElf } from "../image/elf.js";

export interface DynamicNeeds {
	/** The name that others ask for it by; undefined for a program. */
	soname?: string;
	/** The names of the libraries that it needs. */
	needed: string[];
	/** The path of the linker that the kernel starts; undefined for a library. */
	interpreter?: string;
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;
const DT_SONAME = 14n;

interface Piece {
	type: number;
	offset: number;
	vaddr: bigint;
	filesz: number;
}

/** The program headers' fields by word size (elf(5)): 64-bit files have the flags in another place. */
function pieces(fields: Fields): Piece[] {
	const tableAt = Number(fields.long(fields.wide ? 32 : 28));
	const entrySize = fields.half(fields.wide ? 54 : 42);
	const count = fields.half(fields.wide ? 56 : 44);
	const [offset, vaddr, filesz] = fields.wide ? [8, 16, 32] : [4, 8, 16];
	return Array.from({ length: count }, (_, i) => {
		const at = tableAt + i * entrySize;
		return {
			type: fields.word(at),
			offset: Number(fields.long(at + (offset as number))),
			vaddr: fields.long(at + (vaddr as number)),
			filesz: Number(fields.long(at + (filesz as number))),
		};
	});
}

/** The text up to the NUL. */
function textAt(file: Buffer, at: number): string {
	const end = file.indexOf(0, at);
	if (at >= file.length || end < 0) throw new RangeError("a name is cut short");
	return file.toString("latin1", at, end);
}

/** Where in the file the bytes lie that are mapped at this address. */
function offsetOf(all: readonly Piece[], address: bigint): number {
	const home = all.find(
		({ type, vaddr, filesz }) =>
			type === PT_LOAD && address >= vaddr && address < vaddr + BigInt(filesz),
	);
	if (!home) throw new RangeError("an address is in no segment");
	return home.offset + Number(address - home.vaddr);
}

function dynamicEntries(
	fields: Fields,
	{ offset, filesz }: Piece,
): [tag: bigint, value: bigint][] {
	const word = fields.wide ? 8 : 4;
	return Array.from({ length: Math.floor(filesz / (2 * word)) }, (_, i) => [
		fields.long(offset + 2 * i * word),
		fields.long(offset + (2 * i + 1) * word),
	]);
}

/**
 * Reads a whole file.
 * @throws Error for what is no ELF file, or is cut short
 */
export function readDynamic(file: Buffer): DynamicNeeds {
	if (!isElf(file)) throw new Error("it is no ELF file");
	const fields = new Fields(file);
	const all = pieces(fields);
	const dynamic = all.find(({ type }) => type === PT_DYNAMIC);
	const interp = all.find(({ type }) => type === PT_INTERP);
	const interpreter =
		interp === undefined ? {} : { interpreter: textAt(file, interp.offset) };
	if (dynamic === undefined) return { needed: [], ...interpreter };
	const entries = dynamicEntries(fields, dynamic);
	const values = (tag: bigint) =>
		entries.flatMap(([one, value]) => (one === tag ? [value] : []));
	const [table] = values(DT_STRTAB);
	if (table === undefined) return { needed: [], ...interpreter };
	const names = offsetOf(all, table);
	const name = (value: bigint) => textAt(file, names + Number(value));
	const [soname] = values(DT_SONAME).map(name);
	return {
		...(soname === undefined ? {} : { soname }),
		needed: values(DT_NEEDED).map(name),
		...interpreter,
	};
}
