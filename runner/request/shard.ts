/** One plan on several machines: each takes every Nth case, so that all get a share of every suite. */
import { createHash } from "node:crypto";
import { InvalidArgumentError } from "commander";
import { counted } from "../../results/model/counts.js";
import { UsageError } from "../common/usage.js";

export interface Shard {
	/** Which share this is, counted from 1. */
	readonly index: number;
	readonly count: number;
}

/** A plan is divided into no more shards than this. */
const MOST = 9999;

/** Reads `I/N`. */
export function readShard(text: string): Shard {
	const match = /^(\d{1,4})\/(\d{1,4})$/.exec(text);
	const index = Number(match?.[1]);
	const count = Number(match?.[2]);
	if (!match || index < 1 || index > count) {
		throw new InvalidArgumentError(
			`It is I/N with I from 1 to N and N at most ${MOST}, e.g. 1/3.`,
		);
	}
	return { index, count };
}

/**
 * This machine's share: cases I, I+N, I+2N and so on of the whole plan.
 * @throws UsageError when there are more shards than cases.
 */
export function share<T>(cases: readonly T[], shard: Shard): T[] {
	if (shard.count > cases.length) {
		throw new UsageError(
			`--shard ${shard.index}/${shard.count}: the plan has only ${counted(cases.length, "case")}`,
		);
	}
	return cases.filter((_, i) => i % shard.count === shard.index - 1);
}

/** Puts shares back together, in the order of the whole plan. Shares are given in shard order. */
export function unshare<T>(shares: readonly (readonly T[])[]): T[] {
	const whole: T[] = [];
	const longest = Math.max(0, ...shares.map((one) => one.length));
	for (let row = 0; row < longest; row++) {
		for (const one of shares) {
			const item = one[row];
			if (item !== undefined) whole.push(item);
		}
	}
	return whole;
}

/** What tells one plan from another: a digest of its case ids in order, hex. */
export function planDigest(ids: Iterable<string>): string {
	const lines = Array.from(ids, (id) => `${id}\n`).join("");
	return createHash("sha256").update(lines).digest("hex").slice(0, 32);
}

/** Facts under which a report says which share of which plan it holds. */
export const SHARD_FACTS = {
	share: "plan.shard",
	cases: "plan.cases",
	digest: "plan.digest",
} as const;

/** What `crcap merge` needs to know of a share of the plan with these ids. */
export function shardFacts(
	shard: Shard,
	ids: readonly string[],
): Record<string, string | number> {
	return {
		[SHARD_FACTS.share]: `${shard.index}/${shard.count}`,
		[SHARD_FACTS.cases]: ids.length,
		[SHARD_FACTS.digest]: planDigest(ids),
	};
}
