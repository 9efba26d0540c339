import assert from "node:assert/strict";
import { test } from "tap";
import { asked, type Extra, extrasAmong, readExtras } from "./extras.js";

const PLAN = [
	["set_tid.free_tid.uid1000-none", "set_tid", "uid1000-none"],
	["set_tid.free_tid.uid0-all", "set_tid", "uid0-all"],
	["criu.plain.criu_ambient-none", "criu", "criu_ambient-none"],
	["criu.plain.uid0-all", "criu", "uid0-all"],
	["criu.program.criu_program-one", "criu", "criu_program-one"],
].map(([id = "", suite = "", subject = ""]) => ({ id, suite, subject }));

const ids = (
	selection: Partial<Record<"suite" | "subject" | "case", string[]>>,
	extras: readonly Extra[] = [],
) =>
	asked(PLAN, {
		selection: { suite: [], subject: [], case: [], ...selection },
		extras,
	}).map((one) => PLAN.indexOf(one));

test("an extra suite is in a run where it is named, and not else", async () => {
	assert.deepEqual(ids({}), [0, 1]);
	assert.deepEqual(ids({}, ["criu"]), [0, 1, 2, 3]);
	assert.deepEqual(ids({ suite: ["criu"] }), [2, 3]);
	assert.deepEqual(ids({ suite: ["set_tid"] }, ["criu"]), [0, 1, 2, 3]);
	assert.deepEqual(ids({ case: ["criu.plain.*"] }), [2, 3]);
	assert.deepEqual(ids({ case: ["set_tid.*"] }), [0, 1]);
	assert.deepEqual(ids({ case: ["*"] }), [0, 1]);
	assert.deepEqual(ids({ suite: ["*"] }), [0, 1]);
	assert.deepEqual(ids({ suite: ["{criu,set_tid}"] }), [0, 1, 2, 3]);
});

test("a row that costs more than its suite is in a run where the row is named, and not else", async () => {
	assert.deepEqual(ids({ case: ["criu.program.*"] }), [4]);
	assert.deepEqual(ids({ case: ["criu.*"] }), [2, 3]);
	assert.deepEqual(ids({ suite: ["criu"] }, ["criu.program"]), [2, 3, 4]);
	assert.deepEqual(ids({}, ["criu.program"]), [0, 1, 4]);
	assert.deepEqual(ids({ subject: ["criu_program*"] }), [4]);
});

test("a subject of both is the usual suite's; one that only CRIU has asks for CRIU", async () => {
	assert.deepEqual(ids({ subject: ["uid0-all"] }), [1]);
	assert.deepEqual(ids({ subject: ["criu_*"] }), [2]);
});

test("what is among some cases is known", async () => {
	assert.deepEqual(extrasAmong(PLAN), ["criu", "criu.program"]);
	assert.deepEqual(extrasAmong(PLAN.slice(4)), ["criu.program"]);
	assert.deepEqual(extrasAmong(PLAN.slice(0, 2)), []);
});

test("a name is read, another is refused with the nearest", async () => {
	assert.deepEqual(readExtras("criu", []), ["criu"]);
	assert.throws(
		() => readExtras("kriu"),
		/It is criu or criu\.program\. .*criu/,
	);
});
