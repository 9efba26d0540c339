/** `--ssh --host` to a small system: 32-bit ARM, dropbear, busybox. Its verdicts are those of the same kernel in a guest of crcap's. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "tap";
import type { Report } from "../../results/index.js";
import { MACHINES, resolveKernel } from "../../vm/index.js";
import { cli, withFolder } from "../cli/spawnCli.test.helper.js";
import { startBoard } from "./dropbear.test.helper.js";

const KERNEL = "debian:bookworm@armhf";

/** Forks, executed helpers, namespaces, mappings, and what only the machine's owner may touch. */
const SELECTION = [
	"--case",
	"{set_tid.free_tid,exe_fd.same_exe,map_files.read_memfd,ns_last_pid.next_pid,ipc_next_id.sem_next,tty_lock.lock}.*",
	"--subject",
	"{uid1000-*,uid0-*,userns*-cap_checkpoint_restore}",
];

async function verdicts(
	where: readonly string[],
	env: Record<string, string> = {},
): Promise<Record<string, string>> {
	return await withFolder(async (folder) => {
		const file = join(folder, "report.json");
		const report = ["--report", `json=${file}`];
		const { stderr } = await cli(["run", ...where, ...SELECTION, ...report], {
			env,
		});
		const { targets } = JSON.parse(readFileSync(file, "utf8")) as Report;
		const cases = targets[0]?.cases ?? [];
		assert.ok(cases.length > 0, stderr);
		return Object.fromEntries(
			cases.map(({ id, verdict, observed }) => [
				id,
				// Which pids were free differs from machine to machine.
				`${verdict} ${observed.replace(/\d+/g, "N")}`,
			]),
		);
	});
}

test("a board's verdicts are those of the same kernel in a guest", async (t) => {
	const folder = mkdtempSync(join(tmpdir(), "crcap-board-"));
	t.after(() => rmSync(folder, { recursive: true, force: true }));
	const kernel = await resolveKernel(KERNEL);
	const board = await startBoard(kernel.bootPath, MACHINES.armhf, folder);
	try {
		const there = await verdicts(["--ssh", "root@board", "--host"], {
			PATH: `${board.path}:${process.env.PATH}`,
		});
		const here = await verdicts(["--kernel", KERNEL, "--accel", "tcg"]);
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
