/** `--ssh` to 32-bit systems on this 64-bit kernel: the static agent needs nothing of theirs. It boots nothing, but fetches their programs. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { cli } from "../cli/spawnCli.test.helper.js";
import { AGENTS } from "../targets/agents.js";
import { localArch } from "../targets/localTarget.js";
import { outcomes } from "./outcomes.test.helper.js";
import { noServer } from "./sshd.test.helper.js";
import { withUserland32 } from "./userland32.test.helper.js";

const noKernel =
	localArch() === "x86_64" ? noServer() : "it takes a kernel for x86_64";
/** The set-up builds none unless it is asked to. */
const noAgent = existsSync(join(AGENTS, "crprobe-i386"))
	? false
	: "npm run setup -- --arch i386 builds the agent";

/** Forks, executed helpers, namespaces, mappings, and files with capabilities. */
const SELECTION = [
	"--case",
	"{set_tid.free_tid,exe_fd.same_exe,exe_fd.map_size,map_files.read_memfd,ns_last_pid.next_pid,ipc_next_id.sem}.*",
	"--subject",
	"{uid1000-*,uid0-*,userns*-cap_checkpoint_restore,route_*}",
];

for (const [persona, bits, skip] of [
	["x86_64", 64, noKernel],
	["i386", 32, noKernel || noAgent],
] as const)
	test(`one that says that its machine is ${persona} gets an agent of ${bits} bits`, {
		skip,
	}, async (t) => {
		await withUserland32(persona, async (server) => {
			const env = { PATH: server.path };
			const { stdout, stderr } = await cli(["facts", "--ssh", server.root], {
				env,
			});
			// Whatever uname -m says there: expectations are made for the kernel.
			assert.match(stdout, /^fact machine=x86_64$/m, stderr);
			assert.match(stdout, new RegExp(`^fact word_bits=${bits}$`, "m"));
			const there = await outcomes(
				t,
				["--ssh", server.root, ...SELECTION],
				env,
			);
			// The one thing that a program of 32 bits sees otherwise.
			const same = Object.entries(there).map(([id, one]) => [
				id,
				one.replaceAll("the N-bit kernel's", "native"),
			]);
			assert.deepEqual(
				Object.fromEntries(same),
				await outcomes(t, ["--local", ...SELECTION]),
			);
			assert.ok(Object.values(there).some((one) => one.startsWith("pass")));
			assert.deepEqual(server.left(), []);
		});
	});
