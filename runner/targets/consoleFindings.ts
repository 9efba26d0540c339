/** What a console's findings and lines mean for a case. */
import { type Finding, markedCase } from "../../vm/index.js";
import type { Complaint } from "./target.js";

/** Lines of console shown with a case. */
const SHOWN = 60;

/** The kernel itself is broken; the other kinds (a warning, a stall that a slow emulator may cause) are only noted. */
export function severityOf(finding: Finding): Complaint["severity"] {
	const { kind, line } = finding;
	if (kind === "panic" || kind === "oops" || kind === "bug") return "oops";
	return kind === "sanitizer" && /\b(KASAN|KFENCE|KMSAN): /.test(line)
		? "oops"
		: "warning";
}

/** All findings of one case as one complaint: the worst one's line first, then what the console shows of that case. */
export function complaintOf(
	n: number | null,
	findings: readonly Finding[],
	lines: readonly string[],
): Complaint | undefined {
	const worst =
		findings.find((finding) => severityOf(finding) === "oops") ?? findings[0];
	if (worst === undefined) return undefined;
	const from = lines.indexOf(worst.line);
	const after = from < 0 ? lines : lines.slice(from + 1);
	return {
		n,
		severity: severityOf(worst),
		lines: [worst.line, ...after].slice(0, SHOWN),
	};
}

/** The lines from the one that begins case `n` on; all of them where it is not among them. */
export function sinceCase(lines: readonly string[], n: number): string[] {
	const from = lines.findIndex((line) => markedCase(line) === n);
	return lines.slice(Math.max(0, from));
}
