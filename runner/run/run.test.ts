import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { t, test } from "tap";
import { Report } from "../../results/index.js";
import { OwnFault } from "../common/ownFault.js";
import { UsageError } from "../common/usage.js";
import {
	fakeSuites,
	fakeTarget,
	type Script,
} from "../execute/fakes.test.helper.js";
import type { RunRequest } from "../request/runRequest.js";
import { EVERYTHING } from "../request/select.js";
import { OpenError, type Target } from "../targets/target.js";
import { type RunDeps, run } from "./run.js";
import { CASES, depsOf, requestIn } from "./run.test.helper.js";

let dir: string;
t.beforeEach((each) => {
	dir = each.testdir();
});

const request = (more: Partial<RunRequest> = {}): RunRequest =>
	requestIn(dir, more);

function report(): Report {
	return Report.parse(JSON.parse(readFileSync(join(dir, "r.json"), "utf8")));
}

const verdicts = (index: number): string[] =>
	report().targets[index]?.cases.map((result) => result.verdict) ?? [];

/** Answers everything with one verdict. */
const all =
	(verdict: string): Script =>
	(requests, events) => {
		for (const { n } of requests) events.reply(`obs ${n} ${verdict}`);
		return {};
	};

const broken = (name: string): Target =>
	fakeTarget(undefined, {
		name,
		open: () => Promise.reject(new OpenError("it did not boot")),
	});

test("one target that passes: 0, and its report", async () => {
	assert.equal(await run(request(), depsOf([fakeTarget()])), 0);
	assert.deepEqual(verdicts(0), Array(6).fill("pass"));
	assert.equal(report().plannedTargets, 1);
	assert.deepEqual(readdirSync(dir), ["r.json"]);
});

test("a failure is 1, an error 3, and what does not boot costs only itself", async () => {
	const fails = fakeTarget(all("fail"), { name: "b" });
	assert.equal(await run(request(), depsOf([fails])), 1);
	assert.equal(await run(request(), depsOf([fakeTarget(all("error"))])), 3);
	assert.equal(await run(request(), depsOf([fakeTarget(), broken("c")])), 3);
	assert.deepEqual(verdicts(0), Array(6).fill("pass"));
	assert.deepEqual(verdicts(1), Array(6).fill("not_run"));
	assert.equal(report().targets[1]?.incompleteReason, "it did not boot");
	assert.equal(await run(request(), depsOf([broken("c"), fails])), 1);
});

test("the report's order is that of the request, whoever ends first", async () => {
	let release = (): void => {};
	const wait = new Promise<void>((resolve) => {
		release = resolve;
	});
	const slow = fakeTarget(
		async (requests, events) => {
			await wait;
			return all("pass")(requests, events);
		},
		{ name: "slow" },
	);
	const quick = fakeTarget(
		(requests, events) => {
			release();
			return all("fail")(requests, events);
		},
		{ name: "quick" },
	);
	assert.equal(await run(request({ jobs: 2 }), depsOf([slow, quick])), 1);
	assert.deepEqual(
		report().targets.map((target) => target.name),
		["slow", "quick"],
	);
	assert.deepEqual(verdicts(0), Array(6).fill("pass"));
});

test("selection and shard decide what is asked; the share is marked", async () => {
	const selection = { ...EVERYTHING, suite: ["set_tid"] };
	const shard = { index: 1, count: 2 };
	assert.equal(
		await run(request({ selection, shard }), depsOf([fakeTarget()])),
		0,
	);
	const target = report().targets[0];
	assert.deepEqual(
		target?.cases.map((result) => result.probe),
		["probe0", "probe4"],
	);
	assert.equal(target?.facts["plan.shard"], "1/2");
	assert.equal(target?.facts["plan.cases"], 4);
});

test("what can't work is refused before anything is prepared", async () => {
	const never: RunDeps = {
		...depsOf([]),
		prepare: () => Promise.reject(new Error("it was prepared")),
	};
	const selection = { ...EVERYTHING, suite: ["nosuch"] };
	await assert.rejects(run(request({ selection }), never), UsageError);
	const reports = [
		{ format: "json", file: join(dir, "no", "r.json") } as const,
	];
	await assert.rejects(run(request({ reports }), never), UsageError);
	for (const more of [
		{ shard: { index: 1, count: 101 } },
		{
			shard: { index: 1, count: 4 },
			selection: { ...EVERYTHING, case: ["*probe0*"] },
		},
	])
		await assert.rejects(run(request(more), never), UsageError);
});

test("a kernel that lacks some of what was selected runs the rest", async () => {
	const some: RunDeps = {
		...depsOf([fakeTarget()]),
		suites: async () => ({
			...fakeSuites(CASES),
			plan: (facts) => ({
				cases: facts === null ? CASES : CASES.slice(0, 2),
				facts: {},
			}),
		}),
	};
	const ids = { ...EVERYTHING, case: ["*probe0*", "*probe4*"] };
	assert.equal(await run(request({ selection: ids }), some), 0);
	assert.deepEqual(verdicts(0), ["pass"]);
	const none = { ...EVERYTHING, case: ["*probe4*"] };
	assert.equal(await run(request({ selection: none }), some), 3);
	assert.match(
		report().targets[0]?.incompleteReason ?? "",
		/nothing of what was selected/,
	);
});

test("a bug of crcap's own is no verdict: the report says whose fault it is", async () => {
	const bug = fakeTarget(() => {
		throw new TypeError("a bug");
	});
	const next = fakeTarget(undefined, {
		async open(signal) {
			if (signal.aborted) throw new OpenError("stopped");
			return await fakeTarget().open(signal);
		},
	});
	await assert.rejects(
		run(request({ jobs: 1 }), depsOf([bug, next])),
		(error) => {
			assert.ok(error instanceof OwnFault);
			assert.equal(error.message, "crcap itself failed: a bug");
			return error.cause instanceof TypeError;
		},
	);
	const [first, second] = report().targets;
	assert.equal(first?.complete, false);
	assert.match(first?.incompleteReason ?? "", /crcap itself failed.*a bug/);
	assert.deepEqual(
		first?.cases.map(({ verdict }) => verdict),
		["error", ...Array(5).fill("not_run")],
	);
	assert.match(
		second?.incompleteReason ?? "",
		/crcap itself failed on another target/,
	);
});

/** Sends this process a signal and waits, as a guest does, until that stops the run; then fails so. */
const signalled = (
	stop: AbortSignal,
	signal: NodeJS.Signals,
	error: Error,
): Promise<never> =>
	new Promise((_, reject) => {
		const guest = setInterval(() => {}, 1000);
		stop.addEventListener("abort", () => {
			clearInterval(guest);
			reject(error);
		});
		process.kill(process.pid, signal);
	});

test("a bug in a run that was interrupted as well is no mere interruption", async () => {
	const bug = fakeTarget(undefined, {
		open: (stop) => signalled(stop, "SIGINT", new TypeError("a bug")),
	});
	await assert.rejects(run(request(), depsOf([bug])), { name: "OwnFault" });
});

test("a bug before a target is up is reported there, too", async () => {
	const bug = fakeTarget(undefined, {
		open: () => Promise.reject(new TypeError("a bug")),
	});
	await assert.rejects(run(request(), depsOf([bug])), /a bug/);
	assert.match(report().targets[0]?.incompleteReason ?? "", /crcap itself/);
});

test("what the system refuses is no bug, and leaves no half report", async () => {
	const full = fakeTarget(() => {
		const error = new Error("ENOSPC: no space left on device");
		throw Object.assign(error, { code: "ENOSPC", syscall: "write" });
	});
	await assert.rejects(run(request(), depsOf([full])), /no space/);
	assert.deepEqual(readdirSync(dir), []);
});

test("the time for the whole run ends it in order", async () => {
	const stuck = fakeTarget(undefined, {
		open: (signal) =>
			new Promise((_, reject) => {
				signal.addEventListener("abort", () =>
					reject(new OpenError("stopped")),
				);
			}),
	});
	assert.equal(await run(request({ timeout: 0.02 }), depsOf([stuck])), 3);
	assert.match(report().targets[0]?.incompleteReason ?? "", /--timeout 0\.02/);
});

test("a signal ends it in order: 130, and the report", async () => {
	const before = process.listenerCount("SIGINT");
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) {
		const stuck = fakeTarget(undefined, {
			open: (stop) => signalled(stop, signal, new OpenError("stopped")),
		});
		assert.equal(await run(request(), depsOf([stuck])), 130);
		assert.match(
			report().targets[0]?.incompleteReason ?? "",
			new RegExp(signal),
		);
	}
	assert.equal(process.listenerCount("SIGINT"), before);
});

test("known failures are marked and forgiven", async () => {
	const known = [{ case: "*", reason: "being fixed", expires: "2999-12-31" }];
	assert.equal(
		await run(request({ known }), depsOf([fakeTarget(all("fail"))])),
		0,
	);
	assert.equal(report().targets[0]?.cases[0]?.known?.reason, "being fixed");
});

test("a report that can't be written in the end is told", async () => {
	const reports = [{ format: "json", file: "/dev/full" } as const];
	await assert.rejects(
		run(request({ reports }), depsOf([fakeTarget()])),
		/\/dev\/full could not be written/,
	);
});
