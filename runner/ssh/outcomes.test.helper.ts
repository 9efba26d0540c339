/** What a run came to, for a comparison with another one. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Test } from "tap";
import type { Report } from "../../results/index.js";
import { cli } from "../cli/spawnCli.test.helper.js";

/** Verdict and observation by case; which pids were free differs from run to run. */
export async function outcomes(
	t: Test,
	options: readonly string[],
	env: Record<string, string> = {},
): Promise<Record<string, string>> {
	const file = join(t.testdir(), "report.json");
	const report = ["--report", `json=${file}`];
	const { stderr } = await cli(["run", ...options, ...report], { env });
	const { targets } = JSON.parse(readFileSync(file, "utf8")) as Report;
	const cases = targets[0]?.cases ?? [];
	assert.ok(cases.length > 0, stderr);
	return Object.fromEntries(
		cases.map(({ id, verdict, observed }) => [
			id,
			`${verdict} ${observed.replace(/\d+/g, "N")}`,
		]),
	);
}
