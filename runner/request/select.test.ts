import assert from "node:assert/strict";
import { test } from "tap";
import { UsageError } from "../common/usage.js";
import { EVERYTHING, type Selectable, select } from "./select.js";

const CASES: Selectable[] = [
	{ id: "set_tid.free_tid.root-all", suite: "set_tid", subject: "root-all" },
	{
		id: "set_tid.free_tid.uid1000-none",
		suite: "set_tid",
		subject: "uid1000-none",
	},
	{ id: "map_files.read.root-all", suite: "map_files", subject: "root-all" },
	{
		id: "map_files.read.uid1000-none",
		suite: "map_files",
		subject: "uid1000-none",
	},
];

function ids(selection: Partial<typeof EVERYTHING>): string[] {
	return select(CASES, { ...EVERYTHING, ...selection }).map((c) => c.id);
}

test("without globs everything is selected, in its order", async () => {
	assert.deepEqual(
		ids({}),
		CASES.map((c) => c.id),
	);
});

test("* runs over dots", async () => {
	assert.deepEqual(ids({ case: ["set_tid.*"] }).length, 2);
	assert.deepEqual(ids({ case: ["*root-all"] }).length, 2);
	assert.deepEqual(ids({ case: ["*"] }).length, 4);
	assert.deepEqual(
		ids({ case: ["set_tid.free_tid.{root-all,nobody}"] }).length,
		1,
	);
});

test("globs match the whole, not a part", async () => {
	assert.throws(() => ids({ case: ["set_tid"] }), UsageError);
	assert.throws(() => ids({ suite: ["set"] }), UsageError);
});

test("alternatives of one kind add up, kinds narrow", async () => {
	assert.equal(ids({ suite: ["set_tid", "map_files"] }).length, 4);
	assert.deepEqual(ids({ suite: ["set_tid"], subject: ["root-*"] }), [
		"set_tid.free_tid.root-all",
	]);
});

test("a glob that matches nothing is refused with the nearest", async () => {
	assert.throws(
		() => ids({ suite: ["set_pid"] }),
		/set_pid matches nothing \(Did you mean set_tid\?\)/,
	);
	assert.throws(
		() => ids({ subject: ["uid1000-none", "uid1000-nome"] }),
		/Did you mean uid1000-none/,
	);
	assert.throws(
		() => ids({ case: ["set_tid.free_tid.root-al"] }),
		/Did you mean set_tid\.free_tid\.root-all/,
	);
});

test("globs that match only apart are refused", async () => {
	assert.throws(
		() => ids({ suite: ["set_tid"], case: ["map_files.*"] }),
		/no case matches all of/,
	);
});

test("! is no negation", async () => {
	assert.throws(() => ids({ suite: ["!set_tid"] }), UsageError);
});
