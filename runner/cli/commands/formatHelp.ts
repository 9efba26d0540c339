/** Formats for `--help`, one a line. */
export function formatHelp(
	formats: readonly { readonly name: string; readonly description: string }[],
): string {
	const width = Math.max(...formats.map(({ name }) => name.length));
	const rows = formats.map(
		({ name, description }) => `  ${name.padEnd(width)}  ${description}`,
	);
	return ["Formats:", ...rows].join("\n");
}
