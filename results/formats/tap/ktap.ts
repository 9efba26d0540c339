/** KTAP version 1 as Documentation/dev-tools/ktap.rst has it: nested, every plan first, nothing but lines. */

import type { CaseResult } from "../../model/model.js";
import {
	isBad,
	isKnown,
	isUnexpected,
	outcome,
	type ReportSummary,
	sentence,
	type TargetSummary,
	unexpected,
	untold,
	words,
} from "../../model/summary.js";
import type { CaseStore } from "../../stream/document.js";
import { detailRows } from "../../text/details.js";
import { MAX_TEXT, oneLine } from "../../text/escape.js";

/** What kunit.py takes for the end of a kernel's log wherever it stands in a line, so that a quoted console would end the report. */
const LOG_END = /(List of all partitions|not syncing|System halted)/g;

/** Longest diagnostic line: a mail's reader cuts it, and so does a kernel's log. */
const MAX_LINE = 500;

export function* ktap(
	summary: ReportSummary,
	cases: CaseStore,
): Generator<string> {
	const { tool, startedAt } = summary.head;
	yield "KTAP version 1\n";
	const [only] = summary.targets;
	const said = diagnostic(
		0,
		`${tool.name} ${tool.version}, started ${startedAt}`,
	);
	if (summary.targets.length === 1 && only !== undefined) {
		// Several are named by their subtests, one by nothing else.
		const name = diagnostic(0, `target: ${only.head.name}`);
		yield* targetBody(only, 0, cases, 0, said + name);
		return;
	}
	yield `1..${summary.targets.length}\n${said}`;
	for (const [index, target] of summary.targets.entries()) {
		yield subtest(1, target.head.name);
		yield* targetBody(target, index, cases, 1);
		yield point(0, index + 1, target.head.name, outcome(target) !== "passed");
	}
}

function* targetBody(
	target: TargetSummary,
	index: number,
	cases: CaseStore,
	depth: number,
	said = "",
): Generator<string> {
	const { head, tail, groups } = target;
	// Where a run is lost and no case shows it, a point of its own does.
	const lost = unexpected(target) === 0 ? untold(target) : undefined;
	const points = groups.size + (lost === undefined ? 0 : 1);
	yield `${pad(depth)}1..${points}\n${said}`;
	yield diagnostic(depth, `kernel: ${head.kernel.release} ${head.kernel.arch}`);
	yield diagnostic(
		depth,
		`accel: ${head.accel}${head.accelReason === undefined ? "" : `, ${head.accelReason}`}`,
	);
	for (const [name, value] of [
		...Object.entries(head.tools),
		...Object.entries(head.facts),
	]) {
		yield diagnostic(depth, `${name}: ${value}`);
	}
	let number = 0;
	for (const [suite, subjects] of groups) {
		number += 1;
		yield subtest(depth + 1, suite);
		yield `${pad(depth + 1)}1..${subjects.size}\n`;
		let failed = false;
		let count = 0;
		for (const subject of subjects.keys()) {
			count += 1;
			const group = yield* groupBody(
				cases.group(index, suite, subject),
				subject,
				depth + 2,
			);
			yield point(depth + 1, count, subject, group);
			failed ||= group;
		}
		yield point(depth, number, suite, failed);
	}
	if (lost !== undefined)
		yield `${pad(depth)}not ok ${points} run # ERROR ${quiet(oneLine(lost, MAX_LINE)).replaceAll("#", "\\x23")}\n`;
	yield diagnostic(depth, sentence(target));
	for (const line of [...(tail?.notes ?? []), ...(tail?.consoleTail ?? [])])
		yield diagnostic(depth, line);
}

/** One subject's cases; returns whether one failed. */
function* groupBody(
	cases: Iterable<CaseResult>,
	subject: string,
	depth: number,
): Generator<string, boolean> {
	const all = [...cases];
	yield subtest(depth, subject);
	yield `${pad(depth)}1..${all.length}\n`;
	for (const [index, result] of all.entries())
		yield testCase(depth, index + 1, result);
	return all.some(isUnexpected);
}

function testCase(depth: number, number: number, result: CaseResult): string {
	const line = `${pad(depth)}${isUnexpected(result) ? "not ok" : "ok"} ${number} ${name(result.id)}${directive(result)}\n`;
	return isBad(result.verdict) ? details(depth, result) + line : line;
}

function directive(result: CaseResult): string {
	const data = diagnosticData(result);
	// A second `#` could start a directive of its own.
	return data === ""
		? ""
		: ` # ${quiet(oneLine(data, MAX_LINE)).replaceAll("#", "\\x23")}`;
}

function diagnosticData(result: CaseResult): string {
	// A known failure is `ok`, as kselftest has it: readers that don't know the directive must not report it.
	if (isKnown(result)) return `XFAIL ${result.known?.reason}`;
	switch (result.verdict) {
		case "pass":
			return "";
		case "skip":
			return `SKIP ${result.reason}`;
		case "timeout":
			return `TIMEOUT ${result.reason}`;
		case "fail":
			return `expected ${result.expected}, observed ${result.observed}`;
		default:
			return `ERROR ${words(result.verdict)}: ${result.reason}`;
	}
}

/** What there is to know of a failure, before its result line, as the format recommends. */
function details(depth: number, result: CaseResult): string {
	const lines = detailRows(result).map(([label, text]) =>
		diagnostic(depth, `${label}: ${text}`),
	);
	const { crprobe, qemu } = result.replay;
	// A line to paste is of no use when it is cut.
	lines.push(diagnostic(depth, `replay: ${crprobe}`, MAX_TEXT));
	if (qemu !== undefined)
		lines.push(diagnostic(depth, `boot: ${qemu}`, MAX_TEXT));
	for (const line of result.console ?? [])
		lines.push(diagnostic(depth, `console: ${line}`));
	return lines.join("");
}

/** The start of a nested test: both headers that parsers look for. */
function subtest(depth: number, text: string): string {
	return `${pad(depth)}KTAP version 1\n${pad(depth)}# Subtest: ${name(text)}\n`;
}

function point(
	depth: number,
	number: number,
	text: string,
	failed: boolean,
): string {
	return `${pad(depth)}${failed ? "not ok" : "ok"} ${number} ${name(text)}\n`;
}

function diagnostic(depth: number, text: string, max = MAX_LINE): string {
	return `${pad(depth)}# ${quiet(oneLine(text, max))}\n`;
}

/** A description, which can't hold a `#`. */
function name(text: string): string {
	return oneLine(text, MAX_LINE).replaceAll("#", "\\x23").trim() || "unnamed";
}

/** The text with a dash in the words that would end the report for a parser. */
function quiet(text: string): string {
	return text.replace(LOG_END, (found) => found.replaceAll(" ", "-"));
}

function pad(depth: number): string {
	return "  ".repeat(depth);
}
