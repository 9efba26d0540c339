/** docs/coverage.md: what is known of the kernel, and where it is asked. Its test holds the file to the data. */
import { UNASKED_STATEMENTS } from "../around/unaskedStatements.js";
import type { Statement } from "../model/statement.js";
import { FACT_SOURCES, type FactSource } from "./factSources.js";
import { SUITES } from "./plan.js";

const HEAD = `# What is known, and where it is asked

The statements that the suites were made from, each with the rows that ask a kernel about it, or the reason why none does.
Every row of every suite stands in at least one of them.

[The last table](#who-says-what-excuses-a-case) says who tells the facts that excuse a case, and what keeps that honest.

This file is made of \`suites/*/*Statements.ts\` and \`suites/planning/factSources.ts\`: change those, then
\`TAP_SNAPSHOT=1 npm test -- --unit planning/coverage\`.
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

/** What may excuse a case, and who says so. */
function factTable(): string {
	const line = ({ fact, says, honest, lies, comes }: FactSource): string => {
		const lie = Object.entries(lies)
			.map(([name, value]) => `\`${name}=${value}\``)
			.join(", ");
		const tried = lie === "" ? "– | –" : `${lie} | ${comes}`;
		return `| ${cell(fact)} | ${cell(says)} | ${cell(honest)} | ${tried} |\n`;
	};
	return `
## Who says what excuses a case

A fact that a kernel tells of itself may make a case be skipped. A test tells each of these lies, and sees what the last column says:
the cases fail, or they are skipped, which no other source can contradict.

| fact | who says it | what keeps it honest | a lie | its cases |
|---|---|---|---|---|
${FACT_SOURCES.map(line).join("")}`;
}

/** The whole of docs/coverage.md. */
export function coverage(): string {
	return [
		HEAD,
		...SUITES.map(({ name, description, statements }) =>
			section(name, `${description}.`, statements),
		),
		section("beside the suites", "what no suite is about.", UNASKED_STATEMENTS),
		factTable(),
	].join("");
}

/** Every statement there is. */
export const STATEMENTS: readonly Statement[] = [
	...SUITES.flatMap(({ statements }) => statements),
	...UNASKED_STATEMENTS,
];
