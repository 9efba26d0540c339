import type { Command } from "commander";
import { print } from "../../common/stdout.js";
import type { Named, PlannedCase, SuiteApi } from "../../common/suiteApi.js";
import { select } from "../../request/select.js";
import { oneOf } from "../../request/values.js";
import type { CommandContext } from "./context.js";
import { selectionOptions } from "./selection.js";

const GROUPINGS = ["suite", "subject", "citation"] as const;
type Grouping = (typeof GROUPINGS)[number];

interface ListOptions {
	suite?: string[];
	subject?: string[];
	case?: string[];
	json?: boolean;
	cases?: boolean;
	group?: Grouping;
}

/** `crcap list` */
export function addList(program: Command, context: CommandContext): void {
	selectionOptions(
		program
			.command("list")
			.description("suites, subjects and cases; runs nothing"),
	)
		.option(
			"--cases",
			"also every case by its id; a selection or --group does the same",
		)
		.option("--json", "as JSON")
		.option(
			"--group <by>",
			`cases by ${GROUPINGS.join(", ")} (default: suite)`,
			oneOf(GROUPINGS),
		)
		.action(async (options: ListOptions) => {
			const suites = await context.deps.suites();
			const cases = select(suites.plan(null).cases, {
				suite: options.suite ?? [],
				subject: options.subject ?? [],
				case: options.case ?? [],
			});
			const { suite, subject, case: globs, group } = options;
			const whole = options.cases || suite || subject || globs || group;
			await print(
				options.json
					? listJson(suites, cases)
					: whole
						? listText(suites, cases, group ?? "suite")
						: overview(suites, cases),
			);
		});
}

/** Everything that a case says of itself, as JSON. */
export function listJson(
	catalogue: SuiteApi,
	cases: readonly PlannedCase[],
): string {
	const named = namedWith(catalogue, cases);
	return `${JSON.stringify(
		{
			suites: named.suites,
			subjects: named.subjects,
			cases: cases.map((planned) => ({
				id: planned.id,
				suite: planned.suite,
				probe: planned.probe,
				args: planned.probeProgram,
				subject: planned.subject,
				program: planned.program,
				expected: planned.expected,
				reason: planned.reason,
				citation: planned.citation,
				touchesHost: planned.touchesHost,
			})),
		},
		null,
		2,
	)}\n`;
}

/** For people: what there is, with how many cases. */
export function overview(
	catalogue: SuiteApi,
	cases: readonly PlannedCase[],
): string {
	return [
		...named(catalogue, cases),
		`cases (${cases.length}): \`crcap list --cases\` names them all, \`crcap list --suite NAME\` those of a suite`,
		"",
	].join("\n");
}

/** Suites and subjects, one a line. */
function named(catalogue: SuiteApi, cases: readonly PlannedCase[]): string[] {
	const { suites, subjects } = namedWith(catalogue, cases);
	return [
		`suites (${suites.length})`,
		...suites.map(row),
		"",
		`subjects (${subjects.length})`,
		...subjects.map(row),
		"",
	];
}

/** For people: what there is, then the cases in groups. */
export function listText(
	catalogue: SuiteApi,
	cases: readonly PlannedCase[],
	grouping: Grouping,
): string {
	const lines = [...named(catalogue, cases), `cases (${cases.length})`];
	for (const [key, members] of grouped(cases, grouping)) {
		lines.push(`  ${key} (${members.length})`);
		for (const planned of members) lines.push(`    ${planned.id}`);
	}
	return `${lines.join("\n")}\n`;
}

interface Counted extends Named {
	readonly cases: number;
}

function row({ name, description, cases }: Counted): string {
	return `  ${name} (${cases}): ${description}`;
}

/** Suites and subjects that the cases use, each with their number. */
function namedWith(
	catalogue: SuiteApi,
	cases: readonly PlannedCase[],
): { suites: Counted[]; subjects: Counted[] } {
	const bySuite = counts(cases.map((planned) => planned.suite));
	const bySubject = counts(cases.map((planned) => planned.subject));
	return {
		suites: counted(catalogue.suites(), bySuite),
		subjects: counted(catalogue.subjects(), bySubject),
	};
}

function counted(
	named: readonly Named[],
	by: ReadonlyMap<string, number>,
): Counted[] {
	return named
		.map(({ name, description }) => ({
			name,
			description,
			cases: by.get(name) ?? 0,
		}))
		.filter((one) => one.cases > 0);
}

function counts(words: readonly string[]): Map<string, number> {
	const by = new Map<string, number>();
	for (const word of words) by.set(word, (by.get(word) ?? 0) + 1);
	return by;
}

function grouped(
	cases: readonly PlannedCase[],
	grouping: Grouping,
): Map<string, PlannedCase[]> {
	const groups = new Map<string, PlannedCase[]>();
	for (const planned of cases) {
		const key = KEYS[grouping](planned);
		const members = groups.get(key);
		if (members === undefined) groups.set(key, [planned]);
		else members.push(planned);
	}
	return groups;
}

const KEYS: Record<Grouping, (planned: PlannedCase) => string> = {
	suite: (planned) => planned.suite,
	subject: (planned) => planned.subject,
	citation: ({ citation }) =>
		citation === null
			? "no citation"
			: [citation.ref, citation.since && `since ${citation.since}`]
					.filter(Boolean)
					.join(", "),
};
