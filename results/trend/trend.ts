/** The last runs of each kernel as one self-contained page: verdicts by date and release, durations, what changed when. */
import { createHash } from "node:crypto";
import { VERDICTS } from "../model/basics.js";
import { counted } from "../model/counts.js";
import type { Report, TargetResult, Verdict } from "../model/model.js";
import { hasRun, isKnown, OUTCOME_WORDS, outcomeOf } from "../model/summary.js";
import { oneLine } from "../text/escape.js";
import { escapeHtml, pageStart } from "../text/markup.js";

/** One run of one kernel, as much of it as the page needs. */
export interface TrendRun {
	readonly file: string;
	readonly startedAt: string;
	readonly target: Omit<TargetResult, "cases">;
	readonly known: number;
	readonly verdicts: ReadonlyMap<string, Verdict>;
}

/** What a report adds to a trend: a run for each target. */
export function trendRuns(file: string, report: Report): TrendRun[] {
	return report.targets.map(({ cases, ...target }) => ({
		file,
		startedAt: report.startedAt,
		target,
		known: cases.filter(isKnown).length,
		verdicts: new Map(cases.map(({ id, verdict }) => [id, verdict])),
	}));
}

/** True where at least one case ran. */
export function anyRan(report: Report): boolean {
	return report.targets.some(({ cases }) => cases.some(hasRun));
}

/** Changes of one run that are named. */
const NAMED = 50;

const STYLE = `:root{color-scheme:light dark;font:15px/1.45 system-ui,sans-serif}
body{margin:2rem auto;max-width:70rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8884;overflow-wrap:anywhere}
svg{width:14rem;height:1rem;display:block}
.pass{fill:#2c8a4b}.fail{fill:#c62f2f}.crash{fill:#7d1f8f}.timeout{fill:#c7720b}.error{fill:#a8641a}.not_run{fill:#8a8f98}.skip{fill:#c8ccd2}.time{fill:#1f5fbf}
summary{cursor:pointer}ul{margin:.3rem 0;padding-left:1.2rem}.new{font-weight:600}`;

const POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; base-uri 'none'; form-action 'none'`;

/** Nothing of a report is markup, and nothing of it moves other text. */
const html = (text: string): string => escapeHtml(oneLine(text, 300));

/** Yields the page in pieces, so that it is never held whole. */
export function* trendPage(runs: readonly TrendRun[]): Generator<string> {
	const kernels = byKernel(runs);
	const title = `${counted(runs.length, "run")} of ${counted(kernels.size, "kernel")}`;
	yield pageStart({ policy: POLICY, title, style: STYLE });
	yield `<h1>${title}</h1>\n`;
	for (const [name, own] of kernels) yield* kernelPart(name, own);
	yield "</body>\n</html>\n";
}

/** By the target's name, each in the order of time. */
function byKernel(runs: readonly TrendRun[]): Map<string, TrendRun[]> {
	const kernels = new Map<string, TrendRun[]>();
	for (const run of runs) {
		const key = `${run.target.name}, ${run.target.kernel.arch}`;
		kernels.set(key, [...(kernels.get(key) ?? []), run]);
	}
	for (const own of kernels.values()) own.sort((a, b) => timeOf(a) - timeOf(b));
	return kernels;
}

/** A date that is none comes first. */
const timeOf = ({ startedAt }: TrendRun): number =>
	Number(new Date(startedAt)) || 0;

function* kernelPart(
	name: string,
	runs: readonly TrendRun[],
): Generator<string> {
	const longest = Math.max(1, ...runs.map(({ target }) => target.durationMs));
	yield `<h2>${html(name)}</h2>
<table>
<thead><tr><th>run</th><th>release</th><th>outcome</th><th>verdicts</th><th>duration</th><th>changed since the run before</th></tr></thead>
<tbody>
`;
	for (const [i, run] of runs.entries()) {
		const before = runs[i - 1];
		const { kernel, durationMs, accel } = run.target;
		const other =
			before !== undefined && before.target.kernel.release !== kernel.release;
		const seconds = (durationMs / 1000).toFixed(1);
		yield `<tr><td title="${html(run.file)}">${html(run.startedAt)}</td><td${other ? ' class="new"' : ""}>${html(kernel.release)}</td><td>${OUTCOME_WORDS[outcomeOf({ ...run.target, known: run.known })]}</td><td>${verdictBar(run)}</td><td>${durationBar(durationMs / longest)}${seconds} s, ${html(accel)}</td><td>${before === undefined ? "" : changes(before, run)}</td></tr>\n`;
	}
	yield "</tbody>\n</table>\n";
}

function verdictBar({ target: { totals } }: TrendRun): string {
	const all = VERDICTS.reduce((sum, verdict) => sum + totals[verdict], 0);
	let at = 0;
	const parts = VERDICTS.filter((verdict) => totals[verdict] > 0).map(
		(verdict) => {
			const width = (totals[verdict] / all) * 100;
			const part = `<rect class="${verdict}" x="${at.toFixed(2)}" y="0" width="${width.toFixed(2)}" height="10"/>`;
			at += width;
			return part;
		},
	);
	const words = VERDICTS.filter((verdict) => totals[verdict] > 0)
		.map((verdict) => `${totals[verdict]} ${verdict.replace("_", " ")}`)
		.join(", ");
	return `<svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="${words}">${parts.join("")}</svg>${words || "no case"}`;
}

function durationBar(share: number): string {
	const width = Math.max(0, Math.min(1, share)) * 100;
	return `<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="time" x="0" y="3" width="${width.toFixed(2)}" height="4"/></svg>`;
}

function changes(before: TrendRun, now: TrendRun): string {
	const changed: string[] = [];
	let gone = 0;
	for (const [id, verdict] of now.verdicts) {
		const was = before.verdicts.get(id);
		if (was !== verdict) changed.push(`${id}: ${was ?? "new"} → ${verdict}`);
	}
	for (const id of before.verdicts.keys()) if (!now.verdicts.has(id)) gone++;
	const said = gone === 0 ? "" : `${counted(gone, "case")} not there any more`;
	if (changed.length === 0) return said || "nothing";
	const more = changed.length - NAMED;
	const items = [
		...changed.slice(0, NAMED).map(html),
		...(more > 0 ? [`and ${more} more`] : []),
	];
	return `<details><summary>${counted(changed.length, "case")}</summary><ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul></details>${said}`;
}
