/** Kernel facts as `crprobe --facts` prints them. */
import { unescapeValue } from "../../vm/index.js";

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
