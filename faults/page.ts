/** The page of the documentation: a row a fault, a column a version of Linux. What was not run again keeps what it said. */
import type { Fault, TableRow } from "./table.js";
import { verdictText } from "./table.js";

/** What the page's head says of a column. */
export interface Column {
	/** Such as 6.1. */
	readonly version: string;
	/** Such as "Debian's linux-source-6.1 6.1.192-3, run on 2026-11-29". */
	readonly words: string;
}

/** A section's rows by the fault's name, each with its cells by version. */
type Section = Map<string, Map<string, string>>;

const NONE = "none";
const NOT_RUN = "not run";
const NOT_THERE = "–";
const BAD = /SURVIVED|SPREAD|FAILED|NOTHING SHOWN/;

const COLUMN = /^- Linux ([\d.]+): (.+)$/gm;
const HEAD = "| fault | part | what it stands for |";

/** A fault that does not say where it is, is in every version. */
export const isIn = ({ versions }: Fault, version: string): boolean =>
	versions?.includes(version) ?? true;

/**
 * The page: what these rows showed, and of the old page what they say nothing about.
 * `columns` are those that were run; the old page knows the others.
 */
export function markdown(
	rows: readonly TableRow[],
	faults: readonly Fault[],
	columns: readonly Column[],
	tool: string,
	old = "",
): string {
	const all = mergedColumns(columns, old);
	const sections = readSections(old);
	for (const { section, version, fault, finding } of rows) {
		const cells = entry(sections, section, () => new Map());
		entry(cells, fault?.name ?? NONE, () => new Map()).set(
			version,
			cell(verdictText(finding, fault)),
		);
	}
	const parts = [...sections].map(([name, cells]) =>
		sectionText(name, cells, faults, all),
	);
	return [
		"# Planted faults",
		"",
		"Each row is a fault, each column a kernel that it is planted in, with the first case that caught it there. `npm run faults -- --all --write docs/faults.md` makes this",
		"page; the run of a part replaces what it tried and keeps the rest.",
		"",
		...all.map(({ version, words }) => `- Linux ${version}: ${words}`),
		`- crcap: ${tool}`,
		`- caught: ${caughtText(parts.join("\n"))}`,
		`- ${NOT_THERE}: the kernel has no such code`,
		"",
		...parts,
	].join("\n");
}

function mergedColumns(ran: readonly Column[], old: string): Column[] {
	const known = new Map<string, Column>();
	for (const [, version = "", words = ""] of old.matchAll(COLUMN))
		known.set(version, { version, words });
	for (const column of ran) known.set(column.version, column);
	return [...known.values()].sort((a, b) =>
		a.version.localeCompare(b.version, "en", { numeric: true }),
	);
}

/** The case that caught each fault, by the fault's name, as a page has it. */
export function lastCaught(page: string): ReadonlyMap<string, string> {
	const found = new Map<string, string>();
	for (const section of readSections(page).values())
		for (const [name, cells] of section)
			for (const text of cells.values()) {
				const id = /^[a-z_]+\.\w+\.[\w-]+/.exec(text)?.[0];
				if (id !== undefined && !found.has(name)) found.set(name, id);
			}
	return found;
}

/** The sections of a page that this module wrote. */
function readSections(page: string): Map<string, Section> {
	const sections = new Map<string, Section>();
	let versions: string[] = [];
	let section: Section = new Map();
	for (const line of page.split("\n")) {
		const title = /^## (.+)$/.exec(line)?.[1];
		if (title !== undefined) {
			section = new Map();
			sections.set(title, section);
		} else if (line.startsWith(HEAD)) {
			versions = cellsOf(line).slice(3);
		} else if (line.startsWith("| ")) {
			const [name = "", , , ...verdicts] = cellsOf(line);
			const said = verdicts.map((text, i): [string, string] => [
				versions[i] ?? "",
				text,
			]);
			section.set(
				name,
				new Map(
					said.filter(([, text]) => text !== NOT_RUN && text !== NOT_THERE),
				),
			);
		}
	}
	return sections;
}

function sectionText(
	name: string,
	section: Section,
	faults: readonly Fault[],
	columns: readonly Column[],
): string {
	const versions = columns
		.map(({ version }) => version)
		.filter((version) =>
			[...section.values()].some((cells) => cells.has(version)),
		);
	const row = (
		fault: Fault | null,
		cells: ReadonlyMap<string, string> | undefined,
	): string => {
		const verdicts = versions.map(
			(version) =>
				cells?.get(version) ??
				(fault === null || isIn(fault, version) ? NOT_RUN : NOT_THERE),
		);
		const words = cell(fault?.description ?? "the kernel as it is");
		return `| ${[fault?.name ?? NONE, fault?.part ?? "", words, ...verdicts].join(" | ")} |`;
	};
	// A fault that is in the page for what an older patch had has no row any more.
	const shown = faults.filter((fault) => section.has(fault.name));
	return [
		`## ${name}`,
		"",
		`${HEAD} ${versions.join(" | ")} |`,
		`|${"---|".repeat(3 + versions.length)}`,
		...(section.has(NONE) ? [row(null, section.get(NONE))] : []),
		...shown.map((fault) => row(fault, section.get(fault.name))),
		"",
	].join("\n");
}

/** What the tables say together. */
function caughtText(tables: string): string {
	const verdicts = tables
		.split("\n")
		.filter((line) => line.startsWith("| ") && !line.startsWith(HEAD))
		.filter((line) => !line.startsWith(`| ${NONE} |`))
		.flatMap((line) => cellsOf(line).slice(3));
	const ran = verdicts.filter((text) => text !== NOT_RUN && text !== NOT_THERE);
	const bad = ran.filter((text) => BAD.test(text));
	const left = verdicts.filter((text) => text === NOT_RUN).length;
	const rest = left === 0 ? "" : `; ${left} not run`;
	return bad.length === 0
		? `every one of ${ran.length}${rest}`
		: `${ran.length - bad.length} of ${ran.length}${rest}`;
}

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
	const known = map.get(key);
	if (known !== undefined) return known;
	const made = make();
	map.set(key, made);
	return made;
}

/** The cells of a table's line, still escaped. */
const cellsOf = (line: string): string[] =>
	line
		.split(/(?<!\\)\|/)
		.slice(1, -1)
		.map((text) => text.trim());

const cell = (text: string): string =>
	text.replaceAll("|", "\\|").replaceAll("\n", " ");
