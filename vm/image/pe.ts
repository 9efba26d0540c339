/** Headers of PE files, which EFI images are: https://learn.microsoft.com/windows/win32/debug/pe-format. */
import { text, u16, u32 } from "./head.js";

export interface PeSection {
	name: string;
	/** Where it lies in the file, bytes. */
	offset: number;
	/** What of it is in the file without what only fills it up. */
	size: number;
}

export interface Pe {
	machine: number;
	/** How long the file must be to hold all sections. */
	end: number;
	sections: PeSection[];
}

/** @returns undefined where there is no PE header in these bytes; of the sections those whose headers are in them */
export function readPe(head: Buffer): Pe | undefined {
	if (text(head, 0, 2) !== "MZ") return undefined;
	const pe = u32(head, 0x3c);
	if (pe + 24 > head.length || text(head, pe, 4) !== "PE\0\0") return undefined;
	const count = u16(head, pe + 6);
	const table = pe + 24 + u16(head, pe + 20);
	const sections: PeSection[] = [];
	let end = 0;
	for (let i = 0; i < count; i++) {
		const header = table + 40 * i;
		if (header + 40 > head.length) break;
		const inFile = u32(head, header + 16);
		const offset = u32(head, header + 20);
		if (inFile > 0) end = Math.max(end, offset + inFile);
		sections.push({
			name: text(head, header, 8).replace(/\0.*$/s, ""),
			offset,
			size: Math.min(u32(head, header + 8), inFile),
		});
	}
	return { machine: u16(head, pe + 4), end, sections };
}
