/** Plain text for the body of a mail: at most 72 columns but for paths in a command to paste, the answer first, each failure in full. */

import type { CaseResult } from "../model/model.js";
import {
	bad,
	isBad,
	isComplete,
	isKnown,
	OUTCOME_WORDS,
	outcome,
	type ReportSummary,
	sentence,
	type TargetSummary,
	words,
} from "../model/summary.js";
import type { CaseStore } from "../stream/document.js";
import { detailRows } from "../text/details.js";
import { oneLine } from "../text/escape.js";
import { quietWords, suiteRows, table } from "../text/table.js";
import {
	COLUMNS,
	columns,
	fit,
	splitComment,
	wrapShell,
	wrapWords,
} from "../text/wrap.js";

/** Columns for a suite's letter and name. */
const NAME = 42;

/** Widest label of a failure's rows, with its colon and a blank. */
const LABEL = 11;

export function* text(
	summary: ReportSummary,
	cases: CaseStore,
): Generator<string> {
	for (const [index, target] of summary.targets.entries()) {
		if (index > 0) yield `\n${"=".repeat(COLUMNS)}\n\n`;
		yield* head(target);
		yield "\n";
		yield* matrix(target);
		yield* failures(target, cases.all(index));
		yield* lost(target);
	}
	if (summary.targets.length === 0) yield "No target was tried.\n";
	const { tool, startedAt } = summary.head;
	yield `\n-- \n${fitLines(`${tool.name} ${tool.version}, ${startedAt}`)}`;
}

function* head(target: TargetSummary): Generator<string> {
	const { kernel, accel, accelReason, name } = target.head;
	const rows: [string, string | undefined][] = [
		["Target", name],
		["Kernel", `${kernel.release} ${kernel.arch}`],
		["Version", kernel.version],
		["Image", [kernel.path, kernel.source].filter(Boolean).join(", ")],
		["Accel", accelReason === undefined ? accel : `${accel}: ${accelReason}`],
		[
			"Tools",
			Object.entries(target.head.tools)
				.map((pair) => pair.join(" "))
				.join(", "),
		],
	];
	for (const [label, value] of rows) {
		if (value !== undefined && value !== "")
			yield labelled(`${label}:`, value, 9);
	}
	yield "\n";
	yield fitLines(
		oneLine(`${OUTCOME_WORDS[outcome(target)]}: ${sentence(target)}`),
	);
	for (const note of target.tail?.notes ?? [])
		yield fitLines(`Note: ${oneLine(note)}`);
}

/** The suites with a letter and their counts; then the subjects down and the letters across, as many at once as there is space for. */
function* matrix(target: TargetSummary): Generator<string> {
	const found = table(target);
	const { suites, rows, quiet } = found;
	if (suites.length === 0) return;
	yield `${"suite".padEnd(NAME)}${"passed".padStart(9)}${"not passed".padStart(12)}${"skipped".padStart(9)}\n`;
	for (const [at, row] of suiteRows(target).entries()) {
		const name = fit(`${letter(at)}  ${oneLine(row.suite)}`, NAME);
		yield `${name}${String(row.pass).padStart(9)}${String(row.bad).padStart(12)}${String(row.skip).padStart(9)}\n`;
	}
	yield "\n";
	const cellWidths = rows.flatMap(({ cells }) =>
		cells.map((one) => one.length),
	);
	const width = Math.max(4, ...cellWidths.map((one) => one + 2));
	const names = rows.map((row) => columns(oneLine(row.subject)));
	const subject = Math.min(40, COLUMNS - width, Math.max(0, ...names));
	const across = Math.max(1, Math.floor((COLUMNS - subject) / width));
	for (let from = 0; rows.length > 0 && from < suites.length; from += across) {
		const some = suites.slice(from, from + across);
		yield line(
			"",
			some.map((_, at) => letter(from + at)),
			subject,
			width,
		);
		for (const row of rows) {
			const cells = row.cells.slice(from, from + across);
			yield line(
				oneLine(row.subject),
				cells.map((one) => (one === "" ? "-" : one)),
				subject,
				width,
			);
		}
		yield "\n";
	}
	if (quiet > 0) yield fitLines(quietWords(found));
	if (rows.length === 0) return;
	yield "ok: all passed  -: not tried  F: failed  C: crashed  T: timed out\n";
	yield "E: could not be tried  N: not run; the number says how many cases\n";
}

function line(
	first: string,
	cells: string[],
	subject: number,
	width: number,
): string {
	return `${fit(first, subject)}${cells.map((cell) => cell.padStart(width)).join("")}\n`;
}

/** a, b, … z, aa, ab, … */
function letter(index: number): string {
	const last = String.fromCharCode(97 + (index % 26));
	return index < 26 ? last : letter(Math.floor(index / 26) - 1) + last;
}

function* failures(
	target: TargetSummary,
	cases: Iterable<CaseResult>,
): Generator<string> {
	if (bad(target.totals) - target.totals.not_run === 0) return;
	let number = 0;
	for (const result of cases) {
		// What never ran is counted above; there is nothing more to say of each.
		if (!isBad(result.verdict) || result.verdict === "not_run") continue;
		number += 1;
		yield `\n${fitLines(`${number}. ${result.id}: ${words(result.verdict)}${isKnown(result) ? ", as known" : ""}`, "   ")}`;
		yield* failure(result);
	}
}

function* failure(result: CaseResult): Generator<string> {
	for (const [label, value] of detailRows(result))
		yield labelled(`  ${label}:`, value, LABEL + 2);
	yield "  by hand:\n";
	yield shell(result.replay.crprobe);
	if (result.replay.qemu !== undefined) {
		const { command, comment } = splitComment(result.replay.qemu);
		yield "  boot the same guest:\n";
		yield shell(command);
		yield* note(comment);
	}
	if (result.console !== undefined && result.console.length > 0) {
		yield "  console:\n";
		for (const row of result.console) yield raw(row, "    | ");
	}
}

/** What a replay line says behind its command: where a file comes from as `FILE: COMMAND`, or anything else. */
function* note(comment: string): Generator<string> {
	if (comment === "") return;
	const [, file, command] = /^([^\s:]+): (.+)$/.exec(comment) ?? [];
	if (file === undefined || command === undefined) {
		yield labelled("  note:", comment, LABEL + 2);
		return;
	}
	yield fitLines(`  ${oneLine(file)} is left here by:`);
	yield shell(command);
}

function* lost(target: TargetSummary): Generator<string> {
	const tail = target.tail?.consoleTail ?? [];
	if (isComplete(target) || tail.length === 0) return;
	yield "\nThe console's last lines:\n";
	for (const row of tail) yield raw(row, "  | ");
}

function labelled(label: string, value: string, width: number): string {
	const blank = " ".repeat(width);
	return `${wrapWords(oneLine(value), label.padEnd(width), blank).join("\n")}\n`;
}

function shell(command: string): string {
	return `${wrapShell(oneLine(command), "    ").join("\n")}\n`;
}

/** A console line as it is, cut where there is no more space. */
function raw(row: string, prefix: string): string {
	const space = COLUMNS - prefix.length;
	const pieces = oneLine(row, 1000).match(new RegExp(`.{1,${space}}`, "gu"));
	return (pieces ?? [""]).map((piece) => `${prefix}${piece}\n`).join("");
}

/** Breaks a text into lines of the report's width: the first is indented as it was, the others by `rest` where it is given. */
function fitLines(value: string, rest = ""): string {
	const start = /^ */.exec(value)?.[0] ?? "";
	return `${wrapWords(value.slice(start.length), start, rest === "" ? start : rest).join("\n")}\n`;
}
