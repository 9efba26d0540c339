import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { t, test } from "tap";
import { Report } from "../../results/index.js";
import { UsageError } from "../common/usage.js";
import { fakeSuites, fakeTarget } from "../execute/fakes.test.helper.js";
import type { RunRequest } from "../request/runRequest.js";
import { EVERYTHING } from "../request/select.js";
import { type RunDeps, run } from "./run.js";
import { CASES, depsOf, requestIn } from "./run.test.helper.js";

let dir: string;
t.beforeEach((each) => {
	dir = each.testdir();
});

const request = (more: Partial<RunRequest> = {}): RunRequest =>
	requestIn(dir, more);

const report = (): Report =>
	Report.parse(JSON.parse(readFileSync(join(dir, "r.json"), "utf8")));

/** Every second case fails. */
const half = () =>
	fakeTarget((requests, events) => {
		for (const { n } of requests)
			events.reply(`obs ${n} ${n % 2 === 0 ? "pass" : "fail"}`);
		return {};
	});

test("--failed runs what did not pass, and tells what is gone", async () => {
	assert.equal(await run(request(), depsOf([half()])), 1);
	const said: string[] = [];
	const failed = join(dir, "r.json");
	const fewer = CASES.filter((_, n) => n !== 1);
	assert.equal(
		await run(request({ failed }), depsOf([fakeTarget()], said, fewer)),
		0,
	);
	const ids = report().targets[0]?.cases.map(({ id }) => id);
	assert.deepEqual(ids, [CASES[3]?.id, CASES[5]?.id]);
	assert.match(said.join(""), /left out: set_tid\.probe1\.uid1000-none/);
});

test("--failed with nothing to run: 3, nothing booted, no report", async () => {
	assert.equal(await run(request(), depsOf([fakeTarget()])), 0);
	const failed = join(dir, "r.json");
	const reports = [{ format: "tap", file: join(dir, "x.tap") } as const];
	const never: RunDeps = {
		...depsOf([]),
		prepare: () => Promise.reject(new Error("it was prepared")),
	};
	assert.equal(await run(request({ failed, reports }), never), 3);
	assert.deepEqual(readdirSync(dir), ["r.json"]);
	await run(request(), depsOf([half()]));
	const selection = { ...EVERYTHING, subject: ["root-all"] };
	assert.equal(await run(request({ failed, reports, selection }), never), 3);
	const gone = { ...never, suites: async () => fakeSuites(CASES.slice(0, 1)) };
	assert.equal(await run(request({ failed, reports }), gone), 3);
});

test("--failed with a report that is cut short or none is refused", async () => {
	const failed = join(dir, "cut.json");
	for (const text of ['{"schemaVersion":2', "", "\u0000\u001b[31m", "null"]) {
		writeFileSync(failed, text);
		await assert.rejects(run(request({ failed }), depsOf([])), (error) => {
			assert.ok(error instanceof UsageError);
			assert.match(error.message, /^--failed: .*cut\.json/);
			return true;
		});
	}
});

test("--max-failures ends the run; the rest is not run, and the report says why", async () => {
	const patient = fakeTarget(undefined, {
		async open(signal) {
			const session = await fakeTarget().open(signal);
			return {
				...session,
				async run(requests, events) {
					for (const { n } of requests) {
						if (signal.aborted)
							return {
								how: "stopped",
								detail: "stopped",
								consoleTail: [],
								notes: [],
							};
						events.reply(`obs ${n} fail`);
					}
					return { how: "bye", detail: "", consoleTail: [], notes: [] };
				},
			};
		},
	});
	const later = fakeTarget(undefined, { name: "later" });
	assert.equal(
		await run(request({ maxFailures: 2, jobs: 1 }), depsOf([patient, later])),
		1,
	);
	const [first] = report().targets;
	assert.match(first?.incompleteReason ?? "", /2 cases failed \(--max-fail/);
	const { fail = 0, not_run = 0 } = first?.totals ?? {};
	assert.ok(fail >= 2 && fail <= 3, `${fail} failed`);
	assert.equal(fail + not_run, 6);
});

test("--max-failures does not count failures that are known", async () => {
	const known = [{ case: "*", reason: "being fixed", expires: "2999-12-31" }];
	const asked = request({ maxFailures: 1, known });
	assert.equal(await run(asked, depsOf([half()])), 0);
});
