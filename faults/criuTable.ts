/** What "criu check" says of kernels with planted faults, and what CRIU then does there: the table in docs/criu.md. */
import type { CaseResult } from "../results/model/model.js";
import type { Fault } from "./table.js";

/** Stand around the table in the page. */
const BEGIN =
	"<!-- made by: npm run faults -- --linux 6.1 --config criu --write-criu docs/criu.md -->";
const END = "<!-- to here -->";

/** What a case of CRIU's observed, by step. */
export interface CriuAnswer {
	/** What "criu check" said. */
	readonly check: string;
	/** How CRIU came out for the victim. */
	readonly outcome: string;
}

/** Reads an observation as the report has it; undefined where CRIU did not run. */
export function answerIn({
	observed,
}: Pick<CaseResult, "observed">): CriuAnswer | undefined {
	const [first, second] = [
		...observed.matchAll(/(?:^|, )criu ok \(([^()]*)\)/g),
	].map((found) => found[1]);
	// Where the first victim must be refused, it is about the second one.
	const outcome =
		first === "dump failed" && second !== "resumed" ? (second ?? first) : first;
	const check =
		/(?:^|, )criu_check ok \((.*?)\)(?=, criu |, controlled |$)/.exec(
			observed,
		)?.[1];
	return outcome === undefined || check === undefined
		? undefined
		: { check, outcome };
}

/** One kernel: with this fault, or null for none. */
export interface CriuRow {
	readonly fault: Fault | null;
	readonly cases: readonly CaseResult[];
}

const unique = (words: readonly string[]): string[] => [...new Set(words)];

/** The user with the capability alone goes without saying. */
const USUAL = "criu_ambient-cap_checkpoint_restore";

/** A victim, and who ran CRIU where that was another. */
function triedIn({ id, subject }: CaseResult): string {
	const victim = id.split(".")[1] ?? "";
	return subject === USUAL ? `\`${victim}\`` : `\`${victim}\` (\`${subject}\`)`;
}

/** How CRIU came out where it should not have. */
function outcomeOf(one: CaseResult): string {
	const outcome = answerIn(one)?.outcome ?? one.verdict;
	return outcome === "resumed" ? "restored, which must be refused" : outcome;
}

/** What came of the cases that failed, by outcome: "restore failed: `plain`, `deleted`". */
function truth(
	failed: readonly CaseResult[],
	ran: readonly CaseResult[],
): string {
	if (failed.length === 0) return `all ${ran.length} cases as they should be`;
	return unique(failed.map(outcomeOf))
		.map((outcome) => {
			const where = failed.filter((one) => outcomeOf(one) === outcome);
			return `${outcome}: ${where.map(triedIn).join(", ")}`;
		})
		.join("; ");
}

/** What "criu check" said in these cases, where it was asked. */
const checksIn = (cases: readonly CaseResult[]): string[] =>
	unique(cases.flatMap((one) => answerIn(one)?.check ?? [])).filter(
		(said) => said !== "not asked",
	);

const cell = (text: string): string => text.replaceAll("|", "\\|");

function line({ fault, cases }: CriuRow): string {
	const ran = cases.filter(
		(one) => one.verdict !== "skip" && answerIn(one) !== undefined,
	);
	const failed = cases.filter(({ verdict }) => verdict === "fail");
	// What is said to those who then fail; where it was not asked, to those who have the capability.
	const usual = ran.filter(({ subject }) => subject === USUAL);
	const said = checksIn(failed);
	const checks = said.length > 0 ? said : checksIn(usual);
	const named = unique(failed.flatMap(({ boundary }) => boundary ?? []));
	return `| ${[
		fault === null ? "none" : `\`${fault.name}\``,
		cell(fault?.description ?? "the kernel as it is"),
		cell(checks.join("; ")),
		cell(truth(failed, ran)),
		named.map((name) => `\`${name}\``).join(", "),
	].join(" | ")} |`;
}

/** The table of these kernels, which are of one source package. */
export function criuTable(
	rows: readonly CriuRow[],
	version: string,
	source: string,
): string {
	return [
		`On Linux ${version} (Debian's linux-source-${version} ${source}):`,
		"",
		"| planted fault | what it stands for | `criu check` | the truth | boundary that the report names |",
		"|---|---|---|---|---|",
		...rows.map(line),
	].join("\n");
}

/**
 * The page with another table in the old one's place.
 * @throws Error for a page that has no place for it
 */
export function withCriuTable(page: string, table: string): string {
	const from = page.indexOf(BEGIN);
	const to = page.indexOf(END, from);
	if (from < 0 || to < 0)
		throw new Error(
			`the page has no place for the table: it stands between ${BEGIN} and ${END}`,
		);
	return `${page.slice(0, from + BEGIN.length)}\n\n${table}\n\n${page.slice(to)}`;
}
