/** What an administrator's limit leaves no space for is skipped with its name, and pids fit the kernel's own limit. */
import assert from "node:assert/strict";
import { test } from "tap";
import { kernel } from "./kernels.test.helper.js";
import { LEAST_PID_MAX } from "./pids.js";
import { plan } from "./plan.js";

const skipped = (reported: Record<string, string>) =>
	plan(kernel("6.12.0", reported)).filter(({ skip }) => skip !== undefined);

const usual = new Set(skipped({}).map(({ id }) => id));

const because = (reported: Record<string, string>) =>
	skipped(reported).filter(({ id }) => !usual.has(id));

test("each limit skips some cases, not all, and is quoted with its value", async () => {
	const total = plan(kernel("6.12.0")).length;
	for (const [fact, value, quoted] of [
		["max_user_namespaces", "0", "user.max_user_namespaces is 0"],
		["max_user_namespaces", "2", "user.max_user_namespaces is 2"],
		["max_pid_namespaces", "0", "user.max_pid_namespaces is 0"],
		["max_ipc_namespaces", "0", "user.max_ipc_namespaces is 0"],
		["max_mnt_namespaces", "0", "user.max_mnt_namespaces is 0"],
		["max_net_namespaces", "0", "user.max_net_namespaces is 0"],
		["max_uts_namespaces", "0", "user.max_uts_namespaces is 0"],
		["msgmni", "0", "kernel.msgmni is 0"],
		["sem", "0\t0\t0\t0", "kernel.sem is 0 0 0 0"],
		["sem", "250\t32000\t32\t0", "kernel.sem is 250 32000 32 0"],
		["shmmni", "0", "kernel.shmmni is 0"],
		["shmmax", "0", "kernel.shmmax is 0"],
		["shmall", "0", "kernel.shmall is 0"],
		["yama_ptrace_scope", "2", "kernel.yama.ptrace_scope is 2"],
		["yama_ptrace_scope", "3", "kernel.yama.ptrace_scope is 3"],
		["suid_dumpable", "1", "fs.suid_dumpable is 1"],
		["pid_max", "400", "kernel.pid_max is 400"],
		["pid_max", "1000", "kernel.pid_max is 1000"],
	] as const) {
		const cases = because({ [fact]: value });
		assert.ok(cases.length > 0, `${fact}=${value}`);
		if (value !== "400") assert.ok(cases.length < total, `${fact}=${value}`);
		for (const { id, skip } of cases)
			assert.ok(skip?.includes(quoted), `${id}: ${skip}`);
	}
});

test("usual limits skip nothing", async () => {
	const limits = {
		max_pid_namespaces: "1000",
		max_ipc_namespaces: "1000",
		max_mnt_namespaces: "1000",
		max_net_namespaces: "1000",
		max_uts_namespaces: "1000",
		msgmni: "32000",
		sem: "32000\t1024000000\t500\t32000",
		shmmni: "4096",
		shmmax: "18446744073692774399",
		shmall: "18446744073692774399",
		suid_dumpable: "2",
	};
	for (const more of [
		{ yama_ptrace_scope: "1", pid_max: "4096" },
		{ max_user_namespaces: "10", pid_max: "4194304" },
		{ pid_max: String(LEAST_PID_MAX) },
	])
		assert.deepEqual(because({ ...limits, ...more }), []);
});

test("a limit that is no number skips nothing", async () => {
	assert.deepEqual(because({ msgmni: "many", sem: "", shmmax: "-1" }), []);
});

test("who holds CAP_SYS_PTRACE attaches where yama's scope is 2", async () => {
	const cases = because({ yama_ptrace_scope: "2" });
	assert.ok(!cases.some(({ subject }) => subject === "uid0-all"));
	assert.ok(
		because({ yama_ptrace_scope: "3" }).some(
			({ subject }) => subject === "uid0-all",
		),
	);
});

/** Where a pid of one's choice stands in a program. */
const PID = /(?:tid:|less:|next_pid=\w,|write=\w,|splice=\w,|ns_last_pid,)\S*$/;

test("pids fit the kernel's limit, and differ where they did", async () => {
	const high = plan(kernel("6.12.0"));
	for (const pidMax of [LEAST_PID_MAX, 4096, 10_000, 23_999]) {
		const low = plan(kernel("6.12.0", { pid_max: String(pidMax) }));
		assert.equal(low.length, high.length);
		low.forEach((planned, i) => {
			const before = high[i]?.probeProgram ?? "";
			const numbers = (program: string): string[] =>
				program.replaceAll("%20", " ").match(/\d+/g) ?? [];
			const now = numbers(planned.probeProgram);
			const then = numbers(before);
			assert.equal(new Set(now).size, new Set(then).size, planned.id);
			now.forEach((value, n) => {
				if (value === then[n]) return;
				assert.ok(Number(value) < LEAST_PID_MAX, `${planned.id}: ${value}`);
			});
		});
	}
	for (const { id, probeProgram } of high)
		for (const match of probeProgram.matchAll(
			/(?<!\d)(?:5000|9000|2[0-3]\d{3})(?!\d)/g,
		))
			assert.match(
				probeProgram.slice(0, match.index).replace(/.* /, ""),
				PID,
				`${id}: ${match[0]} would be taken for a pid`,
			);
});

test("a 32-bit helper on a 64-bit kernel: it is the kernel that loses a flag, or does not", async () => {
	const found = (machine: string): string[] =>
		plan(kernel("5.10.223", { word_bits: "32", machine }))
			.filter(
				({ id }) =>
					id === "set_tid.with_clear_sighand.uid1000-cap_checkpoint_restore",
			)
			.map(({ results }) => results.join());
	for (const machine of ["i686", "armv7l"])
		assert.match(found(machine).join(), /^0:20522!sighand$/, machine);
	for (const machine of ["x86_64", "aarch64"])
		assert.match(found(machine).join(), /^0:20522$/, machine);
});
