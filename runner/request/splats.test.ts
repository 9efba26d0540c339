import assert from "node:assert/strict";
import { test } from "tap";
import { SPLAT_KINDS, SPLAT_WORD, splatPolicy, splatWord } from "./splats.js";

const failing = (...words: string[]) => {
	const policy = splatPolicy(words);
	return SPLAT_KINDS.filter((kind) => policy[kind] === "fail");
};

test("without a word, memory, locks and counts that are misused fail", async () => {
	assert.deepEqual(failing(), [
		...["oops", "bug", "kasan", "kmsan", "kfence"],
		...["lockdep", "refcount", "list"],
	]);
});

test("a word alone is for every kind, one with kinds for these, and the later ones overrule", async () => {
	assert.deepEqual(failing("fail"), SPLAT_KINDS);
	assert.deepEqual(failing("note"), []);
	assert.deepEqual(failing("note", "fail=kasan,hung-task"), [
		"kasan",
		"hung-task",
	]);
	assert.deepEqual(failing("fail=kasan", "note"), []);
});

test("what is no such word is refused, and says what is", async () => {
	for (const [word, why] of [
		["", /fail or note/],
		["pass", /fail or note/],
		["fail=", /Kinds are oops, bug/],
		["fail=kasan=note", /fail or note/],
		["note=kasam", /Did you mean kasan\?/],
		["fail=panic", /Kinds are/],
		["fail=__proto__", /Kinds are/],
	] as const) {
		assert.throws(() => splatWord(word), why);
		assert.doesNotMatch(word, SPLAT_WORD);
	}
	for (const word of ["fail", "note", "note=kasan", "fail=list,taint"]) {
		assert.equal(splatWord(word), word);
		assert.match(word, SPLAT_WORD);
	}
});
