import assert from "node:assert/strict";
import { test } from "tap";
import type { Facts } from "../model/facts.js";
import { judgeHonest as judge, kernel } from "./kernels.test.helper.js";
import { plan } from "./plan.js";
import type { PlannedCase } from "./plannedCase.js";

const RHEL = kernel("5.14.0-427.el9", { legacy_tiocsti: "0" });
const UBUNTU = kernel("5.15.0-130-generic", {
	version: "#140-Ubuntu SMP",
	msg_next_id: "0644",
});

const planned = (facts: Facts, id: string): PlannedCase => {
	const [found] = plan(facts, new Set([id]));
	assert.ok(found, id);
	return found;
};

/** The rows with a case of which two outcomes are right. */
const inDoubt = (facts: Facts): string[] => [
	...new Set(
		plan(facts)
			.filter(({ alternative }) => alternative !== undefined)
			.map(({ id }) => id.split(".").slice(0, 2).join(".")),
	),
];

const LOCK = "tty_lock.lock.uid1000-cap_checkpoint_restore";
const REFUSED = "r=tty_lock:EPERM r=tty_locked:0:none r=tty_echo:0:changed";
const LOCKED = "r=tty_lock:0 r=tty_locked:0:echo r=tty_echo:0:kept";
const obs = (results: string): string => `obs 1 us=1 end=ok ${results}`;

test("where the stable level is not known, a backport may be there or not", async () => {
	const lock = planned(UBUNTU, LOCK);
	assert.match(lock.expected, /^tty_lock EPERM, .*; or tty_lock ok, /);
	assert.match(lock.reason, /either is right \(vendor kernel: Ubuntu's 5\.15/);
	for (const results of [REFUSED, LOCKED]) {
		const { verdict, reason } = judge(lock, obs(results));
		assert.equal(verdict, "pass", results);
		assert.match(reason, /it can't be told which version of the check/);
	}
	assert.match(judge(lock, obs(REFUSED)).reason, /^none of the capabilities/);
	assert.match(judge(lock, obs(LOCKED)).reason, /^the subject has/);
});

test("half of the one outcome and half of the other is none", async () => {
	const lock = planned(UBUNTU, LOCK);
	for (const results of [
		"r=tty_lock:EPERM r=tty_locked:0:echo r=tty_echo:0:kept",
		"r=tty_lock:0 r=tty_locked:0:none r=tty_echo:0:changed",
		"r=tty_lock:EACCES r=tty_locked:0:none r=tty_echo:0:changed",
	])
		assert.equal(judge(lock, obs(results)).verdict, "fail", results);
	assert.equal(judge(lock, obs("r=tty_lock:0")).verdict, "error");
});

test("what no version leaves open is judged as ever", async () => {
	for (const facts of [RHEL, UBUNTU])
		for (const subject of ["uid1000-none", "uid1000-all_but_both"]) {
			const lock = planned(facts, `tty_lock.lock.${subject}`);
			assert.equal(lock.alternative, undefined);
			assert.equal(judge(lock, obs(LOCKED)).verdict, "fail");
		}
});

test("a stable level that is not known leaves the backports of its series open, a vendor's base all that came later", async () => {
	assert.deepEqual(
		inDoubt(UBUNTU).filter((row) => !/^(tty_lock\.|lsm\.tty_lock)/.test(row)),
		["ipc_next_id.last_index_taken"],
	);
	const suites = new Set(inDoubt(RHEL).map((row) => row.split(".")[0]));
	assert.deepEqual(
		[...suites],
		["set_tid", "exe_fd", "ipc_next_id", "tty_lock", "controls", "lsm"],
	);
	assert.ok(inDoubt(RHEL).includes("exe_fd.fd_written"));
});

test("a known level leaves nothing open", async () => {
	for (const facts of [
		kernel("6.1.77"),
		kernel("5.15.0-130-generic", {
			version: "#140-Ubuntu SMP",
			version_signature: "Ubuntu 5.15.0-130.140-generic 5.15.173",
		}),
		kernel("6.1.0-30-amd64", { version: "#1 SMP Debian 6.1.124-1" }),
		kernel("6.11.4-301.fc41.x86_64"),
	])
		assert.deepEqual(inDoubt(facts), []);
});

test("what shows by itself is not in doubt: a sysctl's mode tells how it is guarded", async () => {
	for (const [mode, expected] of [
		["0644", /^open ok, write ok/],
		["0666", /^open ok, write EPERM/],
		["0444", /^open EACCES/],
	] as const) {
		const facts = kernel("5.14.0-427.el9", { msg_next_id: mode });
		const next = planned(facts, "ipc_next_id.msg_next.uid0-none");
		assert.match(next.expected, expected);
		assert.equal(next.alternative, undefined);
	}
});

test("a skip that goes by a version in doubt says so", async () => {
	const row = "ns_last_pid.pid_max_of_namespace.userns_pidns-all";
	assert.match(
		planned(RHEL, row).skip ?? "",
		/before 6\.14 \(vendor kernel: RHEL/,
	);
	assert.match(planned(kernel("6.1.77"), row).skip ?? "", /before 6\.14$/);
});
