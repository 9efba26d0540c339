/** Joins the reports of shards, and of different targets, into one; never guesses. */

import { VERDICTS } from "../../results/model/basics.js";
import { counted, noTotals, planGroups } from "../../results/model/counts.js";
import type {
	CaseResult,
	Report,
	TargetResult,
} from "../../results/model/model.js";
import { UsageError } from "../common/usage.js";
import {
	planDigest,
	SHARD_FACTS,
	type Shard,
	unshare,
} from "../request/shard.js";

/** A report and what to call it in messages. */
export interface NamedReport {
	readonly file: string;
	readonly report: Report;
}

interface Piece {
	readonly file: string;
	readonly target: TargetResult;
	/** Absent where the report holds the whole plan. */
	readonly shard: (Shard & { cases: number; digest: string }) | undefined;
}

/**
 * One report with every target in it, in the order in which the first files name them.
 * @throws UsageError for shares that are missing, there twice, or of different plans, kernels or versions
 */
export function mergeReports(reports: readonly NamedReport[]): Report {
	const first = reports[0];
	if (first === undefined) throw new UsageError("merge: no report is named");
	for (const other of reports) sameTool(first, other);
	const pieces = new Map<string, Piece[]>();
	for (const { file, report } of reports) {
		for (const target of report.targets) {
			const known = pieces.get(target.name) ?? [];
			known.push({ file, target, shard: shardOf(file, target) });
			pieces.set(target.name, known);
		}
	}
	const targets = [...pieces.values()].map(joinTarget);
	const starts = reports.map(({ report }) => report.startedAt).sort();
	return {
		schemaVersion: first.report.schemaVersion,
		tool: first.report.tool,
		startedAt: starts[0] ?? first.report.startedAt,
		plannedTargets: targets.length,
		targets,
	};
}

function sameTool(a: NamedReport, b: NamedReport): void {
	if (a.report.tool.version === b.report.tool.version) return;
	throw new UsageError(
		`merge: ${a.file} is of crcap ${a.report.tool.version}, ${b.file} of ${b.report.tool.version}: their plans may differ; run all shards with one version`,
	);
}

/** Reads what the report says of its share. */
function shardOf(file: string, target: TargetResult): Piece["shard"] {
	const said = target.facts[SHARD_FACTS.share];
	if (said === undefined) return undefined;
	const match = /^(\d{1,4})\/(\d{1,4})$/.exec(String(said));
	const index = Number(match?.[1]);
	const count = Number(match?.[2]);
	const cases = Number(target.facts[SHARD_FACTS.cases]);
	if (!match || index < 1 || index > count || !(cases >= count)) {
		throw new UsageError(
			`merge: ${file}: ${target.name}: its facts about its shard make no sense (${said} of ${target.facts[SHARD_FACTS.cases]} cases)`,
		);
	}
	const digest = String(target.facts[SHARD_FACTS.digest]);
	return { index, count, cases, digest };
}

function joinTarget(pieces: readonly Piece[]): TargetResult {
	const [first, second] = pieces;
	if (first === undefined) throw new Error("a target without pieces");
	if (first.shard === undefined) {
		if (second === undefined) return first.target;
		throw new UsageError(
			`merge: ${first.file} and ${second.file} overlap: ${first.target.name} is in both, and ${first.file} holds it whole`,
		);
	}
	for (const piece of pieces) samePlan(first, piece);
	const ordered = everyShare(pieces, first.shard.count);
	const cases = unshare(ordered.map((piece) => piece.target.cases));
	wholePlan(first, ordered, cases);
	return assemble(ordered, cases);
}

function samePlan(a: Piece, b: Piece): void {
	const checks: [string, unknown, unknown][] = [
		["kernel", a.target.kernel.sha256, b.target.kernel.sha256],
		["kernel release", a.target.kernel.release, b.target.kernel.release],
		["architecture", a.target.kernel.arch, b.target.kernel.arch],
		["number of shards", a.shard?.count, b.shard?.count],
		["number of cases", a.shard?.cases, b.shard?.cases],
		["plan", a.shard?.digest, b.shard?.digest],
	];
	const differs = checks.find(([, one, other]) => one !== other);
	if (differs === undefined) return;
	throw new UsageError(
		`merge: ${a.target.name}: ${a.file} and ${b.file} differ in their ${differs[0]}: ${differs[1]}, ${differs[2]}`,
	);
}

/** The pieces in shard order, none missing and none twice. */
function everyShare(pieces: readonly Piece[], count: number): Piece[] {
	const byIndex = new Map<number, Piece>();
	for (const piece of pieces) {
		const index = piece.shard?.index ?? 0;
		const twin = byIndex.get(index);
		if (twin !== undefined) {
			throw new UsageError(
				`merge: ${twin.file} and ${piece.file} overlap: both hold shard ${index}/${count} of ${piece.target.name}`,
			);
		}
		byIndex.set(index, piece);
	}
	const all = Array.from({ length: count }, (_, i) => i + 1);
	const missing = all.filter((index) => !byIndex.has(index));
	if (missing.length > 0) {
		const names = missing.slice(0, 10).map((index) => `${index}/${count}`);
		throw new UsageError(
			`merge: shards of ${pieces[0]?.target.name} are missing: ${names.join(", ")}${missing.length > 10 ? ", …" : ""}`,
		);
	}
	return all.map((index) => byIndex.get(index) as Piece);
}

/** The cases are those that the shards said they were parts of. */
function wholePlan(
	first: Piece,
	ordered: readonly Piece[],
	cases: readonly CaseResult[],
): void {
	const ids = cases.map((result) => result.id);
	if (
		cases.length === first.shard?.cases &&
		planDigest(ids) === first.shard.digest
	) {
		return;
	}
	const files = ordered.map((piece) => piece.file).join(", ");
	throw new UsageError(
		`merge: ${files} do not hold the plan that they say they are shards of (${counted(cases.length, "case")} of ${first.shard?.cases}): a file was changed or cut short, or is TAP, which has the cases in another order`,
	);
}

function assemble(
	ordered: readonly Piece[],
	cases: CaseResult[],
): TargetResult {
	const targets = ordered.map((piece) => piece.target);
	const first = targets[0] as TargetResult;
	const totals = noTotals();
	for (const verdict of VERDICTS) {
		for (const target of targets) totals[verdict] += target.totals[verdict];
	}
	const labelled = (text: string, i: number): string =>
		`shard ${i + 1}/${targets.length}: ${text}`;
	const incomplete = targets.flatMap((target, i) =>
		target.complete
			? []
			: [labelled(target.incompleteReason ?? "not complete", i)],
	);
	const consoleTail = targets.flatMap((target) => target.consoleTail ?? []);
	const accels = [...new Set(targets.map((target) => target.accel))];
	return {
		...first,
		facts: withoutShard(first.facts),
		planned: cases.length,
		groups: planGroups(cases),
		complete: incomplete.length === 0,
		...(incomplete.length === 0
			? {}
			: { incompleteReason: incomplete.join("; ") }),
		notes: [
			...targets.flatMap((target, i) =>
				target.notes.map((note) => labelled(note, i)),
			),
			...(accels.length > 1
				? [`the shards ran with different accelerators: ${accels.join(", ")}`]
				: []),
		],
		totals,
		// The shards ran side by side, so the longest one counts.
		durationMs: Math.max(...targets.map((target) => target.durationMs)),
		...(consoleTail.length === 0 ? {} : { consoleTail }),
		cases,
	};
}

function withoutShard(facts: TargetResult["facts"]): TargetResult["facts"] {
	const own: readonly string[] = Object.values(SHARD_FACTS);
	return Object.fromEntries(
		Object.entries(facts).filter(([name]) => !own.includes(name)),
	);
}
