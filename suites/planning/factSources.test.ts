import assert from "node:assert/strict";
import { test } from "tap";
import type { Facts } from "../model/facts.js";
import { missing, NEEDS, type NeedName } from "../model/needs.js";
import { FACT_SOURCES } from "./factSources.js";
import { kernel } from "./kernels.test.helper.js";

const needsOf = (config: readonly string[]): ReadonlyMap<string, string> =>
	new Map(config.map((name) => [name, "y"]));

test("each need stands in the table once", async () => {
	const listed = FACT_SOURCES.flatMap(({ needs }) => needs);
	assert.deepEqual(listed.toSorted(), Object.keys(NEEDS).toSorted());
});

for (const { fact, needs, lies, comes, config = [] } of FACT_SOURCES)
	for (const [name, value] of Object.entries(lies))
		test(`${fact}: a kernel that says ${name}=${value} ${comes === "fail" ? "is not believed" : "excuses what hangs on it"}`, async () => {
			const release = name === "release" ? value : "6.12.0";
			const lying = kernel(
				release,
				name === "release" ? {} : { [name]: value },
			);
			const facts: Facts =
				config.length === 0 ? lying : { ...lying, config: needsOf(config) };
			const excused = (need: NeedName) => missing([need], facts) !== null;
			for (const need of needs) {
				assert.ok(!missing([need], kernel("99.0")), "an honest kernel has it");
				assert.equal(excused(need), comes === "skip", need);
			}
		});
