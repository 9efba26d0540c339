/** The comments of a TAP report that tell what a target is, and what became of it. */
import {
	TARGET_KINDS,
	type TargetKind,
	type TargetResult,
	type Totals,
	type Verdict,
} from "../model/model.js";

/** A target while it is read. */
export interface TapTarget extends Omit<TargetResult, "totals" | "groups"> {
	/** What it says of its cases; undefined while it has not said so. */
	stated: Partial<Totals> | undefined;
	/** How deep in the TAP it stands: 0 for the only one. */
	depth: number;
}

const KIND = new RegExp(`^(.*) \\((${TARGET_KINDS.join("|")})\\)$`);

/** The target that `NAME (KIND)` begins; undefined where it is none. */
export function tapTarget(value: string, depth: number): TapTarget | undefined {
	const [, name, kind] = KIND.exec(value) ?? [];
	if (name === undefined) return undefined;
	return {
		name,
		kind: kind as TargetKind,
		kernel: { release: "", arch: "", path: "", sha256: "" },
		accel: "none",
		facts: {},
		tools: {},
		// No number until it is told, which no report may do without.
		planned: Number.NaN,
		complete: true,
		notes: [],
		// A TAP report does not state the duration.
		durationMs: 0,
		cases: [],
		stated: undefined,
		depth,
	};
}

/** What each comment says, by what stands before its colon. */
const COMMENTS: Readonly<
	Record<string, (target: TapTarget, value: string) => void>
> = {
	kernel({ kernel }, value) {
		const [, release = "", arch = ""] = /^(.*) (\S+)$/.exec(value) ?? [];
		Object.assign(kernel, { release, arch });
	},
	"kernel version"({ kernel }, value) {
		kernel.version = value;
	},
	"kernel image"({ kernel }, value) {
		kernel.path = value;
	},
	"kernel sha256"({ kernel }, value) {
		kernel.sha256 = value;
	},
	"kernel source"({ kernel }, value) {
		kernel.source = value;
	},
	accel(target, value) {
		const [, accel, reason] = /^(kvm|tcg|none)(?:: (.*))?$/.exec(value) ?? [];
		if (accel !== undefined) target.accel = accel as TapTarget["accel"];
		if (reason !== undefined) target.accelReason = reason;
	},
	planned(target, value) {
		target.planned = Number(value);
	},
	note({ notes }, value) {
		notes.push(value);
	},
	incomplete(target, value) {
		target.complete = false;
		target.incompleteReason = value;
	},
	console(target, value) {
		target.consoleTail ??= [];
		target.consoleTail.push(value);
	},
	totals(target, value) {
		const stated: Partial<Totals> = {};
		for (const [, verdict, count] of value.matchAll(/(\w+)=(\d+)/g))
			stated[verdict as Verdict] = Number(count);
		target.stated = stated;
	},
};

/** Takes a comment about the target; passes over those that are not crcap's. */
export function tapComment(
	target: TapTarget,
	key: string,
	value: string,
): void {
	const [, kind, name = ""] = /^(tool|fact) (.*)$/.exec(key) ?? [];
	if (kind === "tool") target.tools[name] = value;
	else if (kind === "fact") target.facts[name] = value;
	else if (Object.hasOwn(COMMENTS, key)) COMMENTS[key]?.(target, value);
}
