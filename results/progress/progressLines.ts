/** What progress looks like: from a state to lines, nothing else. */

import type { CaseResult } from "../model/model.js";
import {
	badWords,
	OUTCOME_WORDS,
	outcome,
	sentence,
	size,
	type TargetSummary,
	unexpected,
} from "../model/summary.js";
import type { Palette } from "../text/ansi.js";
import { oneLine } from "../text/escape.js";
import { columns, fit } from "../text/wrap.js";

/** One target on its way. */
export interface TargetProgress {
	name: string;
	phase: "boot" | "run" | "done";
	/** What is known of it, from its head on. */
	summary?: TargetSummary;
	/** When its boot and its first case began, milliseconds of the caller's clock. */
	bootedAt: number;
	ranAt?: number;
	/** The first failures, for the last screen. */
	failures: CaseResult[];
}

/** No more failures of a target than this are kept for the last screen. */
export const KEPT = 5;

/** The display shows no more targets than this at once. */
const SHOWN = 8;

/** The lines of a live display, none wider than `width`. */
export function liveLines(
	targets: readonly TargetProgress[],
	now: number,
	width: number,
	paint: Palette,
): string[] {
	const active = targets.filter(({ phase }) => phase !== "done");
	const name = Math.min(
		32,
		Math.max(0, ...active.map((target) => columns(oneLine(target.name)))),
	);
	const lines = active
		.slice(0, SHOWN)
		.map((target) => liveLine(target, now, name, width, paint));
	if (active.length > SHOWN)
		lines.push(fit(`… and ${active.length - SHOWN} more`, width).trimEnd());
	if (targets.length > 1) {
		const done = targets.length - active.length;
		lines.push(
			fit(`${done} of ${targets.length} targets done`, width).trimEnd(),
		);
	}
	return lines;
}

function liveLine(
	target: TargetProgress,
	now: number,
	name: number,
	width: number,
	paint: Palette,
): string {
	const label = fit(oneLine(target.name), name);
	const { summary } = target;
	if (target.phase === "boot" || summary === undefined) {
		const seconds = Math.floor((now - target.bootedAt) / 1000);
		return `${label}  ${paint.dim(fit(`booting, ${seconds} s`, Math.max(1, width - name - 2)).trimEnd())}`;
	}
	const done = size(summary.totals);
	const planned = Math.max(summary.head.planned, done);
	const words = badWords(summary.totals);
	const left = timeLeft(now - (target.ranAt ?? now), done, planned);
	const counted = `${String(done).padStart(String(planned).length)}/${planned}`;
	const space = width - name - counted.length - 4;
	const bar = Math.max(
		0,
		Math.min(24, space - columns(words) - columns(left) - 4),
	);
	const rest = [words, left].filter((part) => part !== "").join("  ");
	const shown = fit(
		rest,
		Math.max(1, Math.min(columns(rest), space - bar - 2)),
	).trimEnd();
	return `${label}  ${paint.good(progressBar(done / Math.max(1, planned), bar))} ${counted}  ${words === "" ? paint.dim(shown) : paint.bad(shown)}`;
}

/** `about 12 s left`, once there is something to go by. */
function timeLeft(elapsed: number, done: number, planned: number): string {
	if (done < 10 || done >= planned) return "";
	const seconds = Math.ceil(((elapsed / done) * (planned - done)) / 1000);
	return seconds < 90
		? `about ${seconds} s left`
		: `about ${Math.ceil(seconds / 60)} min left`;
}

function progressBar(part: number, width: number): string {
	if (width < 5) return "";
	const full = Math.min(width, Math.round(part * width));
	return "━".repeat(full) + "─".repeat(width - full);
}

/** Where a reader can look closer. */
export interface StoredReport {
	format: string;
	file: string;
}

/** The last screen: did it pass; if not, what, why, and how to see it oneself. */
export function lastLines(
	targets: readonly TargetProgress[],
	reports: readonly StoredReport[],
	paint: Palette,
): string[] {
	const lines = targets.flatMap((target) => lastOfTarget(target, paint));
	const anyBad = targets.some(
		(target) =>
			target.summary === undefined || outcome(target.summary) !== "passed",
	);
	const json = reports.find(({ format }) => format === "json");
	for (const { format, file } of reports)
		lines.push(paint.dim(`${format}: ${oneLine(file)}`));
	if (anyBad && json !== undefined) {
		lines.push(
			paint.dim(
				`see all of it: crcap show ${oneLine(json.file)} --report text`,
			),
		);
	}
	return lines;
}

function lastOfTarget(target: TargetProgress, paint: Palette): string[] {
	const { summary, failures } = target;
	if (summary === undefined) {
		return [
			`${paint.bad("LOST")}  ${oneLine(target.name)}: it said nothing before the run ended`,
		];
	}
	const came = outcome(summary);
	const colour = {
		passed: paint.good,
		failed: paint.bad,
		incomplete: paint.warn,
	};
	const { release, arch } = summary.head.kernel;
	const lines = [
		`${colour[came](OUTCOME_WORDS[came])}  ${paint.bold(oneLine(target.name))}: Linux ${oneLine(`${release} ${arch}`)}, ${summary.head.accel}`,
		`      ${oneLine(sentence(summary))}`,
	];
	for (const failure of failures) lines.push(...lastOfCase(failure, paint));
	const more = unexpected(summary) - failures.length - summary.totals.not_run;
	if (more > 0) lines.push(`      … and ${more} more`);
	return lines;
}

function lastOfCase(result: CaseResult, paint: Palette): string[] {
	const why =
		result.verdict === "fail"
			? `expected ${result.expected}, observed ${result.observed}`
			: result.verdict;
	return [
		`      ${paint.bad("✗")} ${result.id}: ${oneLine(why, 300)}`,
		`        ${oneLine(result.reason, 300)}`,
		`        ${paint.dim(oneLine(result.replay.crprobe))}`,
	];
}
