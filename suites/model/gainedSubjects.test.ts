import assert from "node:assert/strict";
import { test } from "tap";
import { capBits, holds } from "./caps.js";
import { GAINED_SUBJECTS } from "./gainedSubjects.js";
import type { Subject } from "./subjects.js";

const subject = (name: string): Subject => {
	const found = GAINED_SUBJECTS.find((one) => one.name === `route_${name}`);
	assert.ok(found, name);
	return found;
};

test("names are the subjects' own, and rows find them as a group", async () => {
	const names = GAINED_SUBJECTS.map(({ name }) => name);
	assert.equal(new Set(names).size, names.length);
	for (const { name, groups } of GAINED_SUBJECTS) {
		assert.match(name, /^route_[a-z0-9_]+$/);
		assert.deepEqual(groups, ["route"]);
	}
});

test("who gains the capability, and who does not", async () => {
	const gained = GAINED_SUBJECTS.filter(({ caps }) =>
		holds(caps, "checkpoint_restore"),
	).map(({ name }) => name.replace("route_", ""));
	assert.deepEqual(gained, [
		...["ambient", "file_ep", "file_ep_dumpable", "file_p_raised"],
		...["file_ei_inherited", "file_v3_root", "suid_root", "no_setuid_fixup"],
		...["root_exec", "no_new_privs_permitted", "file_ep_traced_permitted"],
		...["userns_ambient", "userns_root_exec"],
	]);
});

test("the read-back must show the sets that the subject is expected to have", async () => {
	for (const { name, ready, caps } of GAINED_SUBJECTS) {
		const shown = new Map(
			ready
				.split(",")
				.map((item) => item.split(":", 2) as [string, string])
				.toReversed(),
		);
		assert.equal(shown.get("eff"), caps, name);
		const permitted = capBits(shown.get("prm") ?? "", 40);
		assert.equal(permitted & capBits(caps, 40), capBits(caps, 40), name);
	}
	assert.match(subject("file_p").ready, /,eff:none,prm:checkpoint_restore$/);
});

test("each gains by the step that it is named for", async () => {
	for (const [name, step] of [
		["ambient", /amb=checkpoint_restore .*exec=self$/],
		["file_ep", /filecap=\/tmp\/crprobe,checkpoint_restore,ep .*exec=/],
		["file_p_raised", /,p .*exec=\S+ eff=checkpoint_restore$/],
		["file_v3_root", /,ep,1000 userns=0:1000:1,5:1005:1 /],
		["suid_root", /selfcopy=\/tmp\/crprobe,4755,0 .*exec=/],
		["suid_root_noroot", /securebits=1 /],
		["no_setuid_fixup", /^securebits=4 uid=1000/],
		["no_new_privs", / nnp exec=/],
		["file_ep_traced", / under_tracer exec=/],
		["file_ep_shared_fs", / share_fs exec=/],
		["nosuid", /tmpfs=\/tmp,nosuid/],
	] as const)
		assert.match(subject(name).steps, step, name);
});

test("needs follow from the steps: a file that carries the capability takes a kernel that knows it", async () => {
	for (const { name, steps, needs } of GAINED_SUBJECTS) {
		assert.equal(
			needs.includes("cap_checkpoint_restore"),
			steps.includes("checkpoint_restore"),
			name,
		);
		assert.equal(needs.includes("user_ns"), / userns/.test(steps), name);
	}
});

test("a user namespace is where the depth says, and owns no pid namespace", async () => {
	for (const { name, ready, userDepth, pidOwners } of GAINED_SUBJECTS) {
		assert.equal(userDepth === 1, ready.includes("userns:new"), name);
		assert.deepEqual(pidOwners, [0], name);
	}
});
