/** What the HTML page holds of a run: every string once, a case as a row of numbers, and only what fits. */

import { VERDICTS } from "../model/basics.js";
import type { CaseResult, Totals } from "../model/model.js";
import {
	isBad,
	isComplete,
	isKnown,
	outcome,
	type ReportSummary,
	sentence,
	size,
	type TargetSummary,
} from "../model/summary.js";
import type { CaseStore } from "../stream/document.js";
import { oneLine } from "../text/escape.js";

/** Cases that a page holds; a browser stays quick with so many. Beyond, what passed is left out first. */
export const MAX_PAGE_CASES = 50_000;

/** A longer string is cut on the page, characters. */
const MAX_STRING = 4096;

/** Longest console of one case, in characters. */
const MAX_CONSOLE = 16_384;

/** What each number of a row is; all but `verdict` and `duration` count strings from 1, and 0 is none. */
export const FIELDS = [
	"id",
	"suite",
	"boundary",
	"probe",
	"args",
	"subject",
	"verdict",
	"reason",
	"expected",
	"observed",
	"citation",
	"since",
	"note",
	"duration",
	"readback",
	"crprobe",
	"qemu",
	"console",
	"known",
] as const;

/** Strings by number, each kept once. */
class Strings {
	readonly all: string[] = [];
	readonly #numbers = new Map<string, number>();

	/** The string's number, made safe to show; 0 for none. */
	number(text: string | undefined, max = MAX_STRING): number {
		return text === undefined || text === "" ? 0 : this.raw(oneLine(text, max));
	}

	/** The number of a string that is safe already. */
	raw(text: string): number {
		let number = this.#numbers.get(text);
		if (number === undefined) {
			number = this.all.push(text);
			this.#numbers.set(text, number);
		}
		return number;
	}
}

/** What stands above the targets on the page of a comparison. */
export interface PageLead {
	good: boolean;
	sentence: string;
	notes: string[];
	/** Cases by kind of change; `more` counts those that are left out. */
	changes: { label: string; ids: string[]; more: number }[];
}

/** The page's data as JSON in pieces, none of which can end a script element. */
export function* pageData(
	summary: ReportSummary,
	cases: CaseStore,
	lead: PageLead | null,
): Generator<string> {
	const strings = new Strings();
	const all = summary.targets.reduce(
		(total, { totals }) => total + size(totals),
		0,
	);
	let left = MAX_PAGE_CASES - badCases(summary);
	const { tool, startedAt } = summary.head;
	yield `{"lead":${json(lead === null ? null : safeLead(lead))},"tool":${json(safe(`${tool.name} ${tool.version}`))},"startedAt":${json(safe(startedAt))},"all":${all},"fields":${json(FIELDS)},"verdicts":${json(VERDICTS)},"targets":[`;
	let shown = 0;
	let badShown = 0;
	for (const [index, target] of summary.targets.entries()) {
		yield `${index === 0 ? "" : ","}${json(targetData(target)).slice(0, -1)},"rows":[`;
		let first = true;
		for (const result of cases.all(index)) {
			if (isBad(result.verdict)) {
				if (badShown >= MAX_PAGE_CASES) continue;
				badShown += 1;
			} else if (left <= 0) continue;
			else left -= 1;
			yield `${first ? "\n" : ",\n"}${json(row(result, strings))}`;
			first = false;
			shown += 1;
		}
		yield "]}";
	}
	yield `],"shown":${shown},"strings":[`;
	for (const [index, text] of strings.all.entries())
		yield `${index === 0 ? "\n" : ",\n"}${json(text)}`;
	yield "]}";
}

function safeLead(lead: PageLead): PageLead {
	return {
		...lead,
		sentence: safe(lead.sentence),
		notes: lead.notes.map(safe),
		changes: lead.changes.map((one) => ({ ...one, ids: one.ids.map(safe) })),
	};
}

function badCases(summary: ReportSummary): number {
	return summary.targets.reduce(
		(total, { totals }) =>
			total +
			VERDICTS.filter(isBad).reduce((sum, verdict) => sum + totals[verdict], 0),
		0,
	);
}

function targetData(target: TargetSummary): object {
	const { head, tail, totals, groups } = target;
	const { kernel } = head;
	return {
		name: safe(head.name),
		kind: head.kind,
		release: safe(kernel.release),
		arch: safe(kernel.arch),
		accel: head.accel,
		about: [
			["version", kernel.version],
			["image", kernel.path],
			["sha256", kernel.sha256],
			["source", kernel.source],
			[
				"accelerator",
				head.accelReason === undefined
					? head.accel
					: `${head.accel}: ${head.accelReason}`,
			],
			...Object.entries(head.tools),
			...Object.entries(head.facts),
		].flatMap(([name, value]) =>
			value === undefined || value === ""
				? []
				: [[safe(String(name)), safe(String(value))]],
		),
		sentence: safe(sentence(target)),
		good: outcome(target) === "passed",
		complete: isComplete(target),
		notes: (tail?.notes ?? []).map(safe),
		consoleTail: (tail?.consoleTail ?? []).map(safe),
		durationMs: tail?.durationMs ?? 0,
		totals: counts(totals),
		groups: [...groups].map(([suite, subjects]) => [
			safe(suite),
			[...subjects].map(([subject, each]) => [safe(subject), counts(each)]),
		]),
	};
}

function row(result: CaseResult, strings: Strings): number[] {
	const { citation, replay } = result;
	return [
		strings.number(result.id),
		strings.number(result.suite),
		strings.number(result.boundary),
		strings.number(result.probe),
		strings.number(result.args),
		strings.number(result.subject),
		VERDICTS.indexOf(result.verdict),
		strings.number(result.reason),
		strings.number(result.expected),
		strings.number(result.observed),
		strings.number(citation?.ref),
		strings.number(citation?.since),
		strings.number(citation?.note),
		result.durationUs,
		strings.number(result.readback),
		strings.number(replay.crprobe),
		strings.number(replay.qemu),
		consoleNumber(result.console ?? [], strings),
		isKnown(result) ? strings.number(result.known?.reason) : 0,
	];
}

/** The console as one string of lines. */
function consoleNumber(lines: readonly string[], strings: Strings): number {
	if (lines.length === 0) return 0;
	const text = lines.map((line) => safe(line)).join("\n");
	return strings.raw(
		text.length <= MAX_CONSOLE
			? text
			: `${text.slice(0, MAX_CONSOLE)}\n… cut, see the JSON report`,
	);
}

function counts(totals: Totals): number[] {
	return VERDICTS.map((verdict) => totals[verdict]);
}

function safe(text: string): string {
	return oneLine(text, MAX_STRING);
}

/** JSON that can stand inside a script element: no `<`, so neither an end tag nor a comment. */
function json(value: unknown): string {
	return JSON.stringify(value).replaceAll("<", "\\u003c");
}
