import assert from "node:assert/strict";
import { test } from "tap";
import { UsageError } from "../common/usage.js";
import { runRequest } from "./runRequest.js";

const NONE = { config: {} };

// What CI has set is none of these tests' business.
delete process.env.CI;

test("without a word: the default kernel, TAP on standard output", async () => {
	assert.deepEqual(runRequest({}, NONE), {
		targets: [{ kind: "qemu", append: "" }],
		selection: { suite: [], subject: [], case: [] },
		reports: [{ format: "tap" }],
		accel: "auto",
		bisect: false,
		freshSubjects: false,
		warm: true,
		compat: false,
		lsm: [],
		extras: [],
		expect: [],
		known: [],
	});
});

test("a mistaken report names the configuration's file", async () => {
	const loaded = { path: "/ci/c.json", config: { reports: ["xml"] } };
	assert.throws(
		() => runRequest({}, loaded),
		/^UsageError: \/ci\/c\.json: reports: xml: there is no format "xml"/,
	);
});

test("the command line overrides the configuration", async () => {
	const loaded = {
		path: "/etc/ci/crcap.config.json",
		config: {
			targets: [
				{ kernel: "debian:sid", name: "newest" },
				{ local: true as const },
			],
			suite: ["set_tid"],
			reports: ["json=out.json"],
			jobs: 3,
			timeout: 60,
			caseTimeout: 0.25,
			accel: "tcg" as const,
		},
	};
	const configured = runRequest({}, loaded);
	assert.deepEqual(configured.targets, [
		{ kind: "qemu", name: "newest", kernel: "debian:sid", append: "" },
		{ kind: "local", name: "local", host: false },
	]);
	assert.deepEqual(configured.reports, [
		{ format: "json", file: "/etc/ci/out.json" },
	]);
	assert.equal(configured.caseTimeoutMs, 250);
	assert.equal(configured.accel, "tcg");

	const spoken = runRequest(
		{
			kernel: ["bzImage"],
			suite: ["exe_fd"],
			report: ["tap"],
			jobs: 1,
			timeout: 5,
			accel: "kvm",
		},
		loaded,
	);
	assert.deepEqual(spoken.targets, [
		{ kind: "qemu", kernel: "bzImage", append: "" },
	]);
	assert.deepEqual(spoken.selection.suite, ["exe_fd"]);
	assert.deepEqual(spoken.reports, [{ format: "tap" }]);
	assert.equal(spoken.jobs, 1);
	assert.equal(spoken.timeout, 5);
	assert.equal(spoken.accel, "kvm");
});

test("the same kernel twice has two names; what is appended adds up", async () => {
	const { targets } = runRequest(
		{ kernel: ["k", "k"], append: ["a=1", "b"] },
		NONE,
	);
	assert.deepEqual(targets, [
		{ kind: "qemu", kernel: "k", append: "a=1 b" },
		{ kind: "qemu", kernel: "k", append: "a=1 b", name: "k#2" },
	]);
});

test("machines that ssh reaches, by their names and each once", async () => {
	assert.deepEqual(
		runRequest({ ssh: ["board", "board"], host: true }, NONE).targets,
		["board", "board#2"].map((name) => ({
			kind: "ssh",
			name,
			destination: "board",
			host: true,
		})),
	);
	const loaded = {
		path: "/ci/c.json",
		config: { targets: [{ ssh: "me@board:22", name: "tablet" }] },
	};
	assert.deepEqual(runRequest({}, loaded).targets, [
		{ kind: "ssh", name: "tablet", destination: "me@board:22", host: false },
	]);
	assert.throws(
		() => runRequest({ ssh: ["board"], append: ["a"] }, NONE),
		/--append is for guests: with --local or --ssh alone there is none$/,
	);
});

test("--local stands alone or beside guests", async () => {
	assert.deepEqual(runRequest({ local: true, host: true }, NONE).targets, [
		{ kind: "local", name: "local", host: true },
	]);
	assert.equal(
		runRequest({ local: true, kernel: ["k"] }, NONE).targets.length,
		2,
	);
});

test("options without effect are refused", async () => {
	for (const options of [
		{ host: true },
		{ local: true, keep: "x" },
		{ local: true, append: ["x"] },
		{ local: true, accel: "kvm" as const },
	]) {
		assert.throws(() => runRequest(options, NONE), UsageError);
	}
});

test("saved guests are for people, not for bisecting and CI, unless asked for", async () => {
	const warm = (options: Parameters<typeof runRequest>[0]) =>
		runRequest(options, NONE).warm;
	assert.equal(warm({ cold: true }), false);
	assert.equal(warm({ bisect: true }), false);
	assert.equal(warm({ bisect: true, warm: true }), true);
	process.env.CI = "true";
	try {
		assert.equal(warm({}), false);
		assert.equal(warm({ warm: true }), true);
	} finally {
		delete process.env.CI;
	}
	assert.throws(
		() => warm({ warm: true, cold: true }),
		/^UsageError: --warm and --cold say the opposite of each other/,
	);
});
