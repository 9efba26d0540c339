/** Kernel facts as `crprobe --facts` prints them. */
import { unescapeValue } from "../../vm/index.js";

/** The same lines again, as `crprobe --facts` prints them. */
export function factLines(facts: Readonly<Record<string, string>>): string {
	return Object.entries(facts)
		.map(([name, value]) => `fact ${name}=${escapeValue(value)}\n`)
		.join("");
}

/** What unescapeValue() undoes: nothing that a terminal would obey, and no line's end. */
function escapeValue(value: string): string {
	return [...Buffer.from(value)]
		.map((byte) =>
			byte > 0x20 && byte < 0x7f && byte !== 0x25
				? String.fromCharCode(byte)
				: `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
		)
		.join("");
}

/** Reads lines `fact NAME=VALUE` with %XX escapes; lines that are none are passed over. */
export function readFactLines(text: string): Record<string, string> {
	const facts: Record<string, string> = Object.create(null);
	for (const line of text.split("\n")) {
		const match = /^fact ([A-Za-z][\w.-]{0,99})=(.*)$/.exec(line);
		if (match?.[1] === undefined) continue;
		facts[match[1]] = unescapeValue(match[2] ?? "");
	}
	return facts;
}
