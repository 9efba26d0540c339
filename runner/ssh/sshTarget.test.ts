/** The way to a machine behind ssh: every shell, login and file system that it meets works, or is told in one line. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Test, test } from "tap";
import { AGENTS, agentPath } from "../targets/agents.js";
import type { CaseRequest, SessionEnd } from "../targets/target.js";
import { readDestination, sshArguments } from "./sshDestination.js";
import { noServer, SEALED, until, withServer } from "./sshd.test.helper.js";
import { sshTarget } from "./sshTarget.js";

const requestOf = (
	n: number,
	probeProgram: string,
	deadlineMs: number,
): CaseRequest => ({
	n,
	deadlineMs,
	subjectProgram: "",
	probeProgram,
	program: probeProgram,
});

interface Outcome {
	readonly replies: string[];
	readonly end: SessionEnd;
	/** Where the agent ran. */
	readonly folder: string;
}

interface Ways {
	readonly programs?: readonly string[];
	readonly afterReply?: () => void;
	readonly deadlineMs?: number;
	readonly silenceSeconds?: number;
	/** What happens before anything is asked. */
	readonly before?: () => Promise<void>;
}

/** Runs programs there. @throws OpenError */
async function runThere(
	program: string,
	to = "root@board",
	ways: Ways = {},
): Promise<Outcome> {
	const { programs = ["-- fork"], silenceSeconds } = ways;
	let said = "";
	const target = sshTarget({
		name: to,
		destination: readDestination(to),
		// Its steps may hang.
		agentPath: (arch) => agentPath(arch, join(AGENTS, "test")),
		mayTouchHost: false,
		program,
		...(silenceSeconds === undefined ? {} : { silenceSeconds }),
		say: (line) => {
			said = line;
		},
	});
	const session = await target.open(new AbortController().signal);
	try {
		const replies: string[] = [];
		await ways.before?.();
		const run = session.run(
			programs.map((one, n) => requestOf(n, one, ways.deadlineMs ?? 1_000_000)),
			{
				reply: (payload) => {
					replies.push(payload);
					ways.afterReply?.();
				},
				complaint: () => {},
			},
		);
		const end = await run;
		return { replies, end, folder: / from (\S+),/.exec(said)?.[1] ?? "" };
	} finally {
		await session.close();
	}
}

const WENT_WELL = /^obs 0 us=\d+ end=ok who=\S+ r=fork:0/;

/** A program in the folder of ssh, which runs the remote command here: `login` is what the other side's login does. */
function fakeSsh(t: Test, login: string): string {
	const folder = t.testdir();
	const program = join(folder, "ssh");
	writeFileSync(
		program,
		`#!/bin/bash\nremote=\${@: -1}\nfolder='${folder}'\n${login}\n`,
		{ mode: 0o755 },
	);
	return program;
}

/** A system whose shell is this one, and whose other programs are busybox's. */
function busyboxSystem(shell: readonly string[]): string {
	const applets = "mkdir rm chmod head wc uname id printf".split(" ");
	return [
		"mkdir $folder/bin",
		...applets.map((name) => `ln -s $(type -P busybox) $folder/bin/${name}`),
		`printf '#!/bin/sh\\nexec ${shell.join(" ")} "$@"\\n' >$folder/bin/sh`,
		"chmod 755 $folder/bin/sh",
		'PATH=$folder/bin:$PATH exec sh -c "$remote"',
	].join("\n");
}

for (const shell of [
	["busybox", "sh"],
	["dash"],
	["bash", "--posix"],
	["mksh"],
])
	test(`${shell.join(" ")} and busybox's programs bring the agent up`, async (t) => {
		const program = fakeSsh(t, busyboxSystem(shell));
		const { replies, end } = await runThere(program);
		assert.match(replies[0] ?? "", WENT_WELL);
		assert.equal(end.how, "bye");
	});

test("a login's banner is passed over", async (t) => {
	const login =
		'printf "Welcome\\n\\e[1mto the board\\ncrcap0123456789abcdef machine x\\nno newline"; exec sh -c "$remote"';
	const { replies } = await runThere(fakeSsh(t, login));
	assert.match(replies[0] ?? "", WENT_WELL);
});

test("what does not come up is told in one line", async (t) => {
	for (const [login, wanted] of [
		[
			"echo 'This service allows sftp connections only.'; exit 1",
			/^ssh ended with status 1: This service allows sftp connections only\.$/,
		],
		[
			"echo 'connect to host board: No route to host' >&2; exit 255",
			/^ssh ended with status 255: connect to host board: No route to host$/,
		],
		[
			'uname() { echo mips64; }; export -f uname; exec bash -c "exec bash --posix"',
			/^its machine is "mips64", and there are agents for x86_64, /,
		],
		[
			'uname() { echo s390x; }; export -f uname; exec bash -c "exec bash --posix"',
			/^there is no agent for s390x: /,
		],
		[
			'head() { command head -c 1000; }; export -f head; exec bash -c "exec bash --posix"',
			/^the agent for \S+: 1000 of its \d+ bytes came to /,
		],
		["kill -9 $$", /^ssh was killed by SIGKILL$/],
		["exec cat /dev/zero", /^what its login prints has no end/],
	] as const)
		await assert.rejects(runThere(fakeSsh(t, login)), (error: Error) => {
			assert.equal(error.name, "OpenError");
			assert.match(error.message, wanted);
			return true;
		});
});

test("no ssh on this machine", async () => {
	await assert.rejects(runThere("/nowhere/ssh"), /install OpenSSH's client/);
});

test("an agent that talks nonsense is no agent", async (t) => {
	const login = `sed -n '/^say() /{s/.*crcap/crcap/;s/ .*//;p;q;}' >$folder/token
token=$(cat $folder/token)
printf '\\n%s machine x86_64\\n%s starts /x\\n' $token $token
printf '\\0360 11 76f1d03c hello world\\n'
exec sleep 100`;
	await assert.rejects(
		runThere(fakeSsh(t, login)),
		/^OpenError: the agent's first word was "hello world"$/,
	);
});

test("destinations as ssh knows them", async () => {
	assert.deepEqual(readDestination("root@board:2222"), {
		text: "root@board:2222",
		host: "root@board",
		port: 2222,
	});
	assert.equal(readDestination("me@[fe80::1%eth0]:22").host, "me@fe80::1%eth0");
	assert.equal(readDestination("board").port, undefined);
	for (const text of [
		"",
		"-oProxyCommand=x",
		"me@-x",
		"a b",
		"a:b:c",
		"a:",
		"@b",
	])
		assert.throws(
			() => readDestination(text),
			/--ssh .*: it is \[user@\]host\[:port\]/,
		);
	assert.throws(() => readDestination("a:65536"), /a port is 1 to 65535/);
	const args = sshArguments(readDestination("me@board:2222"));
	assert.deepEqual(args.slice(-4), ["2222", "--", "me@board", "exec sh"]);
	assert.ok(args.includes("BatchMode=yes"));
});

const skip = noServer();

test("a real server: as root and as a user, and nothing is left", {
	skip,
}, async () => {
	await withServer(async (server) => {
		for (const to of [server.root, server.user]) {
			const { replies, end, folder } = await runThere(server.ssh, to);
			assert.match(replies[0] ?? "", WENT_WELL);
			assert.equal(end.how, "bye");
			assert.match(folder, /^\/tmp\/crcap-/);
		}
		assert.deepEqual(server.left(), []);
		await until(() => server.running().length === 0);
		await assert.rejects(
			runThere(server.ssh, "nobody-knows-me@board"),
			/^OpenError: ssh ended with status 255: .*Permission denied/,
		);
	});
});

test("a connection that is cut ends the case there", { skip }, async () => {
	await withServer(async (server) => {
		let left = [""];
		const { replies, end } = await runThere(server.ssh, server.root, {
			programs: ["-- fork", "-- hang=case"],
			afterReply: () => {
				void until(() => server.running().length >= 3).then(() => {
					left = server.left();
					server.cut();
				});
			},
		});
		assert.equal(replies.length, 1);
		assert.equal(end.how, "lost");
		assert.match(end.detail, /^ssh ended with status 255: /);
		// The agent's file was gone while it ran.
		assert.deepEqual(left, []);
		await until(() => server.running().length === 0);
	});
});

/** Seconds without a word after which the agents of these tests end. */
const SILENCE = 3;

test("a connection that falls silent ends the agent, and the case that runs", {
	skip,
}, async () => {
	await withServer(async (server) => {
		const silence = async (processes: number): Promise<void> => {
			await until(() => server.running().length >= processes);
			server.freeze();
			await until(() => server.running().length === 0);
			assert.deepEqual(server.left(), []);
			server.cut();
		};
		const idle = await runThere(server.ssh, server.root, {
			silenceSeconds: SILENCE,
			before: () => silence(1),
		});
		assert.equal(idle.end.how, "lost");
		// The agent, the case's supervisor, the case.
		let over = Promise.resolve();
		const busy = await runThere(server.ssh, server.root, {
			silenceSeconds: SILENCE,
			programs: ["-- fork", "-- hang=case"],
			afterReply: () => {
				over = silence(3);
			},
		});
		await over;
		assert.equal(busy.replies.length, 1);
		assert.equal(busy.end.how, "lost");
	});
});

test("a runner that lives keeps the agent, whether a case runs for long or nothing is asked", {
	skip,
}, async () => {
	await withServer(async (server) => {
		const { replies, end } = await runThere(server.ssh, server.root, {
			silenceSeconds: SILENCE,
			before: () => sleep(1000 * (SILENCE + 1)),
			programs: ["-- hang=case", "-- fork"],
			deadlineMs: 1000 * 2 * SILENCE,
		});
		assert.match(replies[0] ?? "", /^obs 0 us=\d+ end=deadline/);
		assert.match(replies[1] ?? "", /^obs 1 us=\d+ end=ok/);
		assert.equal(end.how, "bye");
	});
});

test("file systems where nothing runs are passed over", { skip }, async () => {
	await withServer(
		async (server) => {
			const { folder } = await runThere(server.ssh);
			assert.match(folder, /^\/dev\/shm\/crcap-/);
			assert.deepEqual(server.left(), []);
		},
		{ "/tmp": "noexec", "/root": "ro", "/var/tmp": "noexec", "/run": "noexec" },
	);
	await withServer(
		async (server) => {
			await assert.rejects(
				runThere(server.ssh),
				/no folder there takes a program and runs it: \/tmp: runs no programs; \/root: can't be written; /,
			);
			assert.deepEqual(server.left(), []);
		},
		{ all: "noexec", "/root": "ro" },
	);
});

test("a read-only root, and no programs in /tmp", { skip }, async () => {
	await withServer(
		async (server) => {
			for (const to of [server.root, server.user]) {
				const { replies, end, folder } = await runThere(server.ssh, to);
				assert.match(replies[0] ?? "", WENT_WELL);
				assert.equal(end.how, "bye");
				assert.match(folder, /^\/run\/crcap-/);
			}
			assert.deepEqual(server.left(), []);
		},
		{ ...SEALED, "/dev/shm": "noexec" },
	);
	await withServer(
		async (server) => {
			for (const [to, places] of [
				[server.root, "/tmp: r /root: w /var/tmp: w /dev/shm: r /run: r"],
				[server.user, "/tmp: r /var/tmp: w /dev/shm: r /run: r"],
			] as const)
				await assert.rejects(runThere(server.ssh, to), {
					message: `no folder there takes a program and runs it: ${places
						.replaceAll(/ r\b/g, " runs no programs;")
						.replaceAll(/ w\b/g, " can't be written;")}`,
				});
			assert.deepEqual(server.left(), []);
		},
		{ all: "noexec", ...SEALED },
	);
});
