/** What must hold on another architecture as well: its kernel, machine and console end in ways of their own. */
import assert from "node:assert/strict";
import { test } from "tap";
import { AGENTS } from "../../targets/agents.js";
import { run } from "../guestRun.test.helper.js";

test("a kernel for arm64 that panics: the case is named, and another guest takes the rest", async (t) => {
	const panic = "-- put=/proc/sysrq-trigger,c";
	const { status, verdicts, target } = await run(
		t,
		{ first: "-- fork", second: panic, third: "-- fork", fourth: "-- fork" },
		["--kernel", "debian:bookworm@arm64"],
		{ CRCAP_TEST_AGENTS: AGENTS },
	);
	assert.deepEqual(verdicts, ["pass", "crash", "pass", "pass"]);
	assert.equal(status, 1);
	assert.equal(target.kernel.arch, "aarch64");
	assert.equal(target.complete, true);
	assert.match(target.cases[1]?.reason ?? "", /sysrq triggered crash/);
	assert.match(
		target.notes.join("\n"),
		/fixture\.second.*another guest went on without it/,
	);
});
