/** `--ssh` to 32-bit systems on this 64-bit kernel: the static agent needs nothing of theirs. It boots nothing, but fetches their programs. */
import assert from "node:assert/strict";
import { test } from "tap";
import { cli } from "../cli/spawnCli.test.helper.js";
import { localArch } from "../targets/localTarget.js";
import { outcomes } from "./outcomes.test.helper.js";
import { noServer } from "./sshd.test.helper.js";
import { withUserland32 } from "./userland32.test.helper.js";

const skip =
	localArch() === "x86_64" ? noServer() : "it takes a kernel for x86_64";

/** Forks, executed helpers, namespaces, mappings, and files with capabilities. */
const SELECTION = [
	"--case",
	"{set_tid.free_tid,exe_fd.same_exe,map_files.read_memfd,ns_last_pid.next_pid,ipc_next_id.sem}.*",
	"--subject",
	"{uid1000-*,uid0-*,userns*-cap_checkpoint_restore,route_*}",
];

for (const [persona, arch] of [
	["x86_64", "x86_64"],
	["i386", "i386"],
] as const)
	test(`one whose machine is ${persona} gets the agent for ${arch}`, {
		skip,
	}, async (t) => {
		await withUserland32(persona, async (server) => {
			const env = { PATH: server.path };
			const { stdout, stderr } = await cli(["facts", "--ssh", server.root], {
				env,
			});
			assert.match(
				stdout,
				new RegExp(
					`^fact machine=${persona === "i386" ? "i686" : persona}$`,
					"m",
				),
				stderr,
			);
			const there = await outcomes(
				t,
				["--ssh", server.root, ...SELECTION],
				env,
			);
			assert.deepEqual(there, await outcomes(t, ["--local", ...SELECTION]));
			assert.ok(Object.values(there).some((one) => one.startsWith("pass")));
			assert.deepEqual(server.left(), []);
		});
	});
