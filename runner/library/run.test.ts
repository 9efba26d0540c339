import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { execa } from "execa";
import { test } from "tap";
import {
	fakeSuites,
	fakeTarget,
	plannedCase,
	type Script,
} from "../execute/fakes.test.helper.js";
import type { Target } from "../targets/target.js";
import { judge, plan, UsageError } from "./index.js";
import { begin, type RunInput } from "./run.js";

const TOP = join(import.meta.dirname, "../../..");
const CASES = Array.from({ length: 4 }, (_, n) => plannedCase(n));

const onFakes = (targets: readonly Target[], input: RunInput = {}) =>
	begin(input, {
		suites: async () => ({
			...fakeSuites(CASES),
			suites: () => [],
			subjects: () => [],
		}),
		prepare: async () => targets,
	});

const failing: Script = (requests, events) => {
	for (const { n } of requests)
		events.reply(`obs ${n} ${n === 2 ? "fail" : "pass"}`);
	return {};
};

test("results come with their target, in the order of a report, and then the end", async () => {
	const running = onFakes([
		fakeTarget(failing, { name: "a" }),
		fakeTarget(undefined, { name: "b" }),
	]);
	const seen: string[] = [];
	for await (const { target, result } of running)
		seen.push(`${target.name} ${result.id} ${result.verdict}`);
	assert.equal(seen.length, 8);
	assert.equal(seen[2], "a map_files.probe2.root-all fail");
	assert.match(seen[4] ?? "", /^b set_tid\.probe0/);
	const { outcome, stopped, targets } = await running.finished;
	assert.equal(outcome, "failed");
	assert.equal(stopped, false);
	assert.deepEqual(
		targets.map((end) => [end.target.name, end.outcome, end.tail.totals.pass]),
		[
			["a", "failed", 3],
			["b", "passed", 4],
		],
	);
});

test("known failures make no run fail, and nobody has to iterate", async () => {
	const { outcome, targets } = await onFakes([fakeTarget(failing)], {
		knownFailures: [
			{ case: "map_files.*", reason: "being mended", expires: "9999-12-31" },
		],
	}).finished;
	assert.equal(outcome, "passed");
	assert.equal(targets[0]?.tail.totals.fail, 1);
});

test("who leaves the loop stops the run; what did not run is told", async () => {
	let wait: (() => void) | undefined;
	const slow = fakeTarget(async (requests, events) => {
		// A result is told once the next one is known: the console may still add to it.
		for (const { n } of requests.slice(0, 2)) events.reply(`obs ${n} pass`);
		await new Promise<void>((resolve) => {
			wait = resolve;
		});
		return { how: "stopped", detail: "stopped" };
	});
	const running = onFakes([slow]);
	for await (const { result } of running) {
		assert.equal(result.verdict, "pass");
		break;
	}
	wait?.();
	const { outcome, stopped, targets } = await running.finished;
	assert.deepEqual([outcome, stopped], ["incomplete", true]);
	assert.equal(targets[0]?.tail.totals.not_run, 2);
	assert.equal(slow.closed, 1);
});

test("several may ask at a time, and each case goes to one of them", async () => {
	const running = onFakes([fakeTarget()]);
	const seen: string[] = [];
	const reader = async (): Promise<void> => {
		for await (const { result } of running) seen.push(result.id);
	};
	await Promise.all([reader(), reader(), reader()]);
	assert.deepEqual(
		seen,
		CASES.map(({ id }) => id),
	);
});

test("an aborted signal stops the run, before it and in it", async () => {
	const aborted = onFakes([fakeTarget()], { signal: AbortSignal.abort() });
	assert.equal((await aborted.finished).stopped, true);
	const controller = new AbortController();
	const target = fakeTarget(() => {
		controller.abort();
		return { how: "stopped", detail: "stopped" };
	});
	const { stopped, outcome } = await onFakes([target], {
		signal: controller.signal,
	}).finished;
	assert.deepEqual([stopped, outcome], [true, "incomplete"]);
});

test("what can't be asked for is refused, to whoever iterates as well", async () => {
	const wrong: [input: object, message: RegExp][] = [
		[{ suites: ["set_tid"] }, /run\(\): unknown key "suites" .*suite\?/],
		[{ jobs: 0 }, /run\(\): jobs: it is a whole number from 1 to 256/],
		[{ repeat: 1.5 }, /run\(\): repeat: it is a whole number from 1 to 100/],
		[{ shard: { index: 3, count: 2 } }, /shard\.index: .* from 1 to 2/],
		[{ reports: ["tapp"] }, /there is no format "tapp"/],
		[null as unknown as object, /run\(\): it is an object/],
		[7 as unknown as object, /run\(\): it is an object/],
	];
	for (const [input, message] of wrong) {
		const running = onFakes([fakeTarget()], input);
		const refused = (error: unknown): boolean =>
			error instanceof UsageError && message.test(error.message);
		await assert.rejects(running.finished, refused);
		for (const _ of [1, 2])
			await assert.rejects(running[Symbol.asyncIterator]().next(), refused);
	}
});

test("the plan and the judge, without a kernel", async () => {
	const cases = plan({ case: ["set_tid.free_tid.uid1000-*"] });
	assert.ok(cases.length > 3);
	const [none] = plan({ case: ["set_tid.free_tid.uid1000-none"] });
	assert.ok(none);
	assert.match(none.expected, /^clone3 EPERM$/);
	const reply = "obs 0 us=5 end=ok who=uid:1000,eff:0 r=clone3:EPERM\n";
	assert.equal(judge(none, reply).verdict, "pass");
	assert.equal(judge(none, reply.replace("EPERM", "0:20000")).verdict, "fail");
	assert.throws(() => judge(none, "hello"), /not an observation/);
	assert.throws(() => plan({ suite: ["set_tidd"] }), UsageError);
	const old = plan({
		facts: {
			reported: { release: "5.8.0", cap_last_cap: "39" },
			arch: "x86_64",
		},
		case: ["set_tid.free_tid.uid1000-cap_checkpoint_restore"],
	});
	assert.notEqual(old[0]?.skip, undefined);
});

test("the example posts what came of a run to a chat", async (t) => {
	const folder = t.testdir();
	const server = createServer(async (request, response) => {
		posted.push(JSON.parse(await text(request)));
		response.end("ok");
	});
	const posted: { text: string }[] = [];
	try {
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		const { port } = server.address() as AddressInfo;
		const example = (...args: string[]) =>
			execa(
				process.execPath,
				[join(TOP, "examples/library/notify.mjs"), ...args],
				{
					cwd: folder,
					env: { CHAT_WEBHOOK: `http://127.0.0.1:${port}/hook` },
					reject: false,
				},
			);
		const done = await example("--case", "set_tid.*.uid1000-none", "local");
		assert.equal(done.exitCode, 0, done.stderr);
		assert.match(posted[0]?.text ?? "", /^local: passed, \d+ passed, 0 failed/);
		const stored = JSON.parse(readFileSync(join(folder, "crcap.json"), "utf8"));
		assert.equal(stored.targets[0].name, "local");
		const refused = await example("/no/such/kernel");
		assert.equal(refused.exitCode, 2);
		assert.match(refused.stderr, /\/no\/such\/kernel/);
		assert.equal(posted.length, 1);
	} finally {
		server.close();
	}
});
