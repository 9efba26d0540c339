import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { test } from "tap";
import { VERDICTS } from "../model/basics.js";

import { cleanReport, sampleReport } from "../testing/sample.test.data.js";
import {
	golden,
	ROOT,
	render,
	totalsOf,
} from "../testing/support.test.data.js";
import { createWriter } from "../writers.js";

const ajv = new Ajv({ allErrors: true, strict: true });
addFormats.default(ajv);
const valid = ajv.compile(
	JSON.parse(
		readFileSync(join(ROOT, "results/fixtures/kcidb-5.3.schema.json"), "utf8"),
	),
);

interface Data {
	tests: {
		id: string;
		path: string;
		status: string;
		build_id: string;
		log_excerpt?: string;
		environment: { misc: { target: string } };
	}[];
	builds: {
		id: string;
		checkout_id: string;
		misc: { facts: Record<string, object> };
	}[];
	checkouts: { id: string }[];
	issues: { id: string }[];
	incidents: { issue_id: string; test_id: string }[];
}

async function read(report = sampleReport()): Promise<Data> {
	const data = JSON.parse(await render("kcidb", report));
	assert.equal(valid(data), true, JSON.stringify(valid.errors));
	return data;
}

test("kcidb, golden", golden(), async (t) => {
	t.matchSnapshot(
		await render("kcidb", sampleReport()),
		"results/golden/sample.kcidb.json",
	);
});

test("the schema refuses what it should", async () => {
	const data = await read();
	for (const broken of [
		{ ...data, extra: 1 },
		{ ...data, tests: [{ id: "crcap:1" }] },
		{ ...data, tests: [{ ...data.tests[0], path: "a b" }] },
		{ ...data, tests: [{ ...data.tests[0], log_excerpt: "x".repeat(16385) }] },
		{ ...data, tests: [{ ...data.tests[0], comment: "a\u0000b" }] },
		{ ...data, tests: [{ ...data.tests[0], status: null }] },
	]) {
		assert.equal(valid(broken), false);
	}
});

test("the data is valid, complete and linked", async () => {
	for (const report of [sampleReport(), cleanReport()]) {
		const data = await read(report);
		const sum = totalsOf(report);
		const count = (status: string) =>
			data.tests.filter((one) => one.status === status).length;
		assert.equal(count("PASS"), sum.pass);
		assert.equal(count("FAIL"), sum.fail + sum.crash + sum.timeout);
		assert.equal(count("ERROR"), sum.error);
		assert.equal(count("MISS"), sum.not_run);
		assert.equal(count("SKIP"), sum.skip);
		assert.equal(
			new Set(data.tests.map(({ id }) => id)).size,
			data.tests.length,
		);
		const builds = new Set(data.builds.map(({ id }) => id));
		const checkouts = new Set(data.checkouts.map(({ id }) => id));
		assert.ok(data.tests.every((one) => builds.has(one.build_id)));
		assert.ok(data.builds.every((one) => checkouts.has(one.checkout_id)));
	}
});

test("a known failure is an issue with an incident", async () => {
	const { issues, incidents, tests } = await read();
	assert.equal(issues.length, 2);
	assert.equal(incidents.length, 2);
	assert.equal(incidents[0]?.issue_id, issues[0]?.id);
	const known = tests.find(({ id }) => id === incidents[0]?.test_id);
	assert.equal(
		known?.path,
		"cap_checkpoint_restore.set_tid.live_tid.userns-all",
	);
});

test("the same kernel on two targets is one build", async () => {
	const report = cleanReport();
	const [target] = report.targets;
	assert.ok(target);
	report.targets.push({ ...target, name: "again", accel: "kvm" });
	const { builds, checkouts, tests } = await read(report);
	assert.deepEqual([builds.length, checkouts.length, tests.length], [1, 1, 42]);
});

test("a kernel's facts stand in its build, once, by target", async () => {
	const report = cleanReport();
	const [target] = report.targets;
	assert.ok(target);
	const fact = "a fact that is long and told once";
	target.facts = { fact };
	report.targets.push({ ...target, name: "again", facts: { other: 1 } });
	const { builds, tests } = await read(report);
	assert.deepEqual(builds[0]?.misc.facts, {
		[target.name]: { fact },
		again: { other: 1 },
	});
	assert.equal(JSON.stringify(tests).includes(fact), false);
	for (const { build_id, environment } of tests) {
		const build = builds.find(({ id }) => id === build_id);
		assert.ok(build?.misc.facts[environment.misc.target]);
	}
});

test("every verdict has a status", async () => {
	const { STATUS } = await import("./kcidb.js");
	assert.deepEqual(Object.keys(STATUS).sort(), [...VERDICTS].sort());
});

test("an origin that KCIDB would refuse is refused here", async () => {
	assert.throws(
		() => createWriter("kcidb", process.stdout, { kcidbOrigin: "My CI" }),
		/no origin for KCIDB/,
	);
});

test("origin and source of the kernel are told, and another commit is another checkout", async () => {
	const made = async (commit: string) => {
		const kcidbGit = {
			url: "https://example.org/linux.git",
			branch: "b",
			commit,
		};
		const options = { kcidbOrigin: "me_1", kcidbGit };
		const data = JSON.parse(await render("kcidb", sampleReport(), options));
		assert.equal(valid(data), true, JSON.stringify(valid.errors));
		return data;
	};
	const one = await made("a".repeat(40));
	const other = await made("b".repeat(40));
	const [checkout] = one.checkouts;
	assert.equal(checkout.git_commit_hash, "a".repeat(40));
	assert.equal(checkout.git_repository_url, "https://example.org/linux.git");
	assert.equal(checkout.git_repository_branch, "b");
	assert.notEqual(checkout.id, other.checkouts[0].id);
	for (const { id, origin } of [
		...one.checkouts,
		...one.builds,
		...one.tests,
	]) {
		assert.equal(origin, "me_1");
		assert.match(id, /^me_1:/);
	}
});
