/** What a run came to, for a comparison with another one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Test } from "tap";
import { byCase, targetOf } from "../cli/boards/outcome.test.helper.js";
import { cli } from "../cli/spawnCli.test.helper.js";

/** What its cases came to. */
export async function outcomes(
	t: Test,
	options: readonly string[],
	env: Record<string, string> = {},
): Promise<Record<string, string>> {
	const file = join(t.testdir(), "report.json");
	const report = ["--report", `json=${file}`];
	const { stderr } = await cli(["run", ...options, ...report], { env });
	const cases = targetOf(file)?.cases ?? [];
	assert.ok(cases.length > 0, stderr);
	return byCase(cases);
}
