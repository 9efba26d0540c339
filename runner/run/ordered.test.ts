import assert from "node:assert/strict";
import { test } from "tap";
import { noTotals } from "../../results/model/counts.js";
import type {
	CaseResult,
	TargetHead,
	TargetTail,
} from "../../results/model/model.js";
import { defaultJobs, runLimited } from "../common/jobs.js";
import type { TargetSink } from "../execute/sink.js";
import { inOrder } from "./ordered.js";

/** Writes down what it is told. */
class Log implements TargetSink {
	readonly lines: string[] = [];
	beginTarget(head: TargetHead): void {
		this.lines.push(`begin ${head.name}`);
	}
	caseResult(result: CaseResult): void {
		this.lines.push(result.id);
	}
	endTarget(): void {
		this.lines.push("end");
	}
}

const tail: TargetTail = {
	complete: true,
	notes: [],
	totals: noTotals(),
	durationMs: 0,
};
const begin = (sink: TargetSink | undefined, name: string) =>
	sink?.beginTarget({ name } as TargetHead);
const tell = (sink: TargetSink | undefined, id: string) =>
	sink?.caseResult({ id } as CaseResult);

test("the report is the same in whichever order targets end", async () => {
	const expected = [
		"begin a",
		"a1",
		"a2",
		"end",
		"begin b",
		"b1",
		"end",
		"begin c",
		"c1",
		"end",
	];
	const one = new Log();
	const [a, b, c] = inOrder(3, one);
	begin(c, "c");
	tell(c, "c1");
	begin(a, "a");
	tell(a, "a1");
	c?.endTarget(tail);
	begin(b, "b");
	tell(a, "a2");
	tell(b, "b1");
	b?.endTarget(tail);
	assert.deepEqual(one.lines, ["begin a", "a1", "a2"]);
	a?.endTarget(tail);
	assert.deepEqual(one.lines, expected);
});

test("what the first unfinished target finds passes at once", async () => {
	const log = new Log();
	const [a, b] = inOrder(2, log);
	begin(b, "b");
	tell(b, "b1");
	begin(a, "a");
	a?.endTarget(tail);
	assert.deepEqual(log.lines, ["begin a", "end", "begin b", "b1"]);
	tell(b, "b2");
	assert.equal(log.lines.at(-1), "b2");
});

test("never more at a time than allowed, and all of them", async () => {
	let now = 0;
	let most = 0;
	const done: number[] = [];
	const tasks = Array.from({ length: 7 }, (_, i) => async () => {
		most = Math.max(most, ++now);
		await new Promise((resolve) => setImmediate(resolve));
		now--;
		done.push(i);
	});
	await runLimited(tasks, 3);
	assert.equal(most, 3);
	assert.equal(done.length, 7);
});

test("a task that throws lets those under way end and begins no more", async () => {
	const done: string[] = [];
	await assert.rejects(
		runLimited(
			[
				async () => {
					throw new Error("first");
				},
				async () => {
					await new Promise((resolve) => setImmediate(resolve));
					done.push("second");
				},
				async () => {
					done.push("third");
				},
			],
			2,
		),
		/first/,
	);
	assert.deepEqual(done, ["second"]);
});

test("guests at a time: by cores and memory, at least one", async () => {
	const GiB = 2 ** 30;
	assert.equal(defaultJobs(8, 64 * GiB), 8);
	assert.equal(defaultJobs(8, 2 * GiB), 3);
	assert.equal(defaultJobs(8, 0), 1);
});
