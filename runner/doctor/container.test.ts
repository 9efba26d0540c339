/** The doctor in containers that runc makes of its own defaults, and of those with what the doctor says that mends them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import type { Diagnosis } from "./diagnosis.js";
import { folder, rootFolder } from "./settings.test.helper.js";

const skip =
	process.getuid?.() === 0
		? false
		: "a container with all capabilities takes root";

/** As much of a container's config.json as is changed here. */
interface Config {
	process: {
		terminal: boolean;
		args: string[];
		capabilities: Record<string, string[]>;
	};
	root: { path: string };
	linux: {
		readonlyPaths: string[];
		seccomp?: object;
	};
}

const runc = (...args: string[]) =>
	spawnSync("runc", ["--root", join(folder, "runc"), ...args], {
		encoding: "utf8",
		cwd: folder,
	});

/** What the doctor says in a container of runc's defaults with a change. */
function diagnose(name: string, change: (config: Config) => void): Diagnosis {
	const file = join(folder, "config.json");
	if (name === "first") assert.equal(runc("spec").status, 0);
	const config = JSON.parse(readFileSync(file, "utf8")) as Config;
	config.process.terminal = false;
	config.process.args = ["/crprobe", "--doctor", "--json"];
	config.root.path = rootFolder("container", []);
	change(config);
	writeFileSync(file, JSON.stringify(config));
	const { stdout, stderr } = runc("run", `crcap-${process.pid}-${name}`);
	assert.notEqual(stdout, "", stderr);
	return JSON.parse(stdout) as Diagnosis;
}

const causes = ({ boundaries }: Diagnosis): Record<string, string[]> =>
	Object.fromEntries(
		boundaries.map((one) => [one.name, one.causes.map(({ id }) => id)]),
	);

test("in a container, one thing after the other is mended", {
	skip,
}, async () => {
	const first = diagnose("first", () => {});
	assert.equal(first.setting.engine, "oci");
	assert.deepEqual(causes(first), {
		ns_last_pid: ["read-only", "bounding-set"],
		set_tid: ["bounding-set"],
		map_files: ["bounding-set"],
		exe_fd: ["bounding-set"],
		ipc_next_id: ["read-only", "bounding-set"],
		tty_lock: ["bounding-set"],
		ptrace: [],
	});
	assert.equal(first.criu.starts, false);
	assert.equal(
		first.boundaries[0]?.remedy,
		"in the container's config.json: take /proc/sys out of linux.readonlyPaths, add CAP_CHECKPOINT_RESTORE to process.capabilities",
	);

	const capable = diagnose("capable", ({ process: { capabilities } }) => {
		for (const set of Object.values(capabilities))
			set.push("CAP_CHECKPOINT_RESTORE");
	});
	const blocked = Object.entries(causes(capable)).filter(
		([, found]) => found.length > 0,
	);
	assert.deepEqual(blocked, [
		["ns_last_pid", ["read-only"]],
		["ipc_next_id", ["read-only"]],
	]);
	assert.equal(capable.criu.starts, true);

	const mended = diagnose("mended", ({ linux }) => {
		linux.readonlyPaths = linux.readonlyPaths.filter(
			(path) => path !== "/proc/sys",
		);
	});
	assert.equal(mended.usable, true);

	const filtered = diagnose("filtered", ({ linux }) => {
		linux.seccomp = {
			defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{ names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38 }],
		};
	});
	assert.deepEqual(causes(filtered).set_tid, ["seccomp"]);
	assert.deepEqual(causes(filtered).ns_last_pid, []);
});
