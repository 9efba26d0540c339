/** What each run of a planted fault showed, judged. */
import type { CaseResult, TargetResult } from "../results/model/model.js";

export interface Fault {
	readonly name: string;
	/** What it is planted in: a boundary, or what the suite of this name asks (`controls`, `lsm`), or `helper`. */
	readonly part: string;
	readonly kind: string;
	/** What it stands for. */
	readonly description: string;
	/** Who notices: a case's id and what it shows, or that in a sentence. */
	readonly caughtBy: string;
	/** The versions of Linux that have it; all, where they are not named. */
	readonly versions?: readonly string[];
	/** The configuration that has what it is about, where the base one has not. */
	readonly config?: "whole";
	/** The security modules to boot with, one after the other, where it shows under them alone. */
	readonly modules?: readonly string[];
	/** Other parts whose cases it fails, each with the reason. */
	readonly maySpread?: readonly { part: string; reason: string }[];
}

/** The part that all others share: any case may catch a fault in it. */
export const EVERYWHERE = "helper";

/** What one boot with a fault (or none) showed. */
export interface Finding {
	/** Cases of the fault's own part that failed. */
	readonly caught: readonly string[];
	/** Cases failed or in error that concern other parts only, and that the fault's entry does not announce. */
	readonly spread: readonly string[];
	/** For each of those, what was expected and what was seen. */
	readonly details: readonly string[];
	/** Why the run says nothing: it was incomplete. */
	readonly trouble: string | null;
}

const BAD = new Set(["fail", "crash", "timeout"]);

/** What is looked at of a run's targets, which the same kernel is, booted several times. */
type Ran = Pick<TargetResult, "cases" | "complete" | "incompleteReason">;

/** The boots of one kernel as one run. @throws Error where there is none. */
export function together(targets: readonly TargetResult[]): Ran {
	if (targets.length === 0) throw new Error("the report has no target");
	const short = targets.find(({ complete }) => !complete);
	return {
		cases: targets.flatMap(({ cases }) => cases),
		complete: short === undefined,
		...(short?.incompleteReason !== undefined && {
			incompleteReason: short.incompleteReason,
		}),
	};
}

/**
 * Judges the run of a kernel with this fault; null: without one, when nothing may fail.
 * `concerns` tells which parts a case is about that names none.
 */
export function findingOf(
	result: Ran,
	fault: Fault | null,
	concerns: (id: string) => readonly string[],
): Finding {
	const about = ({ id, boundary }: CaseResult): readonly string[] =>
		boundary === undefined ? concerns(id) : [boundary];
	const own = (result: CaseResult): boolean =>
		fault !== null &&
		(fault.part === EVERYWHERE ||
			result.id.startsWith(`${fault.part}.`) ||
			about(result).includes(fault.part));
	const announced = new Set(fault?.maySpread?.map(({ part }) => part) ?? []);
	const caught = result.cases
		.filter((one) => BAD.has(one.verdict) && own(one))
		.map(({ id }) => id);
	const spread = result.cases.filter(
		(one) =>
			(BAD.has(one.verdict) || one.verdict === "error") &&
			!own(one) &&
			!about(one).some((name) => announced.has(name)),
	);
	return {
		caught,
		spread: spread.map(({ id }) => id),
		details: spread.map(
			({ id, verdict, expected, observed, reason }) =>
				`${id}: ${verdict}: expected ${expected}; observed ${observed} (${reason})`,
		),
		// A fault may take the guest down once it was caught; what it would have failed after that is not known.
		trouble:
			!result.complete && caught.length === 0
				? `incomplete: ${result.incompleteReason ?? "no reason given"}`
				: null,
	};
}

/** Did the run show what it should: the fault caught and nothing else, or without one nothing at all? */
export function isSound(finding: Finding, fault: Fault | null): boolean {
	return (
		finding.trouble === null &&
		finding.spread.length === 0 &&
		finding.caught.length > 0 === (fault !== null)
	);
}

/** The first case that caught it, and how many more; what else failed. */
export function verdictText(finding: Finding, fault: Fault | null): string {
	if (finding.trouble !== null) return `NOTHING SHOWN: ${finding.trouble}`;
	const spread =
		finding.spread.length === 0
			? ""
			: `; SPREAD to ${finding.spread.slice(0, 3).join(", ")}${finding.spread.length > 3 ? ` and ${finding.spread.length - 3} more` : ""}`;
	if (fault === null)
		return finding.spread.length === 0 ? "nothing failed" : `FAILED${spread}`;
	const [first, ...rest] = finding.caught;
	if (first === undefined) return `SURVIVED${spread}`;
	const more = rest.length === 0 ? "" : ` and ${rest.length} more`;
	return `${first}${more}${spread}`;
}

export interface TableRow {
	/** The configuration, and the setting where there is one. */
	readonly section: string;
	/** Such as 6.1. */
	readonly version: string;
	readonly fault: Fault | null;
	readonly finding: Finding;
}
