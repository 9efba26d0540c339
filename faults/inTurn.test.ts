import assert from "node:assert/strict";
import { test } from "tap";
import type { PlannedCase } from "../suites/index.js";
import { casesFor, groupsOf, namedCases, stepsOf, Turn } from "./inTurn.js";
import type { Fault } from "./table.js";

const fault = (name: string, more: Partial<Fault> = {}): Fault => ({
	...{ name, part: name.split("-")[0] ?? "" },
	...{
		kind: "check missing",
		description: "It was lost.",
		caughtBy: "anyone",
		...more,
	},
});

/** A planned case with the fields that the code reads. */
function planned(id: string): PlannedCase {
	const [suite = "", , subject = ""] = id.split(".");
	return {
		...{ id, suite, subject },
		subjectProgram: "uid=1000 --",
		probeProgram: "clone3=tid:20000",
		program: "uid=1000 -- clone3=tid:20000",
		operations: ["clone3"],
		results: ["EPERM"],
		expected: "clone3 EPERM",
		reason: "why",
	} as unknown as PlannedCase;
}

const CASES = [
	"set_tid.a.uid1000-none",
	"set_tid.a.uid0-none",
	"set_tid.b.uid1000-none",
	"exe_fd.a.uid1000-none",
	"routes.a.uid1000-none",
].map(planned);
const SET_TID = fault("set_tid-x");

test("what makes guests of its own is grouped, each fault once", async () => {
	const helper = fault("helper-x");
	const both = fault("lsm-x", { modules: ["apparmor", "selinux"] });
	const other = fault("lsm-y", { modules: ["selinux"] });
	const groups = groupsOf([SET_TID, helper, both, other]).map((group) => [
		group.faults.map(({ name }) => name),
		group.modules,
		group.freshSubjects,
	]);
	assert.deepEqual(groups, [
		[["set_tid-x"], [], false],
		[["helper-x"], [], true],
		[["lsm-x"], ["apparmor"], false],
		[["lsm-y"], ["selinux"], false],
	]);
	assert.deepEqual(groupsOf([]), []);
});

test("the row that caught it before comes first; without one, all that may", async () => {
	const ids = (before?: string, of = SET_TID): string[] =>
		casesFor(of, CASES, before).map(({ id }) => id);
	assert.deepEqual(ids("set_tid.a.uid0-none"), [
		"set_tid.a.uid0-none",
		"set_tid.a.uid1000-none",
	]);
	const all = [
		"set_tid.a.uid1000-none",
		"set_tid.a.uid0-none",
		"set_tid.b.uid1000-none",
	];
	assert.deepEqual(ids(), all);
	assert.deepEqual(ids("set_tid.gone.uid0-none"), all);
	assert.deepEqual(
		ids(undefined, fault("helper-x")),
		CASES.map(({ id }) => id),
	);
});

test("an entry may name the case that notices", async () => {
	const named = namedCases([
		SET_TID,
		fault("exe_fd-x", { caughtBy: "exe_fd.a.uid0-none: EPERM, gets ok" }),
	]);
	assert.deepEqual([...named], [["exe_fd-x", "exe_fd.a.uid0-none"]]);
});

test("each case runs without the fault, then with it, and the fault is taken away", async () => {
	const steps = [
		...stepsOf(
			[SET_TID],
			CASES,
			new Map([["set_tid-x", "set_tid.b.uid1000-none"]]),
		),
	];
	assert.deepEqual(
		steps.map(({ tried, request }) =>
			tried ? tried.planted : /planted,(\S+)/.exec(request.probeProgram)?.[1],
		),
		[false, "set_tid-x", true, "none"],
	);
	assert.deepEqual(
		steps.map(({ request }) => request.n),
		[0, 1, 2, 3],
	);
	assert.throws(() => [...stepsOf([SET_TID], [], new Map())], /no case/);
});

const REFUSED = "obs 1 us=1 end=ok who= r=clone3:EPERM";
const GRANTED = "obs 1 us=1 end=ok who= r=clone3:0:20000";
const DONE = "obs 1 us=1 end=ok who= r=used:0:no";

/** The turn that these answers make. */
function turnOf(without: string, planting: string, withIt: string): Turn {
	const [before, plant, after, take] = [
		...stepsOf(
			[SET_TID],
			CASES,
			new Map([["set_tid-x", "set_tid.b.uid1000-none"]]),
		),
	];
	assert.ok(before && plant && after && take);
	const turn = new Turn();
	turn.add(before, without);
	turn.add(plant, planting);
	assert.ok(!turn.done);
	turn.add(after, withIt);
	turn.add(take, DONE);
	assert.ok(turn.done);
	return turn;
}

test("caught is what fails with the fault only", async () => {
	assert.deepEqual(turnOf(REFUSED, DONE, GRANTED).finding, {
		...{ caught: ["set_tid.b.uid1000-none"], spread: [] },
		...{ details: [], trouble: null },
	});
	assert.deepEqual(turnOf(REFUSED, DONE, REFUSED).finding.caught, []);
	const marked = turnOf(GRANTED, DONE, GRANTED);
	assert.deepEqual(marked.finding.caught, []);
	assert.ok(marked.marked);
});

test("a fault that was not planted shows nothing", async () => {
	const turn = turnOf(
		REFUSED,
		"obs 1 us=1 end=setup at=put why=EINVAL",
		REFUSED,
	);
	assert.match(turn.finding.trouble ?? "", /could not be planted/);
});

test("a guest that dies has caught what failed before", async () => {
	const [before, plant] = [...stepsOf([SET_TID], CASES, new Map())];
	assert.ok(before && plant);
	const turn = new Turn();
	turn.add(before, REFUSED);
	turn.died("Kernel panic");
	assert.ok(turn.done);
	assert.match(turn.finding.trouble ?? "", /incomplete: Kernel panic/);
});
