/** A comparison as text, Markdown and JSON. */

import { MARKS } from "../formats/markdown/markdown.js";
import { fence, plain } from "../formats/markdown/markdownText.js";
import { counted } from "../model/counts.js";
import { words } from "../model/summary.js";
import { oneLine } from "../text/escape.js";
import { COLUMNS, wrapShell, wrapWords } from "../text/wrap.js";
import {
	CHANGES,
	type Change,
	type ChangeKind,
	type Comparison,
	isNewFailure,
	type Outcome,
	type TargetComparison,
} from "./compare.js";

/** Changes of a kind that Markdown shows; the rest is counted. */
const SHOWN = 200;

const KINDS = Object.keys(CHANGES) as ChangeKind[];

/** The answer in one sentence. */
export function comparisonSentence(comparison: Comparison): string {
	const { pairs } = comparison;
	if (pairs.length === 0)
		return "There is no target that both sides have: nothing was compared.";
	const total = (kind: ChangeKind): number =>
		pairs.reduce((all, { changes }) => all + changes[kind].length, 0);
	const same = pairs.reduce((all, pair) => all + pair.same, 0);
	const rest = `${total("fixes")} fixed, ${total("lost")} no longer tried, ${total("reasons")} with another outcome, ${total("appeared")} new, ${total("vanished")} vanished, ${same} as before`;
	const count = total("regressions");
	const { newFailures } = comparison;
	const fresh = `failures in what is new: ${newFailures}`;
	if (count === 0)
		return `No regression${newFailures === 0 ? "" : `, but ${fresh}`}: ${rest}.`;
	return `${counted(count, "regression")}${newFailures === 0 ? "" : `, ${fresh}`}; ${rest}.`;
}

/** `fail (expected EPERM, observed ok)`. */
function outcomeWords(outcome: Outcome): string {
	const known = outcome.known ? ", known" : "";
	if (outcome.verdict === "pass")
		return outcome.observed === "" ? "pass" : `pass (${outcome.observed})`;
	if (outcome.verdict === "fail")
		return `fail${known} (expected ${outcome.expected}, observed ${outcome.observed})`;
	return `${words(outcome.verdict)}${known} (${outcome.reason})`;
}

/** True for what a reader will want to try. */
function isWorse(kind: ChangeKind, change: Change): boolean {
	return kind === "regressions" || isNewFailure(change);
}

/** Before and after, and the reasons where these are all that differs. */
function beforeAfter({
	old,
	new: now,
}: Change): { label: string; text: string }[] {
	const rows = [
		...(old === undefined ? [] : [{ label: "was", text: outcomeWords(old) }]),
		...(now === undefined ? [] : [{ label: "is", text: outcomeWords(now) }]),
	];
	if (
		old === undefined ||
		now === undefined ||
		outcomeWords(old) !== outcomeWords(now)
	)
		return rows;
	return [
		{ label: "is", text: outcomeWords(now) },
		{ label: "was because", text: old.reason },
		{ label: "is because", text: now.reason },
	];
}

export function* comparisonText(comparison: Comparison): Generator<string> {
	yield `${wrapWords(comparisonSentence(comparison)).join("\n")}\n`;
	for (const warning of comparison.warnings)
		yield fitted(`Note: ${warning}`, "      ");
	for (const pair of comparison.pairs) yield* pairText(pair);
	for (const [label, list] of [
		["Only in the old results", comparison.onlyOld],
		["Only in the new results", comparison.onlyNew],
	] as const) {
		if (list.length > 0) yield `\n${label}:\n`;
		for (const target of list) yield fitted(`  ${target}`, "    ");
	}
}

function sameWords({ same }: TargetComparison): string {
	return `${counted(same, "case is", "cases are")} as before.`;
}

function* pairText(pair: TargetComparison): Generator<string> {
	yield `\n${"=".repeat(COLUMNS)}\n${fitted(`old: ${pair.old}`, "     ")}${fitted(`new: ${pair.new}`, "     ")}`;
	for (const difference of pair.differences)
		yield fitted(`  ${difference}`, "    ");
	yield fitted(sameWords(pair));
	for (const kind of KINDS) {
		const changes = pair.changes[kind];
		if (changes.length > 0) yield `\n${CHANGES[kind]}: ${changes.length}\n`;
		for (const one of changes) {
			yield fitted(`  ${one.id}`, "    ");
			for (const { label, text } of beforeAfter(one))
				yield fitted(`    ${label}: ${text}`, "      ");
			if (isWorse(kind, one) && one.replay !== undefined)
				yield `${wrapShell(oneLine(one.replay), "    ").join("\n")}\n`;
		}
	}
}

function fitted(text: string, rest = ""): string {
	const start = /^ */.exec(text)?.[0] ?? "";
	return `${wrapWords(oneLine(text.slice(start.length)), start, rest).join("\n")}\n`;
}

export function* comparisonMarkdown(comparison: Comparison): Generator<string> {
	const mark = { 0: MARKS.passed, 1: MARKS.failed, 3: MARKS.incomplete };
	yield `## ${mark[comparison.exitCode]} CAP_CHECKPOINT_RESTORE: what changed\n\n${plain(comparisonSentence(comparison))}\n`;
	for (const warning of comparison.warnings) yield `\n> ${plain(warning)}\n`;
	for (const pair of comparison.pairs) yield* pairMarkdown(pair);
	for (const [label, list] of [
		["Only in the old results", comparison.onlyOld],
		["Only in the new results", comparison.onlyNew],
	] as const) {
		if (list.length > 0)
			yield `\n### ${label}\n\n${list.map((target) => `- ${plain(target)}\n`).join("")}`;
	}
}

function* pairMarkdown(pair: TargetComparison): Generator<string> {
	yield `\n### ${plain(pair.old)} → ${plain(pair.new)}\n\n`;
	if (pair.differences.length > 0) {
		yield `<details>\n<summary>${counted(pair.differences.length, "difference")} between the targets</summary>\n\n${pair.differences.map((one) => `- ${plain(one)}\n`).join("")}\n</details>\n\n`;
	}
	yield `${sameWords(pair)}\n`;
	for (const kind of KINDS) {
		const changes = pair.changes[kind];
		if (changes.length === 0) continue;
		yield `\n#### ${CHANGES[kind]}: ${changes.length}\n\n| case | was | is |\n|---|---|---|\n`;
		for (const one of changes.slice(0, SHOWN)) {
			const [was, is] = cells(one);
			yield `| ${plain(one.id)} | ${plain(was)} | ${plain(is)} |\n`;
		}
		if (changes.length > SHOWN)
			yield `\n${counted(changes.length - SHOWN, "more is", "more are")} in the JSON form of this comparison.\n`;
		const replays = changes
			.slice(0, SHOWN)
			.filter((one) => isWorse(kind, one))
			.flatMap(({ replay }) => (replay === undefined ? [] : [replay]));
		if (replays.length > 0) yield `\n${fence(replays, "sh")}`;
	}
}

/** Before and after in a table: the outcomes, or the reasons where these are all that differs. */
function cells({ old, new: now }: Change): [string, string] {
	const was = old === undefined ? "" : outcomeWords(old);
	const is = now === undefined ? "" : outcomeWords(now);
	return was === is && old !== undefined && now !== undefined
		? [`${was}, because ${old.reason}`, `${is}, because ${now.reason}`]
		: [was, is];
}

/** The comparison as it is, one change a line. */
export function* comparisonJson(comparison: Comparison): Generator<string> {
	const { pairs, ...rest } = comparison;
	yield `{\n"schemaVersion":2,\n`;
	for (const [key, value] of Object.entries(rest))
		yield `${JSON.stringify(key)}:${JSON.stringify(value)},\n`;
	yield '"pairs":[';
	for (const [index, pair] of pairs.entries()) {
		const { changes, ...head } = pair;
		yield `${index === 0 ? "\n" : ",\n"}{\n`;
		for (const [key, value] of Object.entries(head))
			yield `${JSON.stringify(key)}:${JSON.stringify(value)},\n`;
		yield '"changes":{';
		for (const [at, kind] of KINDS.entries()) {
			yield `${at === 0 ? "\n" : ",\n"}${JSON.stringify(kind)}:[`;
			yield changes[kind].map((one) => `\n${JSON.stringify(one)}`).join(",");
			yield "]";
		}
		yield "\n}\n}";
	}
	yield "\n]\n}\n";
}
