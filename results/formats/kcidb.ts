/** KCIDB 5.3 JSON: what Kernel CI's database takes. Submitting it needs credentials and is somebody else's work. */
import { createHash } from "node:crypto";
import type {
	CaseResult,
	ReportHead,
	TargetHead,
	Verdict,
} from "../model/model.js";
import {
	isBad,
	isKnown,
	type ReportSummary,
	sentence,
	size,
	type TargetSummary,
} from "../model/summary.js";
import type { CaseStore } from "../stream/document.js";
import { clean, logExcerpt, text } from "./kcidbText.js";

/**
 * A case that crashed the kernel failed it; a case that timed out too, for the kernel did not answer. `MISS`: there
 * is no result, so nothing can be said of the kernel.
 */
export const STATUS: Readonly<
	Record<Verdict, "PASS" | "FAIL" | "ERROR" | "MISS" | "SKIP">
> = {
	pass: "PASS",
	fail: "FAIL",
	crash: "FAIL",
	timeout: "FAIL",
	error: "ERROR",
	not_run: "MISS",
	skip: "SKIP",
};

/** The suite's place among all that the database holds. */
const PATH = "cap_checkpoint_restore";

export const DEFAULT_ORIGIN = "crcap";

/** What is known of a kernel's source. */
export interface KcidbGit {
	url?: string;
	branch?: string;
	/** The kernel's commit, 40 hex digits; absent where it is not known. */
	commit?: string;
}

export function kcidb(origin: string = DEFAULT_ORIGIN, git: KcidbGit = {}) {
	if (!/^[a-z0-9_]+$/.test(origin)) {
		throw new Error(
			`"${origin}" is no origin for KCIDB: use lower-case letters, digits and _`,
		);
	}
	return function* (
		summary: ReportSummary,
		cases: CaseStore,
	): Generator<string> {
		const ids = summary.targets.map(({ head }) =>
			idsOf(origin, git, summary, head),
		);
		yield '{\n"version":{"major":5,"minor":3},\n"checkouts":[';
		yield* list(
			once(
				summary.targets.map((target, index) =>
					checkout(origin, git, target, ids[index]),
				),
			),
		);
		yield '],\n"builds":[';
		yield* list(builds(origin, summary, ids));
		yield '],\n"tests":[';
		yield* list(tests(origin, summary, cases, ids));
		yield '],\n"issues":[';
		yield* list(known(summary, cases).map((reason) => issue(origin, reason)));
		yield '],\n"incidents":[';
		yield* list(incidents(origin, summary, cases, ids));
		yield "]\n}\n";
	};
}

interface Identified {
	id: string;
	[key: string]: unknown;
}

interface Ids {
	checkout: string;
	build: string;
	/** What the target's tests' ids begin with. */
	run: string;
}

/** Ids that are the same for the same kernel, and for the same run. */
function idsOf(
	origin: string,
	git: KcidbGit,
	summary: ReportSummary,
	head: TargetHead,
): Ids {
	const { kernel } = head;
	// Another commit is another checkout, whatever the kernel calls itself.
	const source = [kernel.source ?? kernel.release, git.url, git.commit]
		.filter((part) => part !== undefined)
		.join(" ");
	return {
		checkout: `${origin}:${hash(source, kernel.release)}`,
		build: `${origin}:${hash(source, kernel.release, kernel.arch, kernel.sha256)}`,
		run: `${origin}:${hash(summary.head.startedAt, head.name, kernel.arch, kernel.sha256, head.accel)}`,
	};
}

function hash(...parts: string[]): string {
	return createHash("sha256")
		.update(JSON.stringify(parts))
		.digest("hex")
		.slice(0, 32);
}

function checkout(
	origin: string,
	git: KcidbGit,
	{ head }: TargetSummary,
	ids: Ids | undefined,
): Identified {
	return {
		id: ids?.checkout ?? "",
		origin,
		...(git.url !== undefined && { git_repository_url: git.url }),
		...(git.branch !== undefined && {
			git_repository_branch: text(git.branch),
		}),
		...(git.commit !== undefined && { git_commit_hash: git.commit }),
		git_commit_name: text(head.kernel.release),
		comment: text(head.kernel.source ?? head.name),
		valid: true,
	};
}

/** Each kernel once, with what every target that it ran on told of it. */
function builds(
	origin: string,
	{ head, targets }: ReportSummary,
	ids: readonly Ids[],
): Identified[] {
	return once(
		targets.map((target, index) => {
			const same = targets.filter(
				(_, at) => ids[at]?.build === ids[index]?.build,
			);
			return build(origin, head, target, ids[index], same);
		}),
	);
}

function build(
	origin: string,
	head: ReportHead,
	target: TargetSummary,
	ids: Ids | undefined,
	same: readonly TargetSummary[],
): Identified {
	const { kernel } = target.head;
	// Here and not in each test, of which there are thousands; a test names its target.
	const facts = Object.fromEntries(
		same.map((one) => [one.head.name, one.head.facts]),
	);
	const summaries = Object.fromEntries(
		same.map((one) => [one.head.name, sentence(one)]),
	);
	return {
		checkout_id: ids?.checkout,
		id: ids?.build ?? "",
		origin,
		comment: text(kernel.version ?? kernel.release),
		architecture: kernel.arch.toLowerCase().replace(/[^a-z0-9_]/g, "_"),
		status: "PASS",
		misc: {
			kernel: clean(kernel),
			seen_by: clean(head.tool),
			summaries: clean(summaries),
			facts: clean(facts),
		},
	};
}

function* tests(
	origin: string,
	summary: ReportSummary,
	cases: CaseStore,
	ids: Ids[],
): Generator<object> {
	for (const [index, target] of summary.targets.entries()) {
		const environment = {
			comment: text(
				`${target.head.kind}, ${target.head.accel}, ${target.head.kernel.arch}`,
			),
			misc: {
				target: text(target.head.name),
				accel: target.head.accel,
				tools: clean(target.head.tools),
			},
		};
		for (const result of cases.all(index)) {
			yield oneTest(origin, summary, result, ids[index], environment);
		}
	}
}

function oneTest(
	origin: string,
	summary: ReportSummary,
	result: CaseResult,
	ids: Ids | undefined,
	environment: object,
): object {
	const excerpt = isBad(result.verdict) ? logExcerpt(result) : "";
	return {
		build_id: ids?.build,
		id: `${ids?.run}:${result.id}`,
		origin,
		environment,
		path: `${PATH}.${result.id}`,
		comment: text(`${result.subject}: ${result.probe} ${result.args}`),
		...(excerpt !== "" && { log_excerpt: excerpt }),
		status: STATUS[result.verdict],
		start_time: summary.head.startedAt,
		duration: result.durationUs / 1e6,
		misc: clean({
			verdict: result.verdict,
			expected: result.expected,
			observed: result.observed,
			reason: result.reason,
			replay: result.replay.crprobe,
		}) as object,
	};
}

/** The targets that have known failures: the others' cases need not be looked at again. */
function withKnown({ targets }: ReportSummary): number[] {
	return targets.flatMap(({ known }, index) =>
		size(known) > 0 ? [index] : [],
	);
}

/** Each reason for which a failure is known, once. */
function known(summary: ReportSummary, cases: CaseStore): string[] {
	const reasons = new Set<string>();
	for (const index of withKnown(summary)) {
		for (const result of cases.all(index)) {
			if (result.known !== undefined && isKnown(result))
				reasons.add(result.known.reason);
		}
	}
	return [...reasons];
}

function issue(origin: string, reason: string): object {
	return {
		id: issueId(origin, reason),
		version: 1,
		origin,
		comment: text(reason),
		culprit: { code: true },
	};
}

function issueId(origin: string, reason: string): string {
	return `${origin}:known-${hash(reason)}`;
}

function* incidents(
	origin: string,
	summary: ReportSummary,
	cases: CaseStore,
	ids: Ids[],
): Generator<object> {
	for (const index of withKnown(summary)) {
		for (const result of cases.all(index)) {
			if (result.known === undefined || !isKnown(result)) continue;
			const test = `${ids[index]?.run}:${result.id}`;
			yield {
				id: `${origin}:${hash(test, result.known.reason)}`,
				origin,
				issue_id: issueId(origin, result.known.reason),
				issue_version: 1,
				test_id: test,
				present: true,
			};
		}
	}
}

/** The same kernel on two targets is one checkout and one build. */
function once(items: readonly Identified[]): Identified[] {
	return [...new Map(items.map((item) => [item.id, item])).values()];
}

function* list(items: Iterable<object>): Generator<string> {
	let first = true;
	for (const item of items) {
		yield `${first ? "\n" : ",\n"}${JSON.stringify(item)}`;
		first = false;
	}
	if (!first) yield "\n";
}
