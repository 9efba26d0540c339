/** What a kernel's complaints mean for a case. */
import { type Finding, type FindingKind, markedCase } from "../../vm/index.js";
import type { SplatPolicy } from "../request/splats.js";
import type { Complaint } from "./complaint.js";

/** Lines of console shown with a case. */
const SHOWN = 60;

/** After these a kernel may answer anything: it is broken. */
const BROKEN: ReadonlySet<FindingKind> = new Set([
	...(["panic", "oops", "bug", "kasan", "kmsan", "kfence"] as const),
]);

export function weightOf(
	{ kind }: Finding,
	policy: SplatPolicy,
): Complaint["weight"] {
	return kind === "panic" ? "crash" : policy[kind];
}

/** Before the first case only what breaks the kernel counts: the rest is no case's doing. */
export function spoilsBoot(finding: Finding, policy: SplatPolicy): boolean {
	return BROKEN.has(finding.kind) && weightOf(finding, policy) !== "note";
}

/** All findings of one case, or of the time before the first, as one complaint: the worst one's line first, then what the console shows of that case. */
export function complaintOf(
	n: number | null,
	findings: readonly Finding[],
	lines: readonly string[],
	policy: SplatPolicy,
): Complaint | undefined {
	const weigh = (finding: Finding): Complaint["weight"] =>
		n === null && !spoilsBoot(finding, policy)
			? "note"
			: weightOf(finding, policy);
	const worst =
		findings.find((finding) => weigh(finding) === "crash") ??
		findings.find((finding) => weigh(finding) === "fail") ??
		findings[0];
	if (worst === undefined) return undefined;
	const from = lines.indexOf(worst.line);
	const after = from < 0 ? lines : lines.slice(from + 1);
	return {
		n,
		weight: weigh(worst),
		lines: [worst.line, ...after].slice(0, SHOWN),
	};
}

/** The lines from the one that begins case `n` on; all of them where it is not among them. */
export function sinceCase(lines: readonly string[], n: number): string[] {
	const from = lines.findIndex((line) => markedCase(line) === n);
	return lines.slice(Math.max(0, from));
}
