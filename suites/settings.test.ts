import assert from "node:assert/strict";
import { test } from "tap";
import { unmadeSetting } from "./model/settings.js";
import { kernel } from "./planning/kernels.test.helper.js";
import { plan } from "./planning/plan.js";

const QUOTA = "user.max_pid_namespaces is 0";

test("a setting excuses where the command line, or nobody known, made it", async () => {
	const own = kernel("6.12.0");
	const excuses = (commandLine: string, reason = QUOTA) =>
		unmadeSetting(reason, { ...own, commandLine }) === null;
	assert.equal(unmadeSetting(QUOTA, own), null, "a machine that others booted");
	for (const words of [
		"sysctl.user.max_pid_namespaces=0",
		"quiet sysctl/user/max_pid_namespaces=0 debug",
	])
		assert.ok(excuses(words), words);
	for (const words of [
		"",
		"quiet",
		"sysctl.user.max_pid_namespaces",
		"sysctl.user.max_ipc_namespaces=0",
		"user.max_pid_namespaces=0",
		"sysctl.user.max_pid_namespaces_not=0",
	])
		assert.ok(!excuses(words), words);
	assert.ok(excuses("", "kernel.unprivileged_userns_clone is 0"));
	assert.ok(excuses("", "CONFIG_SECCOMP_FILTER is off"));
	const meant = { ...own, commandLine: "", changedSettings: true };
	assert.equal(unmadeSetting(QUOTA, meant), null);
	const built = new Map([["CMDLINE", "sysctl.user.max_pid_namespaces=0"]]);
	const facts = { ...own, commandLine: "", config: built };
	assert.equal(unmadeSetting(QUOTA, facts), null);
});

/** What a kernel may say of itself to have many cases skipped. */
const LIES = {
	max_user_namespaces: "0",
	max_pid_namespaces: "0",
	max_ipc_namespaces: "0",
	max_mnt_namespaces: "0",
	msgmni: "0",
	sem: "0\t0\t0\t0",
	shmmni: "0",
	shmmax: "0",
	pid_max: "301",
	yama_ptrace_scope: "3",
	memfd_noexec: "2",
	suid_dumpable: "1",
	sysctl_writes_strict: "0",
} as const;

for (const [fact, value] of Object.entries(LIES))
	test(`a guest's kernel that comes up with ${fact}=${value} is broken, not excused`, async () => {
		const known = kernel("6.12.0", { [fact]: value });
		const there = plan(known);
		const guest = plan({ ...known, commandLine: "quiet" });
		let broke = 0;
		for (const [n, { skip, broken, id }] of guest.entries()) {
			const elsewhere = there[n];
			assert.equal(skip !== undefined && broken !== undefined, false, id);
			if (broken === undefined) {
				assert.equal(skip, elsewhere?.skip, id);
				continue;
			}
			assert.ok(broken.startsWith(`${elsewhere?.skip}. Nothing asked`), broken);
			broke++;
		}
		assert.ok(broke > 0);
	});
