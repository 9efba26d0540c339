import assert from "node:assert/strict";
import { test } from "tap";
import type { Facts } from "../model/facts.js";
import { missing, NEEDS, type NeedName } from "../model/needs.js";
import { unmadeSetting } from "../model/settings.js";
import { FACT_SOURCES } from "./factSources.js";
import { kernel } from "./kernels.test.helper.js";
import { plan } from "./plan.js";

const needsOf = (config: readonly string[]): ReadonlyMap<string, string> =>
	new Map(config.map((name) => [name, "y"]));

test("each need stands in the table once", async () => {
	const listed = FACT_SOURCES.flatMap(({ needs }) => needs);
	assert.deepEqual(listed.toSorted(), Object.keys(NEEDS).toSorted());
});

const usual = new Set(plan(kernel("6.12.0")).map(({ skip }) => skip));

/** What comes of the cases that only this kernel skips or fails. */
const outcomes = (facts: Facts): readonly string[] => [
	...new Set(
		plan(facts).flatMap(({ skip, broken }) =>
			broken !== undefined
				? ["fail"]
				: skip === undefined || usual.has(skip)
					? []
					: ["skip"],
		),
	),
];

for (const { fact, needs, lies, comes, config = [] } of FACT_SOURCES)
	for (const [name, value] of Object.entries(lies))
		test(`${fact}: a kernel that says ${name}=${value} ${comes === "fail" ? "is not believed" : "excuses what hangs on it"}`, async () => {
			const release = name === "release" ? value : "6.12.0";
			const lying = kernel(
				release,
				name === "release" ? {} : { [name]: value },
			);
			// As of a guest: nobody but the runner set anything.
			const facts: Facts = {
				...lying,
				commandLine: "quiet",
				...(config.length > 0 && { config: needsOf(config) }),
			};
			const excused = (need: NeedName) => {
				const reason = missing([need], facts);
				return reason !== null && unmadeSetting(reason, facts) === null;
			};
			if (needs.length === 0) assert.deepEqual(outcomes(facts), [comes]);
			for (const need of needs) {
				assert.ok(!missing([need], kernel("99.0")), "an honest kernel has it");
				assert.equal(excused(need), comes === "skip", need);
			}
		});
