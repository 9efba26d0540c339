/** Markdown for a pull request or a CI step's summary. */
import { detailRows } from "./details.js";
import type { CaseStore } from "./document.js";
import { code, fence, html, plain } from "./markdownText.js";
import type { CaseResult } from "./model.js";
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
} from "./summary.js";
import { boundaryRows, quietWords, table } from "./table.js";

/** Failures shown in full; a summary has to fit where CI shows it (1 MiB), and nobody reads more. */
const IN_FULL = 50;

/** Failures named beyond these. */
const NAMED = 500;

/** What a reader sees first, of a run and of a comparison. */
export const MARKS = { passed: "✅", failed: "❌", incomplete: "⚠️" } as const;

export function* markdown(
	summary: ReportSummary,
	cases: CaseStore,
): Generator<string> {
	const came = together(summary.targets.map(outcome));
	yield `## ${MARKS[came]} CAP_CHECKPOINT_RESTORE conformance\n`;
	yield* overview(summary);
	for (const [index, target] of summary.targets.entries()) {
		yield `\n### ${plain(target.head.name)}\n\n${plain(sentence(target))}\n\n`;
		yield* matrix(target);
		yield* failures(cases.all(index));
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
	const { boundaries, rows, quiet } = found;
	if (boundaries.length === 0) return;
	yield "| boundary | passed | not passed | skipped |\n|---|--:|--:|--:|\n";
	for (const row of boundaryRows(target)) {
		yield `| ${plain(row.boundary)} | ${row.pass} | ${row.bad} | ${row.skip} |\n`;
	}
	if (rows.length > 0) {
		yield `\n| subject | ${boundaries.map(plain).join(" | ")} |\n|---|${":-:|".repeat(boundaries.length)}\n`;
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

function* failures(cases: Iterable<CaseResult>): Generator<string> {
	let number = 0;
	for (const result of cases) {
		if (!isBad(result.verdict) || result.verdict === "not_run") continue;
		number += 1;
		if (number === IN_FULL + 1) yield "\nMore that did not pass:\n\n";
		if (number <= IN_FULL) yield* failure(result);
		else if (number <= NAMED)
			yield `- ${code(result.id)}: ${words(result.verdict)}\n`;
	}
	if (number > NAMED)
		yield `\n${number - NAMED} more are in the JSON report.\n`;
}

function* failure(result: CaseResult): Generator<string> {
	yield `\n<details>\n<summary><b>${words(result.verdict)}</b> ${html(result.id)}</summary>\n\n`;
	yield "| | |\n|---|---|\n";
	for (const [label, value] of detailRows(result))
		yield `| ${label} | ${plain(value)} |\n`;
	yield `\n${fence([result.replay.crprobe, ...(result.replay.qemu === undefined ? [] : [result.replay.qemu])], "sh")}`;
	if (result.console !== undefined && result.console.length > 0)
		yield `\n${fence(result.console, "")}`;
	yield "\n</details>\n";
}

function* ending(target: TargetSummary): Generator<string> {
	for (const note of target.tail?.notes ?? []) yield `\nNote: ${plain(note)}\n`;
	const tail = target.tail?.consoleTail ?? [];
	if (!isComplete(target) && tail.length > 0)
		yield `\nThe console's last lines:\n\n${fence(tail, "")}`;
}
