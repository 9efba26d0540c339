/** GitHub's workflow commands: a failure becomes an annotation of the job, whatever else stands in its log. */
import type { CaseResult } from "../model/model.js";
import {
	isKnown,
	isUnexpected,
	OUTCOME_WORDS,
	outcome,
	type ReportSummary,
	sentence,
	type TargetSummary,
	unexpected,
	untold,
	words,
} from "../model/summary.js";
import type { CaseStore } from "../stream/document.js";
import { oneLine } from "../text/escape.js";

/** GitHub shows ten annotations of a kind from one step, and drops the rest without a word. */
const SHOWN = 10;

/** Longest message: GitHub cuts an annotation at 4 kB. */
const MAX_LINE = 1000;

export function* github(
	summary: ReportSummary,
	cases: CaseStore,
): Generator<string> {
	const more = { error: SHOWN, warning: SHOWN, notice: SHOWN };
	/** Says one, as long as one may be shown: the first of several targets take what there is. */
	const say = (kind: keyof typeof more, title: string, text: string): string =>
		more[kind]-- > 0 ? command(kind, title, text) : "";
	for (const [index, target] of summary.targets.entries()) {
		const { name } = target.head;
		const lost = untold(target);
		if (lost !== undefined) yield say("error", `${name}: incomplete`, lost);
		// What never ran is told once, as what the run was lost by.
		const unrun = lost === undefined ? 0 : target.totals.not_run;
		const bad = unexpected(target) - unrun;
		// The last of those that are shown says how many are not.
		const named = bad > more.error ? Math.max(0, more.error - 1) : bad;
		let annotated = 0;
		for (const result of cases.all(index)) {
			if (isKnown(result))
				yield say(
					"notice",
					`${result.id} on ${name}: known failure`,
					result.known?.reason ?? "",
				);
			if (!isUnexpected(result) || annotated === named) continue;
			if (result.verdict === "not_run" && unrun > 0) continue;
			annotated++;
			yield say("error", `${result.id} on ${name}`, failure(result));
		}
		if (annotated < bad)
			yield say(
				"error",
				`${name}: ${bad - annotated}${annotated === 0 ? "" : " more"} did not pass`,
				"the job's summary and the stored report have them all",
			);
		for (const note of target.tail?.notes ?? [])
			yield say("warning", name, note);
		yield plainLine(target);
	}
	if (summary.targets.length === 0)
		yield command("error", "crcap", "no target was tried");
}

function failure(result: CaseResult): string {
	return result.verdict === "fail"
		? `expected ${result.expected}, observed ${result.observed}: ${result.reason}`
		: `${words(result.verdict)}: ${result.reason}`;
}

/** For the log: what the target came to. */
function plainLine(target: TargetSummary): string {
	return `crcap: ${quiet(oneLine(`${target.head.name}: ${OUTCOME_WORDS[outcome(target)]}: ${sentence(target)}`, MAX_LINE))}\n`;
}

function command(kind: string, title: string, text: string): string {
	const name = escapeData(title).replaceAll(":", "%3A").replaceAll(",", "%2C");
	return `::${kind} title=${name}::${escapeData(text)}\n`;
}

/** Foreign text in a command: GitHub undoes the percent signs. */
function escapeData(text: string): string {
	return quiet(oneLine(text, MAX_LINE)).replaceAll("%", "%25");
}

/** The older form of a command is obeyed wherever it stands in a line. */
function quiet(text: string): string {
	return text.replaceAll("##[", "# #[");
}
