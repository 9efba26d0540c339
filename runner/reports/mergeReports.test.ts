import assert from "node:assert/strict";
import { test } from "tap";
import { noTotals } from "../../results/model/counts.js";
import { Report, type TargetResult } from "../../results/model/model.js";
import { unobserved } from "../execute/caseResults.js";
import { KERNEL, plannedCase } from "../execute/fakes.test.helper.js";
import { shardFacts, share } from "../request/shard.js";
import { mergeReports, type NamedReport } from "./mergeReports.js";

const CASES = Array.from({ length: 7 }, (_, n) =>
	unobserved(plannedCase(n), n === 3 ? "fail" : "pass", "why", undefined),
);

/** The report of one shard of the plan. */
function shardReport(
	index: number,
	count: number,
	more: Partial<TargetResult> = {},
	version = "0.1.0",
): NamedReport {
	const shard = { index, count };
	const cases = share(CASES, shard);
	const totals = noTotals();
	for (const { verdict } of cases) totals[verdict]++;
	const target: TargetResult = {
		name: "k",
		kind: "qemu",
		kernel: KERNEL,
		accel: "tcg",
		facts: {
			lsm: "none",
			...shardFacts(
				shard,
				CASES.map((one) => one.id),
			),
		},
		tools: {},
		planned: cases.length,
		complete: true,
		notes: [`note of ${index}`],
		totals,
		durationMs: index,
		cases,
		...more,
	};
	return {
		file: `${index}.json`,
		report: Report.parse({
			schemaVersion: 2,
			tool: { name: "crcap", version },
			startedAt: `2026-11-22T00:00:0${index}Z`,
			targets: [target],
		}),
	};
}

test("shards in any order become the whole plan", async () => {
	const merged = mergeReports([3, 1, 2].map((i) => shardReport(i, 3)));
	const [target] = merged.targets;
	assert.deepEqual(target?.cases, CASES);
	assert.equal(target?.totals.pass, 6);
	assert.equal(target?.totals.fail, 1);
	assert.equal(target?.planned, 7);
	assert.equal(target?.durationMs, 3);
	assert.deepEqual(target?.facts, { lsm: "none" });
	assert.equal(merged.startedAt, "2026-11-22T00:00:01Z");
	assert.deepEqual(target?.notes, [
		"shard 1/3: note of 1",
		"shard 2/3: note of 2",
		"shard 3/3: note of 3",
	]);
	assert.doesNotThrow(() => Report.parse(merged));
});

test("one incomplete shard makes the whole incomplete, and says which", async () => {
	const parts = [
		shardReport(1, 2),
		shardReport(2, 2, { complete: false, incompleteReason: "it died" }),
	];
	const [target] = mergeReports(parts).targets;
	assert.equal(target?.complete, false);
	assert.equal(target?.incompleteReason, "shard 2/2: it died");
});

const REFUSED: [string, NamedReport[], RegExp][] = [
	["a gap", [shardReport(1, 3), shardReport(3, 3)], /missing: 2\/3/],
	[
		"an overlap",
		[shardReport(1, 2), shardReport(1, 2), shardReport(2, 2)],
		/overlap: both hold shard 1\/2/,
	],
	[
		"another number of shards",
		[shardReport(1, 2), shardReport(2, 3)],
		/number of shards: 2, 3/,
	],
	[
		"another kernel",
		[
			shardReport(1, 2),
			shardReport(2, 2, { kernel: { ...KERNEL, sha256: "11" } }),
		],
		/kernel: 00, 11/,
	],
	[
		"another version",
		[shardReport(1, 2), shardReport(2, 2, {}, "0.2.0")],
		/crcap 0\.1\.0.*0\.2\.0/,
	],
	[
		"another plan",
		[
			shardReport(1, 2),
			shardReport(2, 2, {
				facts: shardFacts({ index: 2, count: 2 }, [
					"a",
					"b",
					"c",
					"d",
					"e",
					"f",
					"g",
				]),
			}),
		],
		/differ in their plan/,
	],
	[
		"cases that were taken away",
		[shardReport(1, 2), shardReport(2, 2, { cases: [] })],
		/do not hold the plan/,
	],
	[
		"cases that were swapped",
		[
			shardReport(1, 2),
			shardReport(2, 2, {
				cases: share(CASES, { index: 2, count: 2 }).reverse(),
			}),
		],
		/do not hold the plan/,
	],
	[
		"nonsense about the shard",
		[shardReport(1, 2, { facts: { "plan.shard": "5/2" } })],
		/make no sense/,
	],
	[
		"a whole and a part",
		[shardReport(1, 1, { facts: {} }), shardReport(1, 2)],
		/holds it whole/,
	],
	["nothing", [], /no report/],
];

for (const [what, reports, message] of REFUSED) {
	test(`refused: ${what}`, async () => {
		assert.throws(() => mergeReports(reports), message);
	});
}

test("reports of different targets stand side by side", async () => {
	const a = shardReport(1, 1, { facts: {}, name: "a" });
	const b = shardReport(1, 1, { facts: {}, name: "b" });
	assert.deepEqual(
		mergeReports([b, a]).targets.map((target) => target.name),
		["b", "a"],
	);
	assert.throws(() => mergeReports([a, a]), /overlap/);
});
