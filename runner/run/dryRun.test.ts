import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { cli } from "../cli/spawnCli.test.helper.js";

const KERNEL = "/no/such/kernel";

test("--dry-run prints the plan and is no result", async (t) => {
	const image = Buffer.alloc(8192);
	image.write("ARM\x64", 56, "latin1");
	const folder = t.testdir({ Image: image });
	const { status, stdout, stderr } = await cli(
		[
			...["run", "--kernel", "Image", "--dry-run", "--case", "ns_last_pid.*"],
			...["--report", "json=r.json", "--report", "tap"],
		],
		{ cwd: folder },
	);
	assert.equal(status, 0, stderr);
	assert.match(stdout, /^ {2}qemu-system-aarch64 .* -kernel /m);
	const lines = stdout.trimEnd().split("\n");
	assert.match(lines[0] ?? "", /^DRY RUN: .* not a result/);
	assert.equal(lines.at(-1), lines[0]);
	assert.match(stdout, /^would write json to r\.json$/m);
	const tried = lines.filter((line) => /^would try ns_last_pid/.test(line));
	assert.match(stdout, new RegExp(`^would try ${tried.length} cases;`, "m"));
	assert.match(stdout, new RegExp(`^ {2}ns_last_pid ${tried.length}$`, "m"));
	assert.doesNotMatch(stdout, /^(ok|not ok|TAP|1\.\.)/m);
	assert.deepEqual(readdirSync(folder), ["Image"]);
	const shown = await cli(["show", "-"], { cwd: folder, input: stdout });
	assert.equal(shown.status, 2, "no reader takes it for a report");
});

test("--dry-run refuses what the run would refuse", async () => {
	for (const args of [
		["--kernel", KERNEL],
		["--local", "--case", "nope"],
		["--local", "--bisect"],
		["--local", "--report", "tap", "--report", "json"],
		["--local", "--report", "json=/no/such/folder/x"],
		["--local", "--failed", join(KERNEL, "r.json")],
	]) {
		const { status, stdout } = await cli(["run", "--dry-run", ...args]);
		assert.equal(status === 2 || status === 128, true, `${args}: ${status}`);
		assert.equal(stdout, "");
	}
});
