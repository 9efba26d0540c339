/** docs/coverage.md: what is known of the kernel, and where it is asked. Its test holds the file to the data. */
import { UNASKED_STATEMENTS } from "../around/unaskedStatements.js";
import type { Statement } from "../model/statement.js";
import { SUITES } from "./plan.js";

const HEAD = `# What is known, and where it is asked

The statements that the suites were made from, each with the rows that ask a kernel about it, or the reason why none does.
Every row of every suite stands in at least one of them.

This file is made of \`suites/*/*Statements.ts\`: change those, then
\`npm run setup && UPDATE_GOLDEN=1 node dist/suites/planning/coverage.test.js\`.
`;

/** A cell's text: a bar would end the cell. */
const cell = (text: string): string => text.replaceAll("|", "\\|");

function line({ says, rows, unasked }: Statement): string {
	const asked = rows.map((row) => `\`${row}\``).join(" ");
	return `| ${cell(says)} | ${unasked === undefined ? asked : `none: ${cell(unasked)}`} |\n`;
}

function section(
	title: string,
	description: string,
	statements: readonly Statement[],
): string {
	return `\n## ${title}\n\nAbout: ${description}\n\n| statement | asked by |\n|---|---|\n${statements.map(line).join("")}`;
}

/** The whole of docs/coverage.md. */
export function coverage(): string {
	return [
		HEAD,
		...SUITES.map(({ name, description, statements }) =>
			section(name, `${description}.`, statements),
		),
		section("beside the suites", "what no suite is about.", UNASKED_STATEMENTS),
	].join("");
}

/** Every statement there is. */
export const STATEMENTS: readonly Statement[] = [
	...SUITES.flatMap(({ statements }) => statements),
	...UNASKED_STATEMENTS,
];
