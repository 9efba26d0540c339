/** JUnit XML as CI systems read it: a suite for each target and suite, a case for each case. */

import { noTotals } from "../model/counts.js";
import type { CaseResult, Totals } from "../model/model.js";
import {
	isKnown,
	type ReportSummary,
	sentence,
	size,
	sum,
	type TargetSummary,
	unexpected,
	untold,
} from "../model/summary.js";
import type { CaseStore } from "../stream/document.js";
import { detailRows } from "../text/details.js";
import { oneLine } from "../text/escape.js";

export function* junit(
	summary: ReportSummary,
	cases: CaseStore,
): Generator<string> {
	const { head, targets } = summary;
	const all = sum(targets.map((target) => target.totals));
	// A lost run is one error more where nothing else would show it.
	all.error += targets.filter(lostBy).length;
	const known = sum(targets.map((target) => target.known));
	const seconds =
		targets.reduce((total, { tail }) => total + (tail?.durationMs ?? 0), 0) /
		1000;
	yield '<?xml version="1.0" encoding="UTF-8"?>\n';
	yield `<testsuites${attributes({ name: head.tool.name, ...counts(all, known), time: seconds.toFixed(3) })}>\n`;
	for (const [index, target] of targets.entries()) {
		const prefix = targets.length === 1 ? "" : `${target.head.name}: `;
		for (const [suite, subjects] of target.groups) {
			const totals = sum(subjects.values());
			const list = [...subjects.keys()].flatMap((subject) => [
				...lazy(cases, index, suite, subject),
			]);
			yield* testsuite(summary, target, `${prefix}${suite}`, totals, list);
		}
		const reason = lostBy(target);
		if (reason !== undefined) yield* lostSuite(summary, target, prefix, reason);
	}
	yield "</testsuites>\n";
}

/** The groups of a suite as functions, so that one group at a time is in memory. */
function* lazy(
	cases: CaseStore,
	index: number,
	suite: string,
	subject: string,
): Generator<() => Iterable<CaseResult>> {
	yield () => cases.group(index, suite, subject);
}

function* testsuite(
	summary: ReportSummary,
	target: TargetSummary,
	name: string,
	totals: Totals,
	groups: (() => Iterable<CaseResult>)[],
): Generator<string> {
	const known = noTotals();
	let micros = 0;
	for (const group of groups) {
		for (const one of group()) {
			if (isKnown(one)) known[one.verdict] += 1;
			micros += one.durationUs;
		}
	}
	const { startedAt } = summary.head;
	yield `  <testsuite${attributes({ name, ...counts(totals, known), time: seconds(micros), timestamp: startedAt })}>\n`;
	yield properties(summary, target);
	for (const group of groups)
		for (const one of group()) yield testCase(one, name);
	const said = [
		...(target.tail?.notes ?? []),
		...(target.tail?.consoleTail ?? []),
	];
	if (said.length > 0) yield `    <system-out>${lines(said)}</system-out>\n`;
	yield "  </testsuite>\n";
}

/** Why a run is incomplete, where no case of it counts as a failure or an error. */
function lostBy(target: TargetSummary): string | undefined {
	return unexpected(target) === 0 ? untold(target) : undefined;
}

/** A suite that says that the guest was lost, for readers who look at errors only. */
function* lostSuite(
	summary: ReportSummary,
	target: TargetSummary,
	prefix: string,
	reason: string,
): Generator<string> {
	const name = `${prefix}run`;
	yield `  <testsuite${attributes({ name, tests: "1", failures: "0", errors: "1", skipped: "0", time: "0" })}>\n`;
	yield properties(summary, target);
	yield `    <testcase${attributes({ classname: name, name: "complete", time: "0" })}>\n`;
	yield `      <error${attributes({ type: "incomplete", message: reason })}>${lines(target.tail?.consoleTail ?? [])}</error>\n`;
	yield "    </testcase>\n  </testsuite>\n";
}

/** Known failures count as skipped, as readers know no better word. */
function counts(totals: Totals, known: Totals): Record<string, string> {
	const errors = (of: Totals): number =>
		of.error + of.timeout + of.crash + of.not_run;
	return {
		tests: String(size(totals)),
		failures: String(totals.fail - known.fail),
		errors: String(errors(totals) - errors(known)),
		skipped: String(totals.skip + size(known)),
	};
}

function properties({ head }: ReportSummary, run: TargetSummary): string {
	const { head: target } = run;
	const { kernel } = target;
	const rows = Object.entries({
		[head.tool.name]: head.tool.version,
		target: target.name,
		summary: sentence(run),
		kernel: kernel.release,
		arch: kernel.arch,
		"kernel.version": kernel.version,
		"kernel.path": kernel.path,
		"kernel.sha256": kernel.sha256,
		"kernel.source": kernel.source,
		accel: target.accel,
		...prefixed("tool", target.tools),
		...prefixed("fact", target.facts),
	}).filter(([, value]) => value !== undefined && value !== "");
	const list = rows.map(
		([name, value]) =>
			`      <property${attributes({ name, value: String(value) })}/>\n`,
	);
	return `    <properties>\n${list.join("")}    </properties>\n`;
}

function prefixed(
	prefix: string,
	values: Record<string, unknown>,
): Record<string, unknown> {
	return Object.fromEntries(
		Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]),
	);
}

function testCase(result: CaseResult, suiteName: string): string {
	const name = attributes({
		classname: `${suiteName}.${result.subject}`,
		name: result.id,
		time: seconds(result.durationUs),
	});
	const inner = outcome(result) + systemOut(result);
	return inner === ""
		? `    <testcase${name}/>\n`
		: `    <testcase${name}>\n${inner}    </testcase>\n`;
}

function outcome(result: CaseResult): string {
	if (result.verdict === "pass") return "";
	if (result.verdict === "skip")
		return `      <skipped${attributes({ message: result.reason })}/>\n`;
	if (isKnown(result)) {
		return `      <skipped${attributes({ message: `known failure: ${result.known?.reason}` })}/>\n`;
	}
	const failed = result.verdict === "fail";
	const message = failed
		? `expected ${result.expected}, observed ${result.observed}`
		: result.reason;
	const tag = failed ? "failure" : "error";
	return `      <${tag}${attributes({ type: result.verdict, message })}>${lines(details(result))}</${tag}>\n`;
}

function details(result: CaseResult): string[] {
	const { crprobe, qemu } = result.replay;
	return [
		...detailRows(result).map(([label, text]) => `${label}: ${text}`),
		`replay: ${crprobe}`,
		...(qemu === undefined ? [] : [`boot: ${qemu}`]),
	];
}

function systemOut(result: CaseResult): string {
	if (result.console === undefined || result.console.length === 0) return "";
	return `      <system-out>${lines(result.console)}</system-out>\n`;
}

function lines(all: readonly string[]): string {
	return all.map((line) => escapeXml(oneLine(line))).join("\n");
}

function seconds(micros: number): string {
	return (micros / 1e6).toFixed(6);
}

function attributes(values: Record<string, string>): string {
	return Object.entries(values)
		.map(([name, value]) => ` ${name}="${escapeXml(oneLine(value))}"`)
		.join("");
}

const ENTITIES: Record<string, string> = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	'"': "&quot;",
	"'": "&apos;",
};

/** Text that is safe in XML content and in attributes, once `oneLine` has taken out what XML can't hold. */
function escapeXml(text: string): string {
	return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
