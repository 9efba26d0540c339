import assert from "node:assert/strict";
import { test } from "tap";
import { TaintWatch } from "./taint.js";

test("what is newly set is told, with the letter and the kind, and no twice", async () => {
	const watch = new TaintWatch("4096");
	assert.deepEqual(watch.take("obs 0 us=1 end=ok taint=4608"), {
		payload: "obs 0 us=1 end=ok",
		findings: [
			{
				kind: "warning",
				line: "/proc/sys/kernel/tainted: 4096 before, 4608 after (W: the kernel warned)",
			},
		],
	});
	const { findings } = watch.take("obs 1 us=1 end=ok taint=4768 r=x:0");
	assert.deepEqual(
		findings.map(({ kind }) => kind),
		["bug", "oops"],
	);
	assert.deepEqual(watch.take("obs 2 us=1 taint=4768").findings, []);
});

test("a flag that nobody knows is one all the same", async () => {
	const { findings } = new TaintWatch(undefined).take("obs 0 taint=67108864");
	assert.deepEqual(findings, [
		{
			kind: "taint",
			line: "/proc/sys/kernel/tainted: 0 before, 67108864 after (?: flag 26)",
		},
	]);
});

test("what is no mask stays in the reply, and a fact that is none is 0", async () => {
	for (const payload of [
		"obs 0 us=1 taint=",
		"obs 0 us=1 taint=-1",
		"obs 0 us=1 taint=1x",
		"obs 0 us=1 taint=99999999999999999999",
		"obs 0 us=1 why=taint=1",
	])
		assert.deepEqual(new TaintWatch("x").take(payload), {
			payload,
			findings: [],
		});
});
