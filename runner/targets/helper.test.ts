/** The helper as a command: what it does not understand it refuses, and only a guest's /init is the agent. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "tap";
import { agentPath } from "./agents.js";
import { localArch } from "./localTarget.js";

const HELPER = agentPath(localArch());

/** One case, tried by hand. */
function crprobe(...args: string[]) {
	return spawnSync(HELPER, args, { encoding: "utf8" });
}

test("a deadline that is no number of seconds is refused", async () => {
	for (const seconds of ["abc", "", "0", "-1", "1.5", "9999999", "10x"]) {
		const { status, stderr } = crprobe("--deadline", seconds, "--");
		assert.equal(status, 2, seconds);
		assert.match(stderr, /--deadline .*: it is a whole number of seconds/);
	}
	assert.equal(crprobe("--deadline", "5", "--").status, 0);
});

test("a value that a step does not understand is no answer of the kernel's", async () => {
	for (const step of [
		"mm_map=auxv:okay",
		"mm_map=ptr:good",
		"mm_map=spoil:nothing",
		"mm=start_cod",
		"mm_map_size=worse",
		"open=a,rx,/proc/self/stat",
		"clone3=tdi:20000",
		"seccomp=clone3",
		"rlimit=date,5",
		"caps=chekpoint_restore",
		"uid=root",
	]) {
		const program = /^(seccomp|rlimit|caps|uid)/.test(step)
			? `${step} --`
			: `-- ${step}`;
		const { status, stdout } = crprobe(program);
		assert.match(stdout, / end=parse at=/, step);
		assert.equal(status, 3, step);
	}
});

test("steps that end a guest are not in what users get", async () => {
	for (const step of ["sysrq=c", "hang=case"])
		assert.match(crprobe(`-- ${step}`).stdout, /end=parse.*no%20such%20step/);
});

const unshare = spawnSync("unshare", ["--pid", "--fork", "true"]);

test("PID 1 of a container under any name is a command like any other", {
	skip: unshare.status === 0 ? false : "unshare --pid takes root",
}, async () => {
	for (const name of ["crprobe", "probe", "/usr/bin/init", "init"]) {
		const { status, stderr } = spawnSync(
			"unshare",
			["--pid", "--fork", "bash", "-c", 'exec -a "$0" "$1"', name, HELPER],
			{ encoding: "utf8", timeout: 20_000 },
		);
		assert.equal(status, 2, name);
		assert.match(stderr, /^usage: crprobe/, name);
	}
});
