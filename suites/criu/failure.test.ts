import assert from "node:assert/strict";
import { test } from "tap";
import { BOUNDARIES } from "../model/row.js";
import { boundaryIn, CLOSED, criuFailure } from "./failure.js";

/** As CRIU 4.1.1 said it on kernels with that check lost. */
const SAID: Readonly<Record<string, string>> = {
	"criu/cr-restore.c:1230: Can't fork for 303: Operation not permitted / criu/cr-restore.c:2320: Restoring FAILED.":
		"set_tid",
	"criu/cr-restore.c:1074: Failed to write 302 to /proc/sys/kernel/ns_last_pid: Operation not permitted / criu/cr-restore.c:1194: Setting PID failed / criu/cr-restore.c:2320: Restoring FAILED.":
		"ns_last_pid",
	"sys_prctl(PR_SET_MM, PR_SET_MM_MAP) failed with -1": "exe_fd",
	// No word of a permission: the link was refused, and the path of a deleted file leads nowhere.
	"criu/proc_parse.c:353: Can't open mapped [/tmp/victim-p.mapped (deleted)]: No such file or directory / criu/proc_parse.c:707: Can't open 303's mapfile link 7f74e63d1000: No such file or directory / criu/cr-dump.c:1570: Collect mappings (pid: 303) failed with -1 / criu/cr-dump.c:2111: Dumping FAILED.":
		"map_files",
};

test("CRIU's messages point at boundaries", async () => {
	for (const [log, boundary] of Object.entries(SAID)) {
		assert.equal(boundaryIn(log), boundary, log);
		assert.ok(BOUNDARIES.some((name) => name === boundary));
	}
});

test("what all hosts say, or what says nothing of a check, points nowhere", async () => {
	for (const log of [
		"",
		"criu/sockets.c:210: sockets: Diag module missing (-2)",
		"criu/cr-restore.c:1230: Can't fork for 302: File exists / criu/cr-restore.c:2320: Restoring FAILED.",
		"Unable to detach from 302: No such process / Dumping FAILED",
		"CRIU needs to have the CAP_SYS_ADMIN or the CAP_CHECKPOINT_RESTORE capability:",
		"criu/kerndat.c:700: Unable to create a socket: Address family not supported by protocol",
	])
		assert.equal(boundaryIn(log), undefined, log);
});

const seen = (control: string, log: string, check = "Looks good.") => ({
	n: 0,
	us: 1,
	end: "ok",
	kids: 0,
	results: [
		{ step: "criu_check", result: "0", value: check },
		{ step: "criu", result: "0", value: "restore failed" },
		{ step: "criu_log", result: "0", value: log },
		{ step: "controlled", result: "0", value: control },
	],
});

const FORK = "Can't fork for 302: Operation not permitted";

test("where the control succeeds the kernel is to blame, and the boundary is named", async () => {
	const failure = criuFailure(seen("resumed", FORK), 1);
	assert.equal(failure?.skip, undefined);
	assert.equal(failure?.boundary, "set_tid");
	assert.match(failure?.words ?? "", /other capability it succeeds/);
	assert.match(failure?.words ?? "", /Can't fork for 302/);
	assert.match(failure?.words ?? "", /"criu check" says "Looks good\."/);
	const unsure = criuFailure(seen("resumed", FORK, "no"), 1);
	assert.doesNotMatch(unsure?.words ?? "", /criu check/);
});

test("where the control fails as well CRIU can't run, and its reason is quoted", async () => {
	const control = "dump failed: criu/kerndat.c:700: Unable to create a socket";
	assert.match(
		criuFailure(seen(control, FORK), 1)?.skip ?? "",
		/as little: dump failed: criu\/kerndat\.c:700/,
	);
});

test("a success that must not be needs no control", async () => {
	const failure = criuFailure(seen("not asked", ""), 1);
	assert.equal(failure?.skip, undefined);
	assert.equal(failure?.boundary, undefined);
});

test("an effect that is missing is the kernel's fault, whatever the control comes to", async () => {
	const pid =
		"criu/cr-restore.c:1539: Pid 316 do not match expected 303 / criu/cr-restore.c:2320: Restoring FAILED.";
	const failed = criuFailure(seen(`restore failed: ${pid}`, pid), 1);
	assert.equal(failed?.skip, undefined);
	assert.equal(failed?.boundary, "set_tid");
	assert.match(failed?.words ?? "", /the effect is another/);
	const filtered = { ...seen(`restore failed: ${pid}`, pid), who: "seccomp:2" };
	assert.equal(criuFailure(filtered, 1)?.boundary, "ns_last_pid");
	for (const [outcome, boundary] of [
		["restored with another pid", "set_tid"],
		["restored with another program", "exe_fd"],
	] as const) {
		const one = seen(outcome, "");
		const results = one.results.map((result) =>
			result.step === "criu" ? { ...result, value: outcome } : result,
		);
		const failure = criuFailure({ ...one, results }, 1);
		assert.equal(failure?.skip, undefined, outcome);
		assert.equal(failure?.boundary, boundary);
	}
});

test("a deleted file that is read where map_files is closed points at map_files", async () => {
	const opened = {
		...seen("not asked", ""),
		results: [
			{ step: "criu_check", result: "0", value: "no" },
			{ step: "criu", result: "0", value: "resumed" },
			{ step: "criu_log", result: "0", value: "" },
			{ step: "criu", result: "0", value: "resumed" },
			{ step: "controlled", result: "0", value: "not asked" },
		],
	};
	assert.equal(criuFailure(opened, 1, CLOSED)?.boundary, "map_files");
	assert.equal(
		criuFailure(opened, 1, "0:refused by CRIU itself")?.boundary,
		undefined,
	);
});

test("other steps are none of CRIU's", async () => {
	assert.equal(criuFailure(seen("resumed", FORK), 0), undefined);
});
