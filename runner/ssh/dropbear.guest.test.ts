/** `--ssh --host` to a small system: 32-bit ARM, dropbear, busybox. Its verdicts are those of the same kernel in a guest of crcap's. */
import assert from "node:assert/strict";
import { test } from "tap";
import { shortFolder } from "../../testing/shortFolder.test.helper.js";
import { MACHINES, resolveKernel } from "../../vm/index.js";
import { startBoard } from "./dropbear.test.helper.js";
import { outcomes } from "./outcomes.test.helper.js";

const KERNEL = "debian:bookworm@armhf";

/** Forks, executed helpers, namespaces, mappings, and what only the machine's owner may touch. */
const SELECTION = [
	"--case",
	"{set_tid.free_tid,exe_fd.same_exe,map_files.read_memfd,ns_last_pid.next_pid,ipc_next_id.sem_next,tty_lock.lock}.*",
	"--subject",
	"{uid1000-*,uid0-*,userns*-cap_checkpoint_restore}",
];

test("a board's verdicts are those of the same kernel in a guest", async (t) => {
	const { bootPath } = await resolveKernel(KERNEL);
	const board = await startBoard(bootPath, MACHINES.armhf, shortFolder(t));
	try {
		const there = await outcomes(
			t,
			["--ssh", "root@board", "--host", ...SELECTION],
			{
				PATH: `${board.path}:${process.env.PATH}`,
			},
		);
		const here = await outcomes(t, [
			...["--kernel", KERNEL, "--accel", "tcg"],
			...SELECTION,
		]);
		assert.deepEqual(there, here);
		const passed = Object.values(there).filter((one) => /^pass/.test(one));
		assert.ok(passed.length > 100, `${passed.length} passed`);
		assert.match(await board.ask("uname -m"), /armv7l/);
		assert.equal(
			await board.ask("ls -d /tmp/crcap* /root/crcap* 2>&-; true"),
			"",
		);
	} finally {
		await board.stop();
	}
});
