/** What a report offers for trying a case by hand works by hand. */
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { test } from "tap";
import { Report } from "../../results/model/model.js";
import { heard, TCG } from "./guestRun.test.helper.js";
import { cli } from "./spawnCli.test.helper.js";

const QUOTED = ["--append", `crcap_note="it's 'so'"`];

test("what is kept boots the same guest by hand", async (t) => {
	const folder = t.testdir();
	const args = ["run", ...TCG, "--keep", "kept it's", ...QUOTED];
	args.push("--report", "json=r.json");
	const { status } = await cli(args, { plan: { a: "-- fork" }, cwd: folder });
	assert.equal(status, 0);
	const kept = join(folder, "kept it's");
	assert.match(
		readFileSync(join(kept, "console.log"), "utf8"),
		/Linux version 6\.1/,
	);
	const script = join(kept, "boot.sh");
	assert.ok(statSync(script).mode & 0o100);
	const report = Report.parse(
		JSON.parse(readFileSync(join(folder, "r.json"), "utf8")),
	);
	await assertReplays(report, folder);
	const byHand = execa(script, { reject: false, stdin: "ignore" });
	await heard(byHand.stdout, /Linux version 6\.1/);
	byHand.kill("SIGKILL");
	await byHand;
});

test("the line of a case that was not kept tries it, whatever was appended", async (t) => {
	const folder = t.testdir();
	const args = ["run", ...TCG, ...QUOTED, "--report", "json=r.json"];
	const { status } = await cli(args, { plan: { a: "-- fork" }, cwd: folder });
	assert.equal(status, 0);
	const report = Report.parse(
		JSON.parse(readFileSync(join(folder, "r.json"), "utf8")),
	);
	await assertReplays(report, folder);
});

/** The first case's line, pasted into a shell, prints the observation of that case and ends. */
async function assertReplays(report: Report, folder: string): Promise<void> {
	const line = report.targets[0]?.cases[0]?.replay.qemu ?? "";
	// Node's own pipes are sockets, which QEMU can't open as /dev/stderr.
	const script = `{ ${line}\n} 2>agent.log`;
	const { stdout, exitCode } = await execa("sh", ["-c", script], {
		cwd: folder,
		stdin: "ignore",
		reject: false,
		timeout: 60_000,
	});
	assert.match(stdout, /crcap_note="it's 'so'"/, line);
	assert.match(stdout, /obs 0 us=\d+ end=ok .*r=fork:0:/, line);
	assert.equal(exitCode, 0, line);
}
