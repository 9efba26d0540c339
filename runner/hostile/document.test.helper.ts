/** The table of rows as docs/reliability.md has it. */
import { GROUPS } from "./rows.test.data.js";

export function reliabilityTable(): string {
	return GROUPS.map(({ title, rows }) => {
		const lines = rows.map(
			({ does, comes, status }) => `| ${does} | ${comes} | ${status} |`,
		);
		return [
			`## ${title}`,
			"",
			`| ${title === "QEMU" ? "QEMU" : "the guest"} … | what comes of it | exit |`,
			"|---|---|---|",
			...lines,
		].join("\n");
	}).join("\n\n");
}
