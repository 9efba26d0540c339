/** Kernel facts as `crprobe --facts` prints them. */

/** Reads lines `fact NAME=VALUE` with %XX escapes; lines that are none are passed over. */
export function readFactLines(text: string): Record<string, string> {
	const facts: Record<string, string> = Object.create(null);
	for (const line of text.split("\n")) {
		const match = /^fact ([A-Za-z][\w.-]{0,99})=(.*)$/.exec(line);
		if (match?.[1] === undefined) continue;
		facts[match[1]] = decode(match[2] ?? "");
	}
	return facts;
}

/** `%XX` undone; what then is not UTF-8 shows as U+FFFD. */
function decode(text: string): string {
	const bytes = text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
		String.fromCharCode(Number.parseInt(hex, 16)),
	);
	return Buffer.from(bytes, "latin1").toString("utf8");
}
