/** Is the text this pattern, in which `*` stands for digits and the rest for itself? */
export function matchesPattern(pattern: string, text: string): boolean {
	const source = pattern
		.split("*")
		.map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
		.join("\\d+");
	return new RegExp(`^${source}$`).test(text);
}
