import assert from "node:assert/strict";
import { parse } from "junit2json";
import { test } from "tap";
import {
	cleanReport,
	HOSTILE,
	sampleReport,
} from "../testing/sample.test.data.js";
import {
	consume,
	golden,
	matchGoldens,
	missing,
	render,
	totalsOf,
} from "../testing/support.test.data.js";

async function read(report = sampleReport()) {
	const parsed = await parse(await render("junit", report));
	assert.ok(parsed !== undefined && parsed !== null && "testsuite" in parsed);
	return parsed;
}

test("junit, golden", golden(), async (t) => {
	await matchGoldens(t, "junit", "junit.xml");
});

test("xmllint finds the XML well-formed, whatever the console held", {
	skip: missing("xmllint", "apt install libxml2-utils"),
}, async () => {
	assert.equal(consume("xmllint", ["--noout", "-"], "<a>").status, 1);
	for (const report of [sampleReport(), cleanReport()]) {
		const done = consume(
			"xmllint",
			["--noout", "--huge", "-"],
			await render("junit", report),
		);
		assert.equal(done.stderr, "");
		assert.equal(done.status, 0);
	}
});

test("a JUnit reader counts what the report holds", async () => {
	const suites = await read();
	const sum = totalsOf(sampleReport());
	const errors = sum.error + sum.timeout + sum.crash + sum.not_run - 1;
	assert.deepEqual(
		{ tests: suites.tests, failures: suites.failures, errors: suites.errors },
		{ tests: 42, failures: sum.fail - 1, errors },
	);
	const cases = (suites.testsuite ?? []).flatMap(
		(suite) => suite.testcase ?? [],
	);
	assert.equal(cases.length, 42);
	assert.equal(cases.filter((one) => one.failure).length, sum.fail - 1);
	assert.equal(cases.filter((one) => one.error).length, errors);
	assert.equal(cases.filter((one) => one.skipped).length, sum.skip + 2);
	assert.equal(
		new Set(cases.map((one) => `${one.classname} ${one.name}`)).size,
		42,
	);
	for (const suite of suites.testsuite ?? []) {
		assert.equal(suite.tests, suite.testcase?.length);
		assert.equal(
			suite.errors,
			suite.testcase?.filter((one) => one.error).length,
		);
		assert.equal(
			suite.failures,
			suite.testcase?.filter((one) => one.failure).length,
		);
	}
});

test("reasons, properties and console arrive at the reader as text", async () => {
	const suites = await read();
	const all = suites.testsuite ?? [];
	const one = all
		.flatMap((suite) => suite.testcase ?? [])
		.find(({ name }) => name === "set_tid.live_tid.uid0-none");
	const said = JSON.stringify(one);
	assert.ok(one?.failure?.[0]?.message?.includes(HOSTILE.script));
	assert.ok(said.includes("]]> <![CDATA[ &amp; &lt;"));
	const properties = all[0]?.properties ?? [];
	assert.ok(
		properties.some(
			({ name, value }) =>
				name === "kernel" && String(value) === "6.1.0-56-cloud-amd64",
		),
	);
});

test("a run that is incomplete with no case to show for it is not green", async () => {
	const report = cleanReport();
	const [target] = report.targets;
	assert.ok(target);
	Object.assign(target, {
		complete: false,
		incompleteReason: "the guest said no goodbye",
	});
	const suites = await read(report);
	assert.equal(suites.errors, 1);
	assert.match(JSON.stringify(suites), /the guest said no goodbye/);
});
