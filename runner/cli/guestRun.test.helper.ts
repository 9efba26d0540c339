/** Runs a plan of a test's own in a real guest. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { Test } from "tap";
import { Report, type TargetResult } from "../../results/model/model.js";
import { cli, entries, type FixturePlan } from "./spawnCli.test.helper.js";

export const TCG = ["--accel", "tcg"];

export interface Ran {
	readonly status: number | undefined;
	readonly stderr: string;
	readonly target: TargetResult;
	readonly verdicts: string[];
}

/** A run of a plan, with its report read back. */
export async function run(
	t: Test,
	plan: FixturePlan,
	args: string[] = [],
	env: Record<string, string> = {},
): Promise<Ran> {
	const folder = t.testdir();
	const file = join(folder, "report.json");
	const all = ["run", ...TCG, "--report", `json=${file}`, ...args];
	const { status, stderr } = await cli(all, { plan, cwd: folder, env });
	assert.ok(existsSync(file), stderr);
	const report = Report.parse(JSON.parse(readFileSync(file, "utf8")));
	const target = report.targets[0];
	assert.ok(target);
	assert.deepEqual(entries(folder), ["report.json"]);
	const verdicts = target.cases.map((result) => result.verdict);
	return { status, stderr, target, verdicts };
}

/** Waits until a stream has said it. */
export function heard(
	stream: NodeJS.ReadableStream | null,
	what: RegExp,
): Promise<void> {
	let text = "";
	return new Promise((resolve, reject) => {
		stream?.on("data", (chunk: Buffer) => {
			text += chunk;
			if (what.test(text)) resolve();
		});
		stream?.on("end", () => reject(new Error(`never said ${what}: ${text}`)));
	});
}

/** What was killed and is still there after so long stays, milliseconds. */
const MAX_GOING = 60_000;

/** Waits until the process is not there any more. @throws for one that stays, which is killed then */
export async function gone(pid: number): Promise<void> {
	for (const until = performance.now() + MAX_GOING; ; ) {
		const { stdout } = await execa(
			"ps",
			["-o", "stat=,args=", "-p", String(pid)],
			{ reject: false },
		);
		if (stdout === "" || stdout.startsWith("Z")) return;
		if (performance.now() > until) {
			process.kill(pid, "SIGKILL");
			assert.fail(`process ${pid} stays: ${stdout}`);
		}
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}
