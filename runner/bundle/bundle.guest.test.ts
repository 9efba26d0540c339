/** A bundle on a small system: 32-bit ARM, busybox, a serial console whose capture is the log. Its verdicts are those of a run on the same kernel. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { MACHINES, resolveKernel } from "../../vm/index.js";
import { outcomes } from "../cli/boards/outcome.test.helper.js";
import { cli } from "../cli/spawnCli.test.helper.js";
import { startSystem, systemFile } from "../shell/system.test.helper.js";

const KERNEL = "debian:bookworm@armhf";

/** Of each boundary a row, with and without the capability; what touches the machine itself as well. */
const SELECTION = [
	"--case",
	"{set_tid.free_tid,exe_fd.same_exe,map_files.read_memfd,ns_last_pid.next_pid,ipc_next_id.sem_next,tty_lock.lock}.*",
	"--subject",
	"{uid1000-none,uid1000-cap_*,userns-cap_checkpoint_restore}",
];

test("run.sh's log from a console, and the verdicts of a run", async (t) => {
	const folder = t.testdir();
	const file = join(folder, "crcap-armhf.tar.gz");
	const made = await cli([
		...["bundle", "--arch", "armhf", "--host", "-o", file],
		...SELECTION,
	]);
	assert.equal(made.status, 0, made.stderr);
	const { bootPath } = await resolveKernel(KERNEL);
	const system = await startSystem(bootPath, MACHINES.armhf, [
		systemFile("root/crcap-armhf.tar.gz", readFileSync(file)),
	]);
	const log = join(folder, "log");
	try {
		// The console shows the kernel's own lines among the log's.
		await system.ask("dmesg -n 1; cd /root; tar xzf crcap-armhf.tar.gz");
		const shown = await system.ask("sh crcap-armhf/run.sh");
		assert.match(shown, /^KTAP version 1\n/);
		assert.match(shown, /^ok \d+ set_tid\.free_tid\.uid1000-none$/m);
		writeFileSync(log, shown);
		const kept = "sh crcap-armhf/run.sh -o kept >told && tail -n 1 kept told";
		assert.match(await system.ask(kept), / bye \d+\n[\s\S]*\nok \d+ /);
		assert.match(
			await system.ask("sh crcap-armhf/run.sh --doctor || test $? = 1"),
			/^Linux 6\.1\./,
		);
	} finally {
		await system.stop();
	}
	const [there, here] = await outcomes(folder, [
		["judge", log, "--bundle", file],
		["run", "--kernel", KERNEL, "--accel", "tcg", ...SELECTION],
	]);
	assert.deepEqual(there?.cases, here?.cases);
	assert.equal(there?.status, 0);
	const all = Object.values(there.cases);
	assert.ok(all.length > 20 && all.every((one) => one.startsWith("pass ")));
});
