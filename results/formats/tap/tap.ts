/** TAP 14 with a subtest for each suite and, inside it, for each subject; with several targets, one around these for each. */
import type {
	CaseResult,
	PlanGroup,
	ReportWriter,
	TargetHead,
	TargetTail,
} from "../../model/model.js";
import {
	count,
	isUnexpected,
	newTarget,
	type TargetSummary,
	untold,
} from "../../model/summary.js";
import type { Sink } from "../../stream/sink.js";
import { type Ref, TextStore } from "../../stream/store.js";
import {
	bailOut,
	comment,
	description,
	headComments,
	indent,
	tailComments,
	testPoint,
} from "./tapText.js";

/** 14 is what this is; 13 is what older harnesses (Perl's up to 3.4x) accept, which ignore the subtests they don't know. */
export type TapVersion = 13 | 14;

/** The cases of one subject in one suite, gathered until the last has come. */
interface Group {
	subject: string;
	planned: number | undefined;
	count: number;
	bad: boolean;
	points: Ref[];
}

/** A subtest that is being written: how far its numbers are, and whether anything in it is not ok. */
interface Level {
	count: number;
	bad: boolean;
	planned: number | undefined;
}

export function tapWriter(sink: Sink, version: TapVersion = 14): ReportWriter {
	return new TapWriter(sink, version);
}

class TapWriter implements ReportWriter {
	readonly #sink: Sink;
	readonly #version: TapVersion;
	readonly #store = new TextStore();
	/** True when targets are a level of their own. */
	#byTarget = true;
	#top: Level = { count: 0, bad: false, planned: undefined };
	#target: Level = this.#top;
	#summary: TargetSummary | undefined;
	#plan: PlanGroup[] = [];
	#suite: { name: string; level: Level } | undefined;
	#groups = new Map<string, Group>();
	#lost: string | undefined;

	constructor(sink: Sink, version: TapVersion) {
		this.#sink = sink;
		this.#version = version;
	}

	begin(head: Parameters<ReportWriter["begin"]>[0]): void {
		this.#byTarget = head.plannedTargets !== 1;
		if (this.#byTarget) this.#top.planned = head.plannedTargets;
		this.#write(0, `TAP version ${this.#version}\n`);
		this.#write(
			0,
			comment(
				`${head.tool.name} ${head.tool.version}, started ${head.startedAt}`,
			),
		);
		if (this.#byTarget) this.#sayPlan(0, this.#top);
		this.#sink.flush();
	}

	beginTarget(head: TargetHead): void {
		this.#summary = newTarget(head);
		this.#plan = [...(head.groups ?? [])];
		const planned =
			head.groups === undefined ? undefined : suiteRuns(this.#plan);
		if (this.#byTarget) {
			this.#target = { count: 0, bad: false, planned };
			this.#write(0, `# Subtest: ${description(head.name)}\n`);
		} else {
			this.#top.planned = planned;
			this.#target = this.#top;
		}
		this.#write(this.#depth, headComments(head));
		this.#sayPlan(this.#depth, this.#target);
		this.#sink.flush();
	}

	caseResult(result: CaseResult): void {
		if (this.#summary !== undefined) count(this.#summary, result);
		if (this.#suite?.name !== result.suite) this.#openSuite(result.suite);
		const group = this.#group(result.subject);
		group.count += 1;
		group.bad ||= isUnexpected(result);
		group.points.push(
			this.#store.add(testPoint(group.count, result, result.id)),
		);
		if (group.count === group.planned) this.#closeGroup(group);
	}

	endTarget(tail: TargetTail): void {
		this.#closeSuite();
		const name = this.#summary?.head.name ?? "";
		const lost = untold({ totals: tail.totals, tail });
		if (this.#byTarget || lost === undefined)
			this.#endPlan(this.#depth, this.#target);
		if (this.#summary !== undefined)
			this.#write(this.#depth, tailComments(this.#summary, tail));
		if (lost !== undefined) this.#lost ??= `${name}: ${lost}`;
		if (this.#byTarget)
			this.#point(0, this.#top, name, this.#target.bad || lost !== undefined);
		this.#sink.flush();
	}

	async end(): Promise<void> {
		// Last, for whatever follows it is ignored, other targets' results too; after a last plan it would itself be.
		if (this.#lost !== undefined) this.#write(0, bailOut(this.#lost));
		else if (this.#byTarget) this.#endPlan(0, this.#top);
		this.#store.close();
	}

	async breakOff(reason: string): Promise<void> {
		this.#write(0, bailOut(reason));
		this.#store.close();
	}

	get #depth(): number {
		return this.#byTarget ? 1 : 0;
	}

	#openSuite(name: string): void {
		this.#closeSuite();
		const planned = takeRun(this.#plan, name);
		const level = {
			count: 0,
			bad: false,
			planned: planned.length === 0 ? undefined : planned.length,
		};
		this.#suite = { name, level };
		for (const { subject, cases } of planned)
			this.#groups.set(subject, newGroup(subject, cases));
		this.#write(this.#depth, `# Subtest: ${description(name)}\n`);
		this.#sayPlan(this.#depth + 1, level);
	}

	#closeSuite(): void {
		if (this.#suite === undefined) return;
		const { name, level } = this.#suite;
		for (const group of [...this.#groups.values()]) this.#closeGroup(group);
		this.#endPlan(this.#depth + 1, level);
		this.#suite = undefined;
		this.#point(this.#depth, this.#target, name, level.bad);
	}

	#group(subject: string): Group {
		let group = this.#groups.get(subject);
		if (group === undefined) {
			group = newGroup(subject, undefined);
			this.#groups.set(subject, group);
		}
		return group;
	}

	#closeGroup(group: Group): void {
		const level = this.#suite?.level;
		if (level === undefined) return;
		this.#groups.delete(group.subject);
		const depth = this.#depth + 1;
		this.#write(depth, `# Subtest: ${description(group.subject)}\n`);
		this.#write(depth + 1, `1..${Math.max(group.planned ?? 0, group.count)}\n`);
		for (const ref of group.points) {
			this.#write(depth + 1, this.#store.get(ref));
			this.#store.drop(ref);
		}
		this.#point(
			depth,
			level,
			group.subject,
			group.bad || group.count < (group.planned ?? 0),
		);
		this.#sink.flush();
	}

	#point(depth: number, level: Level, name: string, bad: boolean): void {
		level.count += 1;
		level.bad ||= bad;
		this.#write(
			depth,
			`${bad ? "not ok" : "ok"} ${level.count} - ${description(name)}\n`,
		);
	}

	/** The plan before the points, where it is known. */
	#sayPlan(depth: number, level: Level): void {
		if (level.planned !== undefined)
			this.#write(depth, `1..${level.planned}\n`);
	}

	/** The plan after the points, where it was not. */
	#endPlan(depth: number, level: Level): void {
		if (level.planned === undefined) this.#write(depth, `1..${level.count}\n`);
	}

	#write(depth: number, text: string): void {
		this.#sink.write(depth === 0 ? text : indent(text, depth * 4));
	}
}

function newGroup(subject: string, planned: number | undefined): Group {
	return { subject, planned, count: 0, bad: false, points: [] };
}

/** How often the suite changes along the plan. */
function suiteRuns(plan: readonly PlanGroup[]): number {
	return plan.filter((group, index) => group.suite !== plan[index - 1]?.suite)
		.length;
}

/** Takes the groups of the coming suite off the plan's front; none where the plan says otherwise. */
function takeRun(plan: PlanGroup[], suite: string): PlanGroup[] {
	const end = plan.findIndex((group) => group.suite !== suite);
	return plan.splice(0, end === -1 ? plan.length : end);
}
