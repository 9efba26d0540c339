import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import {
	formatReadback,
	parseObservation,
	takenValues,
} from "../model/observation.js";
import { meets } from "./expected.js";
import { judgeHonest as judge, whoOf } from "./kernels.test.helper.js";
import { plan } from "./plan.js";
import type { PlannedCase } from "./plannedCase.js";
import { wrongSubject } from "./shownSubject.js";

const planned = (id: string): PlannedCase => {
	const found = plan(null).find((one) => one.id === id);
	assert.ok(found, id);
	return found;
};

const GRANTED = planned(
	"ns_last_pid.refusal_has_no_effect.uid1000-cap_checkpoint_restore",
);
const DENIED = planned("ns_last_pid.refusal_has_no_effect.uid1000-none");

test("what was expected passes, with its reason and the subject as read back", async () => {
	const verdict = judge(
		GRANTED,
		`obs 3 us=812 end=ok r=open:0 r=write:0:5 r=fork:0:21001`,
	);
	assert.equal(verdict.verdict, "pass");
	assert.equal(verdict.durationUs, 812);
	assert.equal(verdict.observed, "open ok, write ok (5), fork ok (21001)");
	assert.match(
		verdict.readback ?? "",
		/uid=1000 gid=1000 groups=none eff=10000000000 prm=10000000000 .*dumpable=1 userns=same/,
	);
});

test("success without effect, and an effect in spite of the refusal, fail", async () => {
	for (const [one, results] of [
		[GRANTED, "r=open:0 r=write:0:5 r=fork:0:3001"],
		[GRANTED, "r=open:0 r=write:0:5 r=fork:0:21002"],
		[GRANTED, "r=open:0 r=write:EPERM r=fork:0:3001"],
		[DENIED, "r=open:0 r=write:EPERM r=fork:0:21001"],
		[DENIED, "r=open:0 r=write:EACCES r=fork:0:3001"],
		[DENIED, "r=open:EPERM r=write:- r=fork:0:3001"],
	] as const)
		assert.equal(
			judge(one, `obs 3 us=1 end=ok ${results}`).verdict,
			"fail",
			results,
		);
	assert.equal(
		judge(DENIED, `obs 3 us=1 end=ok r=open:0 r=write:EPERM r=fork:0:3001`)
			.verdict,
		"pass",
	);
});

test("a pid that another process had already counts as given, and is reported", async () => {
	for (const [one, fork, verdict] of [
		[GRANTED, "21002~21001", "pass"],
		[GRANTED, "21003~21001", "pass"],
		[GRANTED, "21300~20900", "pass"],
		[GRANTED, "21003~21002", "fail"],
		[GRANTED, "99999~1", "fail"],
		[GRANTED, "21002~21003", "fail"],
		[GRANTED, "21002~x", "fail"],
		[GRANTED, "7/21002~8/21001", "fail"],
		[GRANTED, "21000~20999", "fail"],
		[DENIED, "21002~21001", "fail"],
		[DENIED, "3002~3001", "pass"],
	] as const) {
		const write = one === GRANTED ? "0:5" : "EPERM";
		const seen = judge(
			one,
			`obs 3 us=1 end=ok r=open:0 r=write:${write} r=fork:0:${fork}`,
		);
		assert.equal(seen.verdict, verdict, fork);
	}
	for (const [fork, shown] of [
		["21002~21001", "21002, 21001 was taken"],
		["21003~21001", "21003, 21001 to 21002 were taken"],
		["303/1~302/1", "303/1, 302/1 was taken"],
		["+3~+1", "+3, +1 to +2 were taken"],
		["+1~-1", "+1, -1 to +0 were taken"],
	])
		assert.equal(
			judge(GRANTED, `obs 3 us=1 end=ok r=fork:0:${fork}`).observed,
			`fork ok (${shown})`,
		);
});

test("a pid that its own process does not know fails", async () => {
	assert.equal(
		judge(
			GRANTED,
			`obs 3 us=1 end=ok r=open:0 r=write:0:5 r=fork:0:21001!getpid=4`,
		).verdict,
		"fail",
	);
});

test("trouble of the harness is never a pass or a fail", async () => {
	for (const [payload, verdict, reason] of [
		[
			"obs 3 us=1 end=subject at=caps why=caps%3Dall%3A%20EPERM",
			"error",
			/could not be made: caps=all: EPERM/,
		],
		["obs 3 us=1 end=setup at=put why=x", "error", /preparing step/],
		["obs 3 us=1 end=signal:11", "error", /signal:11/],
		["obs 3 us=1 end=died", "error", /without a word/],
		["obs 3 us=1 end=deadline", "timeout", /its time/],
		[
			"obs 3 us=1 end=ok kids=-1 r=open:0 r=write:0:5 r=fork:0:21001",
			"error",
			/could not be killed/,
		],
		["obs 3 us=1 end=ok r=open:0 r=write:0:5", "error", /other steps/],
		[
			"obs 3 us=1 end=ok r=open:0 r=write:0:5 r=read:0:21001",
			"error",
			/other steps/,
		],
		[
			"obs 3 us=1 end=ok r=open:0 r=write:0:5 r=fork:0:21001 r=fork:0:1",
			"error",
			/other steps/,
		],
	] as const) {
		const seen = judge(GRANTED, payload);
		assert.equal(seen.verdict, verdict, payload);
		assert.match(seen.reason, reason);
	}
});

test("a reply that tells of another subject is no verdict on the kernel", async () => {
	const all = plan(null).filter(({ skip }) => skip === undefined);
	assert.ok(all.length > 1000);
	for (const one of all)
		assert.equal(wrongSubject(one.subjectProgram, whoOf(one)), undefined);
	const results = "r=open:0 r=write:0:5 r=fork:0:21001";
	for (const who of [
		"who=uid:0,eff:0",
		"who=uid:0,eff:1ffffffffff",
		"who=uid:1000,eff:0",
		"who=uid:1000,eff:10000000001",
		"who=uid:1000,eff:10000000000,userns:new",
		"who=uid:1000,eff:x",
		"who=eff:10000000000",
		"who=__proto__:1",
		"who=",
	]) {
		const seen = judge(GRANTED, `obs 3 us=1 end=ok ${who} ${results}`);
		assert.equal(seen.verdict, "error", who);
		assert.match(seen.reason, /another subject/);
	}
	assert.match(wrongSubject("--=uid:0", undefined) ?? "", /did not tell/);
	assert.equal(wrongSubject("uid=0 --", undefined), undefined);
});

test("a pid that could not be had since another process has it is no failure of the kernel's", async () => {
	const asked = planned("set_tid.free_tid.uid1000-cap_checkpoint_restore");
	const seen = judge(asked, `obs 3 us=1 end=ok taken=20000 r=clone3:EEXIST`);
	assert.equal(seen.verdict, "error");
	assert.match(seen.reason, /pid 20000/);
	for (const [id, payload, verdict] of [
		[asked.id, "r=clone3:EEXIST", "fail"],
		[asked.id, "taken=20000 r=clone3:EPERM", "fail"],
		["set_tid.own_pid.uid0-cap_sys_admin", "taken=301 r=clone3:EEXIST", "pass"],
	] as const)
		assert.equal(
			judge(planned(id), `obs 3 us=1 end=ok ${payload}`).verdict,
			verdict,
			payload,
		);
});

test("patterns: * stands for digits only", async () => {
	const result = (value: string) => ({ step: "fork", result: "0", value });
	assert.ok(meets(result("301/7"), "0:*/7"));
	assert.ok(!meets(result("301/17"), "0:*/7"));
	assert.ok(!meets(result("x/7"), "0:*/7"));
	assert.ok(!meets(result("3.1"), "0:3+1"));
	assert.ok(meets(result("+1"), "0:+1"));
	assert.ok(meets(result("8"), "0:!*/7"));
	assert.ok(!meets({ step: "fork", result: "EPERM" }, "0:!7"));
	// What must not be there is not shown to be absent by saying nothing.
	assert.ok(!meets({ step: "fork", result: "0" }, "0:!7"));
	assert.ok(meets({ step: "fork", result: "EPERM" }, "EPERM"));
});

test("observations: anything else is refused, with what is wrong", async () => {
	for (const [text, what] of [
		["", /form/],
		["obs x us=1 end=ok", /form/],
		["obs 1 us=-1 end=ok", /us/],
		["obs 1 end=ok", /us/],
		["obs 1 us=1 end=fine", /end/],
		["obs 1 us=1 us=2 end=ok", /twice/],
		["obs 1 us=1 end=ok r=open", /result/],
		["obs 1 us=1 end=ok r=open:1", /result/],
		["obs 1 us=1 end=ok kids=x", /kids/],
		["obs 1 us=1 end=ok taken=1/", /taken/],
		["obs 1 us=1 end=ok\u001b[31m", /form/],
		[`obs 1 us=1 end=ok who=${"x".repeat(9000)}`, /too long/],
	] as const)
		assert.throws(() => parseObservation(text), what, text);
});

test("observations: no bytes of a guest do harm", async () => {
	fc.assert(
		fc.property(
			fc.oneof(
				fc.string(),
				fc.string().map((s) => `obs 1 us=1 end=ok ${s}`),
			),
			(text) => {
				try {
					const seen = parseObservation(text);
					for (const result of seen.results)
						for (const text of [result.value ?? "", ...takenValues(result)])
							assert.match(text, /^[ -~]*$/);
				} catch (error) {
					assert.match((error as Error).message, /^not an observation/);
				}
			},
		),
		{ numRuns: 2000 },
	);
});

test("a read-back is shown whole, whatever was left out of it", async () => {
	assert.equal(
		formatReadback(
			"uid:0,eff:10000000000,bnd:1ffffffffff,userns:new,map:0:1000:1,pidns:new,depth:2",
		),
		"uid=0 gid=0 groups=none eff=10000000000 prm=10000000000 inh=0 bnd=1ffffffffff amb=0 nnp=0 seccomp=0 dumpable=1 userns=new map=0:1000:1 pidns=new depth=2 ipcns=same",
	);
});

test("a failure under a policy says which module refused", async () => {
	const allowed = planned(
		"lsm.set_tid.apparmor_allow-uid1000-cap_checkpoint_restore",
	);
	const refused = (records: string) =>
		judge(allowed, `obs 1 us=1 end=ok r=clone3:EPERM r=audit:0:${records}`);
	const apparmor =
		"apparmor/DENIED/capable/cap/crcap_omit/40/checkpoint_restore";
	assert.equal(refused(apparmor).verdict, "fail");
	assert.match(
		refused(`${apparmor};${apparmor}`).reason,
		/; the audit records say that AppArmor refused checkpoint_restore to crcap_omit$/,
	);
	assert.match(
		refused("selinux/denied/capability2/u:r:x_t/40/checkpoint_restore").reason,
		/SELinux refused checkpoint_restore to u:r:x_t$/,
	);
	assert.match(
		refused("apparmor/DENIED/getattr/-/crcap_allow/-/-").reason,
		/AppArmor refused getattr to crcap_allow$/,
	);
	for (const records of ["none", "selinux/permitted/x/y/40/z"])
		assert.equal(refused(records).reason, allowed.reason);
});
