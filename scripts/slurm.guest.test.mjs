/** examples/slurm in a real cluster. */
import assert from "node:assert/strict";
import {
	existsSync,
	mkdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { t, test } from "tap";
import { Cluster, until } from "./farm/cluster.mjs";
import { TOP } from "./lib/run.mjs";

const SUBMIT = join(TOP, "examples/slurm/submit.sh");

/** Few cases, on this machine's own kernel: what is tried here is the farm. */
const CASES = ["--local", "--case", "set_tid.*.userns_pidns-none"];
const SHARDS = 3;

/** @type {Cluster} */
let cluster;
t.before(async () => {
	cluster = await Cluster.start();
});
t.after(() => cluster.stop());

/**
 * A folder for reports, and a command that stands for crcap: it leaves `begun-SHARD`, and waits where `wait-SHARD` says so.
 * @param {string} name
 */
function reportFolder(name) {
	const out = join(cluster.folder, name);
	mkdirSync(out);
	const crcap = join(out, "crcap");
	const script = `#!/bin/sh
case "$*" in *"--shard "*)
	shard=$SLURM_ARRAY_TASK_ID
	touch ${out}/begun-$shard
	while [ -e ${out}/wait-$shard ]; do sleep 1; done ;;
esac
exec ${process.execPath} ${join(TOP, "dist/crcap/main.js")} "$@"
`;
	writeFileSync(crcap, script, { mode: 0o755 });
	const submit = () => {
		const args = [out, String(SHARDS), ...CASES];
		const printed = cluster.run(SUBMIT, args, { CRCAP: crcap });
		const [, array = "", merge = ""] =
			/^(?:array (\d+)\n)?merge (\d+)$/.exec(printed) ?? assert.fail(printed);
		return { array, merge };
	};
	const file = (/** @type {string} */ path) => join(out, path);
	return { file, submit };
}

/** @param {string} path */
function sound(path) {
	const { targets } = JSON.parse(readFileSync(path, "utf8"));
	assert.equal(targets.length, 1);
	const [{ complete, cases, facts, totals }] = targets;
	assert.equal(complete, true);
	assert.equal(facts["plan.shard"], undefined, "no share, but the whole");
	assert.ok(totals.pass > 0);
	return cases.length;
}

test("a node that is lost has its shard run again, and the merge is whole", async () => {
	const { file, submit } = reportFolder("lost");
	writeFileSync(file("wait-2"), "");
	const { array, merge } = submit();
	await until("shard 2 to run", () => existsSync(file("begun-2")));
	const { BatchHost: node = "" } = cluster.job(`${array}_2`);
	assert.match(node, /^n[12]$/);
	cluster.loseNode(node);
	assert.equal(existsSync(file("shard-2.json")), false);
	rmSync(file("wait-2"));
	rmSync(file("begun-2"));
	// Slurm waits two minutes with a job that comes from a lost node.
	await until("the job to be requeued", () => {
		const { JobState, Restarts } = cluster.job(`${array}_2`);
		return JobState === "PENDING" && Restarts === "1";
	});
	cluster.run("scontrol", ["update", `JobId=${array}_2`, "StartTime=now"]);
	cluster.startNode(node);
	const { JobState } = await cluster.ended(merge);
	assert.equal(JobState, "COMPLETED", readFileSync(file("merge.log"), "utf8"));
	assert.ok(existsSync(file("begun-2")), "it ran again");
	assert.equal(cluster.job(`${array}_2`).Restarts, "1");
	sound(file("report.json"));
});

test("a gap is refused by its number, and a second submission closes it", async () => {
	const { file, submit } = reportFolder("gap");
	writeFileSync(file("wait-3"), "");
	const first = submit();
	await until("shard 3 to run", () => existsSync(file("begun-3")));
	cluster.run("scancel", [`${first.array}_3`]);
	rmSync(file("wait-3"));
	const refused = await cluster.ended(first.merge);
	assert.equal(refused.JobState, "FAILED");
	assert.equal(refused.ExitCode, "2:0");
	assert.match(readFileSync(file("merge.log"), "utf8"), /are missing: 3\/3/);
	assert.equal(existsSync(file("report.json")), false);
	const before = readFileSync(file("shard-1.json"), "utf8");
	const second = submit();
	assert.equal((await cluster.ended(second.merge)).JobState, "COMPLETED");
	assert.equal(readFileSync(file("shard-1.json"), "utf8"), before);
	sound(file("report.json"));
	assert.equal(submit().array, "", "nothing is left to run");
});
