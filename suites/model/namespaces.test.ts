import assert from "node:assert/strict";
import { test } from "tap";
import { FACTS_OF_ANY } from "./facts.js";
import { NAMESPACE_SUBJECTS } from "./namespaces.js";
import {
	CORE,
	ELSEWHERE,
	hasCapability,
	mayCheckpointRestore,
	PLACEMENTS,
	pidOwner,
	SETS,
	type Subject,
	standingAfter,
	subjectAt,
	USER,
} from "./subjects.js";

const ALL = [...CORE, ...NAMESPACE_SUBJECTS];

const subject = (name: string): Subject => {
	const found = ALL.find((one) => one.name === name);
	assert.ok(found, name);
	return found;
};

/** What a placement's read-back conditions say of one key; undefined where they leave it open. */
const condition = (one: Subject, key: string): string | undefined =>
	one.ready
		.split(",")
		.find((item) => item.startsWith(`${key}:`))
		?.slice(key.length + 1);

test("a standing follows from the steps that lead to it", async () => {
	for (const [steps, kuid, userDepth, pidOwners, ipcOwner] of [
		["", 0, 0, [0], 0],
		["uid=1000", 1000, 0, [0], 0],
		["euid=1000", 1000, 0, [0], 0],
		["unshare=ipc uid=1000", 1000, 0, [0], 0],
		["pidns uid=1000", 1000, 0, [0, 0], 0],
		["userns=0:0:1 pidns", 0, 1, [0, 1], 0],
		[`${USER} userns`, 1000, 1, [0], 0],
		[`${USER} userns=0:1000:1 unshare=ipc`, 1000, 1, [0], 1],
		[`${USER} userns=0:1000:1 pidns pidns`, 1000, 1, [0, 1, 1], 0],
		[`${USER} pidns userns=0:1000:1 pidns`, 1000, 1, [0, 0, 1], 0],
		["spawn=t { uid=7 userns pidns } uid=2000", 2000, 0, [0], 0],
	] as const)
		assert.deepEqual(
			standingAfter(steps),
			{ kuid, userDepth, pidOwners, ipcOwner },
			steps,
		);
});

test("what the read-back must show agrees with the standing", async () => {
	for (const one of ALL) {
		const { pidOwners, userDepth } = one;
		const standing = [
			["userns", userDepth > 0 ? "new" : "same"],
			["pidns", pidOwners.length > 1 ? "new" : "same"],
			["depth", String(pidOwners.length)],
			["ipcns", one.steps.includes("unshare=ipc") ? "new" : "same"],
		] as const;
		for (const [key, value] of standing) {
			const shown = condition(one, key);
			assert.ok(shown === undefined || shown === value, `${one.name} ${key}`);
		}
		assert.ok(condition(one, "userns") !== undefined, one.name);
		const uid = condition(one, "uid")?.split("/")[1] ?? condition(one, "uid");
		if (userDepth === 0) assert.equal(Number(uid), one.kuid, one.name);
	}
});

test("a placement of several pid namespaces shows how many", async () => {
	for (const one of ALL)
		if (one.pidOwners.length > 2)
			assert.equal(condition(one, "depth"), String(one.pidOwners.length));
});

test("names are the subjects' own, and every set but one is taken everywhere", async () => {
	assert.equal(new Set(ALL.map(({ name }) => name)).size, ALL.length);
	assert.equal(CORE.length, PLACEMENTS.length * SETS.length);
	const placements = new Map<string, number>();
	for (const { groups } of NAMESPACE_SUBJECTS)
		placements.set(groups[0] ?? "", (placements.get(groups[0] ?? "") ?? 0) + 1);
	assert.equal(placements.size, 14);
	for (const [name, sets] of placements)
		assert.equal(sets, SETS.length - 1, name);
});

test("what a subject needs of a kernel is what its steps take", async () => {
	for (const [name, needs] of [
		["uid0-none", ["root"]],
		["userns_of_root-none", ["root", "user_ns", "pid_ns"]],
		["ipcns-none", ["root", "multiuser", "ipc_ns"]],
		[
			"parent_user-cap_checkpoint_restore",
			[
				...["root", "multiuser", "user_ns", "pid_ns", "unprivileged_userns"],
				"cap_checkpoint_restore",
			],
		],
	] as const)
		assert.deepEqual(subject(name).needs, needs, name);
});

test("capabilities count in the own user namespace and below it, never above or elsewhere", async () => {
	for (const [name, depth, expected] of [
		["uid1000-cap_checkpoint_restore", 0, true],
		["uid1000-cap_checkpoint_restore", 2, true],
		["uid1000-none", 0, false],
		["userns-all", 0, false],
		["userns-all", 1, true],
		["nested-all", 1, false],
		["nested_userns-all", 1, false],
		["parent_owner-none", 1, true],
		["parent_user-none", 1, false],
		["parent_owner-none", 0, false],
		["sibling_userns-all", ELSEWHERE, false],
	] as const)
		assert.equal(
			mayCheckpointRestore(subject(name), depth, FACTS_OF_ANY),
			expected,
			`${name} at ${depth}`,
		);
	assert.equal(pidOwner(subject("grandparent_user-none")), 2);
	assert.equal(pidOwner(subject("sibling_userns-none")), ELSEWHERE);
	const before = { ...FACTS_OF_ANY, checkpointRestore: false };
	const capable = subject("uid1000-cap_checkpoint_restore");
	assert.equal(mayCheckpointRestore(capable, 0, before), false);
	assert.equal(hasCapability(capable, "sys_admin", 0), false);
});

test("a subject is a placement with a set", async () => {
	const [first] = PLACEMENTS;
	const [none] = SETS;
	assert.ok(first && none);
	assert.deepEqual(subjectAt(first, none, ["core"]), {
		name: "uid0-none",
		description: "user 0, with no capability",
		groups: ["uid0", "core"],
		steps: "caps=none dumpable=1",
		ready:
			"uid:0,userns:same,pidns:same,eff:none,prm:none,inh:none,amb:none,dumpable:1",
		needs: ["root"],
		kuid: 0,
		caps: "none",
		userDepth: 0,
		pidOwners: [0],
		ipcOwner: 0,
	});
});
