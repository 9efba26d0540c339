/** `crcap run --shell`, and the diagnoses that take a kernel's own settings: each where it is true, and where it is not. */
import assert from "node:assert/strict";
import { test } from "tap";
import type { Diagnosis } from "./diagnosis.js";
import { ShellDriver } from "./shellDriver.test.helper.js";

/** A user of the guest's, and a helper whose file gives it the capability. */
const SETUP = [
	"dmesg -n 1",
	"mkdir /etc; echo u:x:1000:1000::/:/bin/sh >/etc/passwd",
	"cp /init /tmp/capable; chmod 755 /tmp/capable",
	"crprobe '-- filecap=/tmp/capable,checkpoint_restore,ep' | grep -q end=ok",
];

const AS_USER = "su u -c '/tmp/capable --doctor --json'";

/** A guest that is set up; it goes with its test, however that ends. */
async function open(
	kernel: string,
	t: { after(end: () => void): unknown },
	...options: string[]
): Promise<ShellDriver> {
	const shell = new ShellDriver(kernel, ...options);
	t.after(() => shell.kill());
	await shell.ready();
	for (const line of SETUP)
		assert.equal((await shell.run(line)).status, 0, line);
	return shell;
}

const causes = ({ boundaries }: Diagnosis, name: string): string[] =>
	boundaries
		.filter((one) => one.name === name)
		.flatMap((one) => one.causes.map(({ id }) => id));

const every = ({ boundaries }: Diagnosis): string[] => [
	...new Set(boundaries.flatMap((one) => one.causes.map(({ id }) => id))),
];

test("a shell on a terminal, under yama and AppArmor", async (t) => {
	const shell = await open("debian:bookworm", t);
	const { output } = await shell.run("id -u; tty; crprobe -- fork");
	assert.match(output, /\n0\n\/dev\/tty\w+\n/);
	assert.match((await shell.run("crprobe '-- fork'")).output, /end=ok/);

	await t.test("nothing is in the way of root, nor of a user", async () => {
		assert.deepEqual(
			every(await shell.diagnose("crprobe --doctor --json")),
			[],
		);
		assert.deepEqual(every(await shell.diagnose(AS_USER)), []);
	});

	await t.test("AppArmor", async () => {
		const confined = (profile: string): string =>
			`sh -c 'echo -n "exec ${profile}" >/proc/self/attr/exec; exec crprobe --doctor --json'`;
		const load =
			"dd if=/crcap/policy/apparmor of=/sys/kernel/security/apparmor/.replace bs=1M";
		assert.equal((await shell.run(load)).status, 0);
		const denied = await shell.diagnose(confined("crcap_allow"));
		assert.deepEqual(every(denied), []);
		assert.match(denied.setting.label, /crcap_allow/);
		// Root's CAP_SYS_ADMIN would serve in its place.
		const refused = await shell.diagnose(
			`su u -c ${JSON.stringify(`echo -n 'exec crcap_deny' >/proc/self/attr/exec; exec /tmp/capable --doctor --json`)}`,
		);
		for (const name of ["ns_last_pid", "set_tid", "map_files", "exe_fd"])
			assert.deepEqual(causes(refused, name), ["security-module"], name);
		assert.deepEqual(causes(refused, "ptrace"), []);
	});

	await t.test("yama", async () => {
		const scope = (n: number): string =>
			`echo ${n} >/proc/sys/kernel/yama/ptrace_scope`;
		await shell.run(scope(1));
		assert.deepEqual(causes(await shell.diagnose(AS_USER), "ptrace"), ["yama"]);
		assert.deepEqual(
			every(await shell.diagnose("crprobe --doctor --json")),
			[],
		);
		await shell.run("(su u -c 'sleep 1000' &)");
		const pid = "$(pidof sleep)";
		const ask = AS_USER.replace("--json'", `--json --pid '"${pid}"`);
		assert.deepEqual(causes(await shell.diagnose(ask), "ptrace"), ["yama"]);
		await shell.run(scope(0));
		assert.deepEqual(causes(await shell.diagnose(ask), "ptrace"), []);
		// From here no way leads back.
		await shell.run(scope(3));
		assert.deepEqual(
			causes(await shell.diagnose("crprobe --doctor --json"), "ptrace"),
			["yama"],
		);
	});

	shell.type("exit\r");
	assert.equal(await shell.exited, 0);
});

test("SELinux", async (t) => {
	const shell = await open("debian:bookworm", t, "--lsm", "selinux");
	const confined = (type: string): string =>
		`su u -c ${JSON.stringify(`echo -n u:r:${type} >/proc/self/attr/exec; exec /tmp/capable --doctor --json`)}`;
	const load = "dd if=/crcap/policy/selinux of=/sys/fs/selinux/load bs=1M";
	assert.equal((await shell.run(load)).status, 0);
	const named = ["ns_last_pid", "set_tid", "map_files", "exe_fd"];
	// What a policy refuses is only recorded until it is enforced.
	for (const [enforced, causesNamed] of [
		[0, []],
		[1, ["security-module"]],
	] as const) {
		await shell.run(`echo -n ${enforced} >/sys/fs/selinux/enforce`);
		const refused = await shell.diagnose(confined("crcap_omit_t"));
		assert.match(refused.setting.label, /crcap_omit_t/);
		for (const name of named)
			assert.deepEqual(causes(refused, name), causesNamed, name);
		assert.deepEqual(causes(refused, "ptrace"), []);
	}
	const allowed = await shell.diagnose(confined("crcap_allow_t"));
	assert.match(allowed.setting.label, /crcap_allow_t/);
	assert.deepEqual(every(allowed), []);
	shell.type("exit\r");
	assert.equal(await shell.exited, 0);
});

test("a kernel that is too old for a part of it", async (t) => {
	const shell = await open("debian:bullseye", t);
	const found = await shell.diagnose(AS_USER);
	assert.deepEqual(causes(found, "ipc_next_id"), ["kernel-too-old"]);
	assert.deepEqual(every(found), ["kernel-too-old"]);
	assert.deepEqual(every(await shell.diagnose("crprobe --doctor --json")), []);
	// Ctrl-] ends it whatever it does.
	shell.type("sleep 1000\r\x1d");
	assert.equal(await shell.exited, 0);
});
