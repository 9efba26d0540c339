/** `--ssh` to a real OpenSSH server: the verdicts of `--local` there, and nothing left on either side. */
import assert from "node:assert/strict";
import { test } from "tap";
import { cli, descendants, startCli } from "../cli/spawnCli.test.helper.js";
import { outcomes } from "./outcomes.test.helper.js";
import {
	noServer,
	SEALED,
	type Server,
	until,
	withServer,
} from "./sshd.test.helper.js";

const skip = noServer();

/** Forks, executed helpers, namespaces, mappings, and what it is asked of the machine itself. */
const SELECTION = [
	"--case",
	"{set_tid.free_tid,exe_fd.same_exe,map_files.read_memfd,ns_last_pid.next_pid,ipc_next_id.sem}.*",
	"--subject",
	"{uid1000-*,uid0-*,userns*-cap_checkpoint_restore,route_*}",
];

test("as root the verdicts are those of --local there", { skip }, async (t) => {
	await withServer(async (server) => {
		const env = { PATH: server.path };
		const there = await outcomes(t, ["--ssh", server.root, ...SELECTION], env);
		assert.ok(Object.values(there).some((one) => one.startsWith("pass")));
		assert.deepEqual(there, await outcomes(t, ["--local", ...SELECTION]));
		assert.deepEqual(server.left(), []);
		await until(() => server.running().length === 0);
	});
});

test("a read-only root and a /tmp without programs change no verdict", {
	skip,
}, async (t) => {
	await withServer(async (server) => {
		const env = { PATH: server.path };
		assert.deepEqual(
			await outcomes(t, ["--ssh", server.root, ...SELECTION], env),
			await outcomes(t, ["--local", ...SELECTION]),
		);
		assert.deepEqual(server.left(), []);
	}, SEALED);
});

test("the kernel's facts are those that it tells here", { skip }, async () => {
	await withServer(async (server) => {
		const env = { PATH: server.path };
		const { stdout } = await cli(["facts", "--ssh", server.root], { env });
		const said = (text: string): string[] =>
			text.split("\n").filter((line) => /^fact (release|machine)=/.test(line));
		assert.ok(said(stdout).length > 0, stdout);
		assert.deepEqual(
			said(stdout),
			said((await cli(["facts", "--local"])).stdout),
		);
		assert.deepEqual(server.left(), []);
	});
});

/** A run that hangs in a case, once the agent is at it. */
async function hanging(server: Server) {
	const run = startCli(
		["run", "--ssh", server.root, "--case-timeout", "1000", "-r", "json"],
		{ plan: { hang: "-- hang=case" }, env: { PATH: server.path } },
	);
	// The agent, the case's supervisor, the case.
	await until(() => server.running().length >= 3);
	// Not the promise itself: that would be waited for.
	return { run, below: await descendants(run.pid as number) };
}

for (const [signal, status] of [
	["SIGKILL", undefined],
	["SIGINT", 130],
] as const)
	test(`${signal} leaves nothing on either side`, { skip }, async () => {
		await withServer(async (server) => {
			const { run, below } = await hanging(server);
			assert.ok(below.some(({ args }) => /^(\S*\/)?ssh /.test(args)));
			run.kill(signal);
			assert.equal((await run).exitCode, status);
			await until(() => server.running().length === 0);
			await until(() => below.every(({ pid }) => !isThere(pid)));
			assert.deepEqual(server.left(), []);
		});
	});

function isThere(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}
