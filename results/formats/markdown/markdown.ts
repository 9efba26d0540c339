/** Markdown for a pull request or a CI step's summary. */

import type { CaseResult } from "../../model/model.js";
import {
	bad,
	isBad,
	isComplete,
	outcome,
	type ReportSummary,
	sentence,
	type TargetSummary,
	together,
	words,
} from "../../model/summary.js";
import type { CaseStore } from "../../stream/document.js";
import { detailRows } from "../../text/details.js";
import { quietWords, suiteRows, table } from "../../text/table.js";
import { MAX_CHARS, SHOW_ALL } from "./markdownBudget.js";
import { code, fence, html, plain } from "./markdownText.js";

/** Failures shown in full, where there is space for so many; nobody reads more. */
const IN_FULL = 50;

/** No more failures than this are named beside those that are shown in full. */
const NAMED = 500;

/** Kept of the space for what stands around the failures: the overview, the last line, what is left out. */
const FRAME_CHARS = 2000;

/** What a reader sees first, of a run and of a comparison. */
export const MARKS = { passed: "✅", failed: "❌", incomplete: "⚠️" } as const;

export function* markdown(
	summary: ReportSummary,
	cases: CaseStore,
): Generator<string> {
	const came = together(summary.targets.map(outcome));
	yield `## ${MARKS[came]} CAP_CHECKPOINT_RESTORE conformance\n`;
	yield* overview(summary);
	const space = failureSpace(summary);
	for (const [index, target] of summary.targets.entries()) {
		yield `\n### ${plain(target.head.name)}\n\n${plain(sentence(target))}\n\n`;
		yield* matrix(target);
		yield* failures(target, cases.all(index), space);
		yield* ending(target);
	}
	const { tool, startedAt } = summary.head;
	yield `\n<sub>${plain(`${tool.name} ${tool.version}, ${startedAt}`)}</sub>\n`;
}

function* overview(summary: ReportSummary): Generator<string> {
	yield "\n| target | kernel | arch | accel | passed | not passed | skipped | complete |\n|---|---|---|---|--:|--:|--:|---|\n";
	for (const target of summary.targets) {
		const { head, totals } = target;
		const cells = [
			head.name,
			head.kernel.release,
			head.kernel.arch,
			head.accel,
			totals.pass,
			bad(totals),
			totals.skip,
		];
		yield `| ${cells.map((value) => plain(String(value))).join(" | ")} | ${isComplete(target) ? "yes" : "**no**"} |\n`;
	}
}

function* matrix(target: TargetSummary): Generator<string> {
	const found = table(target);
	const { suites, rows, quiet } = found;
	if (suites.length === 0) return;
	yield "| suite | passed | not passed | skipped |\n|---|--:|--:|--:|\n";
	for (const row of suiteRows(target)) {
		yield `| ${plain(row.suite)} | ${row.pass} | ${row.bad} | ${row.skip} |\n`;
	}
	if (rows.length > 0) {
		yield `\n| subject | ${suites.map(plain).join(" | ")} |\n|---|${":-:|".repeat(suites.length)}\n`;
	}
	for (const { subject, cells } of rows) {
		yield `| ${plain(subject)} | ${cells.map(mark).join(" | ")} |\n`;
	}
	if (quiet > 0) yield `\n${quietWords(found)}\n`;
	if (rows.length === 0) return;
	yield "\nF: failed, C: crashed, T: timed out, E: could not be tried, N: not run; the number says how many cases.\n";
}

function mark(cell: string): string {
	if (cell === "") return "·";
	if (cell === "ok") return "✅";
	return cell === "skip" ? "skip" : `❌ ${cell}`;
}

/** Characters for the failures of each target that has any: equal parts of what the rest leaves. */
function failureSpace({ targets }: ReportSummary): number {
	const rest = targets.flatMap((target) => [
		sentence(target),
		...matrix(target),
		...ending(target),
	]);
	const left = MAX_CHARS - FRAME_CHARS - rest.join("").length;
	const failing = targets.filter((target) => shownOf(target) > 0).length;
	return Math.max(0, left / Math.max(1, failing));
}

/** How many failures there are to show: what never ran is counted in the table, and there is no more to say of it. */
function shownOf({ totals }: TargetSummary): number {
	return bad(totals) - totals.not_run;
}

/** As many in full as leave space to name the others, as many names as there is space for, and how many that leaves. */
function* failures(
	target: TargetSummary,
	cases: Iterable<CaseResult>,
	space: number,
): Generator<string> {
	let left = space;
	let waiting = shownOf(target);
	let full = 0;
	let named = 0;
	for (const result of cases) {
		if (!isBad(result.verdict) || result.verdict === "not_run") continue;
		const line = `- ${code(result.id)}: ${words(result.verdict)}\n`;
		if (named === 0 && full < IN_FULL) {
			const piece = failure(result);
			// The others' names are about as long as this one.
			const names = Math.min(NAMED, waiting - 1) * line.length;
			if (piece.length + names <= left) {
				yield piece;
				full += 1;
				waiting -= 1;
				left -= piece.length;
				continue;
			}
		}
		if (named === NAMED || line.length > left) break;
		if (named === 0) yield "\nMore that did not pass:\n\n";
		yield line;
		named += 1;
		waiting -= 1;
		left -= line.length;
	}
	if (waiting > 0) {
		const more = full + named === 0 ? "" : " more";
		yield `\n${waiting}${more} that did not pass ${waiting === 1 ? "is" : "are"} left out here: ${SHOW_ALL}.\n`;
	}
}

/** In one piece, for half of a folded part would hide what follows. */
function failure(result: CaseResult): string {
	const rows = detailRows(result).map(
		([label, value]) => `| ${label} | ${plain(value)} |\n`,
	);
	const { crprobe, qemu } = result.replay;
	const replay = fence([crprobe, ...(qemu === undefined ? [] : [qemu])], "sh");
	const console =
		result.console === undefined || result.console.length === 0
			? ""
			: `\n${fence(result.console, "")}`;
	return `\n<details>\n<summary><b>${words(result.verdict)}</b> ${html(result.id)}</summary>\n\n| | |\n|---|---|\n${rows.join("")}\n${replay}${console}\n</details>\n`;
}

function* ending(target: TargetSummary): Generator<string> {
	for (const note of target.tail?.notes ?? []) yield `\nNote: ${plain(note)}\n`;
	const tail = target.tail?.consoleTail ?? [];
	if (!isComplete(target) && tail.length > 0)
		yield `\nThe console's last lines:\n\n${fence(tail, "")}`;
}
