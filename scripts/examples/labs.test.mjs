/** LAVA, KernelCI, tmt, autopkgtest: each checked by its own tool where Debian has one, and what they run is run. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { t, test } from "tap";
import { parse, parseAllDocuments } from "yaml";
import { TOP } from "../lib/run.mjs";
import { Bed, example } from "./bed.mjs";

/** @type {Bed} */
let bed;
t.beforeEach((each) => {
	bed = new Bed(each);
});

const JOB = readFileSync(example("lava/job.yaml"), "utf8");

test("LAVA's own schema takes the job, and no broken one", async () => {
	const check = (/** @type {string} */ job) =>
		bed.run(
			"/usr/bin/python3",
			[
				"-c",
				"import sys, json, lava_common.schemas as s; s.validate(json.load(sys.stdin), strict=True)",
			],
			{ input: JSON.stringify(parse(job)) },
		);
	const sound = check(JOB);
	assert.equal(sound.status, 0, sound.stderr);
	const broken = check(JOB.replace("method: u-boot", "method: u-boat"));
	assert.notEqual(broken.status, 0);
	assert.match(broken.stderr, /Invalid/);
});

/**
 * What the parser tells LAVA of a log.
 * @param {string} log
 */
function toLava(log) {
	const calls = bed.path("calls");
	writeFileSync(calls, "");
	const say = join(bed.bin, "lava-test-case");
	writeFileSync(say, `#!/bin/sh\necho "$*" >> ${calls}\n`, { mode: 0o755 });
	const { status } = bed.run("sh", [example("lava/ktap-to-lava.sh")], {
		input: log,
	});
	const lines = readFileSync(calls, "utf8").split("\n").filter(Boolean);
	return { status, lines };
}

test("the parser tells LAVA of each case in our KTAP, nested or flat", async () => {
	const golden = (/** @type {string} */ name) =>
		readFileSync(join(TOP, "results/golden", name), "utf8");
	const clean = toLava(golden("clean.ktap"));
	assert.equal(clean.status, 0);
	assert.equal(clean.lines.length, 21);
	for (const line of clean.lines)
		assert.match(line, /^[a-z_]+\.[a-z_]+\.[\w-]+ --result pass$/);
	const sample = toLava(golden("sample.ktap"));
	const results = sample.lines.map((line) => line.split(" ").at(-1));
	assert.equal(results.length, 42);
	for (const result of ["pass", "fail", "skip"])
		assert.ok(results.includes(result), result);
	const flat = toLava(
		"KTAP version 1\n1..3\nok 1 a.b.c\nnot ok 2 a.b.d\nok 3 a.b.e # SKIP no\n# Totals: …\n",
	);
	assert.deepEqual(flat, {
		status: 0,
		lines: [
			"a.b.c --result pass",
			"a.b.d --result fail",
			"a.b.e --result skip",
		],
	});
});

test("the parser does not take a log that is cut short for a whole one", async () => {
	assert.equal(toLava("1..3\nok 1 a.b.c\n").status, 1);
	assert.equal(toLava("1..1\nok 1 a.b.c\nBail out! lost\n").status, 1);
	const nothing = toLava("");
	assert.deepEqual(nothing, { status: 1, lines: ["crcap.run --result fail"] });
	const hostile = toLava('1..1\nok 1 a.b.c";touch$(x);"\n');
	assert.equal(existsSync(bed.path("x")), false);
	assert.match(hostile.lines[0] ?? "", /^a\.b\.c__touch__x___ --result pass$/);
});

test("the job runs what `crcap export kselftest` writes", async () => {
	const [, , { test: last }] = parse(JOB).actions;
	const { steps } = last.definitions[0].repository.run;
	assert.ok(
		steps.some((/** @type {string} */ s) => s.includes("./crcap/crcap >")),
	);
	const board = bed.run("crcap", [
		"export",
		"kselftest",
		"dir",
		"--case=set_tid.free_tid.userns_pidns-*",
	]);
	assert.equal(board.status, 0, board.stderr);
	const { stdout } = bed.run("sh", ["-c", "./dir/crcap/crcap"]);
	const { status, lines } = toLava(stdout);
	assert.equal(status, 0, stdout);
	assert.ok(lines.length > 2);
	for (const line of lines) assert.match(line, / (pass|skip)$/);
});

test("KernelCI gets a KCIDB file of its origin, and its job names our collection", async () => {
	const submit = join(bed.bin, "submit");
	writeFileSync(submit, "#!/bin/sh\nexec cat > submitted\n", { mode: 0o755 });
	const commit = "0123456789abcdef0123456789abcdef01234567";
	const args = ["local", "mylab", "https://git.example/linux.git", commit];
	const script = example("kernelci/submit.sh");
	const done = bed.run(script, args, { env: { KCIDB_SUBMIT: "submit" } });
	assert.equal(done.status, 0, done.stderr);
	const { checkouts, tests } = JSON.parse(
		readFileSync(bed.path("submitted"), "utf8"),
	);
	assert.equal(checkouts[0].git_commit_hash, commit);
	for (const { id } of tests) assert.match(id, /^mylab:/);
	assert.equal(bed.run(script, ["local"]).status, 2);
	const refuse = bed.run(script, args, { env: { KCIDB_SUBMIT: "false" } });
	assert.equal(refuse.status, 3);
	const job = parse(readFileSync(example("kernelci/job.yaml"), "utf8"));
	for (const { job: name } of job.scheduler)
		assert.equal(job.jobs[name].params.collections, "crcap");
});

test("tmt's metadata is one tree, and its test passes", async () => {
	const read = (/** @type {string} */ name) => {
		const [document] = parseAllDocuments(
			readFileSync(example("tmt", name), "utf8"),
		);
		return document?.toJS();
	};
	assert.equal(readFileSync(example("tmt/.fmf/version"), "utf8"), "1\n");
	const { test: command, framework, ...tests } = read("main.fmf");
	assert.equal(framework, "shell");
	assert.ok(existsSync(example("tmt", command)));
	const names = Object.keys(tests).filter((name) => name.startsWith("/"));
	assert.deepEqual(names, ["/boundaries", "/host"]);
	assert.equal(read("plan.fmf").execute.how, "tmt");
	mkdirSync(bed.path("data"));
	const done = bed.run(example("tmt", command), [], {
		env: {
			...tests["/boundaries"].environment,
			TMT_TEST_DATA: bed.path("data"),
		},
	});
	assert.equal(done.status, 0, done.stderr);
	assert.ok(existsSync(bed.path("data/crcap.xml")));
	const broken = bed.run(example("tmt", command), [], {
		env: { CRCAP_OPTIONS: "--no-such" },
	});
	assert.equal(broken.status, 2);
});

test("autopkgtest runs the test, and skips it where there is no crcap", async () => {
	const run = (/** @type {string} */ path) =>
		bed.run("autopkgtest", [
			...["--no-built-binaries", "--ignore-restrictions=isolation-machine"],
			...[
				`--env=PATH=${path}`,
				`--output-dir=${bed.path(`out${path.length}`)}`,
			],
			...[`${example("autopkgtest")}//`, "--", "null"],
		]);
	const done = run(`${bed.bin}:/usr/bin:/bin`);
	assert.equal(done.status, 0, done.stdout);
	assert.match(done.stdout, /^crcap +PASS$/m);
	const none = run("/usr/bin:/bin");
	assert.match(none.stdout, /^crcap +SKIP exit status 77/m);
});
