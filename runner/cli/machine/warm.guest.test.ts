/** Guests that go on from a saved one: what they answer, who they are, and what is left when something is in the way. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
	closeSync,
	existsSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Test, test } from "tap";
import { type CaseResult, Report } from "../../../results/model/model.js";
import { resolveKernel } from "../../../vm/index.js";
import { AGENTS } from "../../targets/agents.js";
import { gone, TCG } from "../guestRun.test.helper.js";
import {
	cli,
	entries,
	type FixturePlan,
	startCli,
} from "../spawnCli.test.helper.js";

/** A kernel, and a cache and a folder for temporary files that no other run uses. */
interface Workspace {
	readonly folder: string;
	readonly kernel: string;
	readonly env: { XDG_CACHE_HOME: string; TMPDIR: string };
	/** Where saved guests are kept. */
	readonly states: string;
}

async function withWorkspace(
	t: Test,
	name: string,
	use: (workspace: Workspace) => Promise<void>,
): Promise<void> {
	const { path } = await resolveKernel(name);
	const folder = t.testdir({ cache: {}, tmp: {} });
	const XDG_CACHE_HOME = join(folder, "cache");
	const states = join(XDG_CACHE_HOME, "crcap", "states");
	const TMPDIR = join(folder, "tmp");
	const env = { XDG_CACHE_HOME, TMPDIR };
	await use({ folder, kernel: path, env, states });
	assert.deepEqual(entries(TMPDIR), []);
}

const argsOf = ({ kernel }: Workspace, more: readonly string[]): string[] => [
	...["run", ...TCG, "--kernel", kernel, "--report", "json=r.json"],
	...more,
];

/** A run that comes to its end, with its only target. */
async function run(
	workspace: Workspace,
	more: readonly string[],
	plan?: FixturePlan,
) {
	const { folder, env } = workspace;
	const { status, stderr } = await cli(argsOf(workspace, more), {
		cwd: folder,
		env,
		...(plan && { plan }),
	});
	const text = readFileSync(join(folder, "r.json"), "utf8");
	const [target] = Report.parse(JSON.parse(text)).targets;
	assert.ok(target, stderr);
	return { status, stderr, target };
}

/** What may not differ: the verdict, and the subject as read back. */
const outcome = ({ id, verdict, readback = "" }: CaseResult): string =>
	`${id} ${verdict} ${readback}`;

for (const [kernel, cases] of [
	["debian:bookworm", ["*.uid1000-none"]],
	["debian:bookworm@arm64", ["set_tid.*.uid1000-none", "tty_lock.*.userns*"]],
] as const)
	test(`${kernel}: the same answers from a boot, from a copy, and from a later one`, async (t) => {
		await withWorkspace(t, kernel, async (workspace) => {
			const chosen = cases.flatMap((glob) => ["--case", glob]);
			const cold = await run(workspace, [...chosen, "--cold"]);
			assert.equal(cold.status, 0, cold.stderr);
			assert.equal(cold.target.facts.resumed, undefined);
			assert.deepEqual(entries(workspace.states), []);
			const outcomes = cold.target.cases.map(outcome);
			assert.ok(outcomes.length > 50);
			for (const age of [/, \d+ s before$/, /, [1-9]\d* s before$/]) {
				const { target, status } = await run(workspace, [...chosen, "--warm"]);
				assert.equal(status, 0);
				assert.match(String(target.facts.resumed), age);
				assert.deepEqual(target.cases.map(outcome), outcomes);
				assert.equal(entries(workspace.states).length, 1);
			}
			// A bit of the memory is another one: nothing that such a guest says counts.
			const [key = ""] = entries(workspace.states);
			const ram = openSync(join(workspace.states, key, "ram"), "r+");
			writeSync(ram, "!", 20 * 1024 * 1024);
			closeSync(ram);
			const { target, status } = await run(workspace, [...chosen, "--warm"]);
			assert.equal(status, 0);
			assert.match(target.notes.join(), /its memory is not.*was thrown away/);
			assert.deepEqual(target.cases.map(outcome), outcomes);
			const listed = await cli(["cache", "--clear"], { env: workspace.env });
			assert.match(listed.stdout, /Linux \S+ for .*\n1 guest, .* thrown away/);
			assert.deepEqual(entries(workspace.states), []);
		});
	});

/** The set-up gets what s390x takes only where it is asked to. */
const noS390x = [
	join(AGENTS, "crprobe-s390x"),
	"/usr/bin/qemu-system-s390x",
].every((path) => existsSync(path))
	? false
	: "npm run setup -- --arch s390x gets the agent and the emulator";

test("debian:sid@s390x resumes, too", { skip: noS390x }, async (t) => {
	await withWorkspace(t, "debian:sid@s390x", async (workspace) => {
		const runs = [];
		for (const mode of ["--cold", "--warm", "--warm"])
			runs.push(await run(workspace, ["--case", "tty_lock.lock.uid*", mode]));
		const resumed = runs.map(({ target }) => "resumed" in target.facts);
		assert.deepEqual(resumed, [false, true, true]);
		const [cold, ...warm] = runs.map(({ status, target }) => [
			status,
			...target.cases.map(outcome),
		]);
		assert.equal(cold?.[0], 0);
		for (const one of warm) assert.deepEqual(one, cold);
	});
});

test("of two runs that save the same guest at once one keeps it, and both end well", async (t) => {
	await withWorkspace(t, "debian:bookworm", async (workspace) => {
		const { folder: cwd, env } = workspace;
		const args = argsOf(workspace, ["--case", "tty_lock.lock.uid*", "--warm"]);
		const ended = await Promise.all(
			["one", "other"].map((name) =>
				cli([...args, "--report", `tap=${name}.tap`], { cwd, env }),
			),
		);
		for (const { status, stderr } of ended) assert.equal(status, 0, stderr);
		assert.equal(entries(workspace.states).length, 1);
		for (const name of ["one", "other"])
			assert.match(readFileSync(join(cwd, `${name}.tap`), "utf8"), /^ok 1 /m);
		const { target } = await run(workspace, ["--warm"], { a: "-- fork" });
		assert.match(String(target.facts.resumed), /before$/);
		assert.deepEqual(target.notes, []);
	});
});

/** Where the kernel put the vdso of the first process: in each boot elsewhere. */
const BOOT = "-- open=f,r,/proc/1/auxv read=f,16";
const UUID = "-- open=f,r,/proc/sys/kernel/random/uuid read=f,40";

test("guests of one boot share what a boot made, and no random numbers", async (t) => {
	await withWorkspace(t, "debian:bookworm", async (workspace) => {
		const plan: FixturePlan = {};
		for (let n = 0; n < 210; n++) {
			plan[`uuid${n}`] = UUID;
			plan[`boot${n}`] = n === 20 ? "-- sysrq=c" : BOOT;
		}
		const { target } = await run(workspace, ["--guests", "2", "--cold"], plan);
		assert.equal(target.complete, true, target.incompleteReason);
		assert.match(target.notes.join(), /another guest went on without it/);
		assert.match(String(target.facts.resumed), /, \d+ s before$/);
		const seen = (name: string) =>
			target.cases
				.filter(({ id, verdict }) => id.includes(name) && verdict === "pass")
				.map(({ observed }) => / r=read:0:(\S+)/.exec(observed)?.[1]);
		assert.equal(seen("boot").length, 209);
		assert.equal(new Set(seen("boot")).size, 1);
		assert.equal(new Set(seen("uuid")).size, 210);
	});
});

/** When a run is cut. Some moments are short: where one was over before it was seen, the next one serves. */
const MOMENTS = {
	boots: ({ said }: Cut) => /starting/.test(said()),
	saves: (cut: Cut) => isSaving(cut.pid) || MOMENTS.resumes(cut),
	resumes: ({ pid }: Cut) => below(pid).some(isCopy),
	keeps: (cut: Cut) =>
		entries(cut.workspace.states).some((name) => name.includes(".tmp-")) ||
		MOMENTS.runs(cut),
	runs: ({ said }: Cut) => /2 cases/.test(said()),
};

/** Those of a run that finds no state. */
const FIRST = ["boots", "saves", "resumes", "keeps", "runs"] as const;

interface Cut {
	readonly workspace: Workspace;
	readonly pid: number;
	/** What it told so far. */
	readonly said: () => string;
}

/** The processes below this one, found in no time. */
function below(pid: number): number[] {
	try {
		return readdirSync(`/proc/${pid}/task`)
			.flatMap((task) =>
				readFileSync(`/proc/${pid}/task/${task}/children`, "utf8")
					.split(" ")
					.filter((one) => one !== ""),
			)
			.flatMap((one) => [Number(one), ...below(Number(one))]);
	} catch {
		return [];
	}
}

/** A QEMU that waits for a state, or got one. */
function isCopy(pid: number): boolean {
	try {
		return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("-incoming");
	} catch {
		return false;
	}
}

/** True while a QEMU sends its state: the socket for it has somebody at its other end. */
function isSaving(pid: number): boolean {
	const own = new Set(
		entries(`/proc/${pid}/fd`).map((fd) => {
			try {
				return readlinkSync(`/proc/${pid}/fd/${fd}`);
			} catch {
				return "";
			}
		}),
	);
	return readFileSync("/proc/net/unix", "utf8")
		.split("\n")
		.map((line) => line.trim().split(/\s+/))
		.some(
			([, , , , , state, inode, path]) =>
				state === "03" &&
				path?.endsWith("/state") === true &&
				own.has(`socket:[${inode}]`),
		);
}

/** Ends a run at a moment, and sees that nothing of it is left. */
async function cutAt(
	workspace: Workspace,
	moment: keyof typeof MOMENTS,
	signal: NodeJS.Signals,
): Promise<void> {
	const plan = { a: "-- hang=case", b: "-- fork" };
	const args = argsOf(workspace, ["--warm", "--case-timeout", "1000"]);
	const { folder: cwd, env } = workspace;
	const running = startCli(args, { plan, cwd, env });
	let text = "";
	running.stderr?.on("data", (chunk: Buffer) => {
		text += chunk;
	});
	const cut = { workspace, pid: running.pid ?? 0, said: () => text };
	while (!MOMENTS[moment](cut)) {
		const over = running.exitCode !== null || MOMENTS.runs(cut);
		assert.ok(!over, `${moment} never came: ${text}`);
		await sleep(1);
	}
	const started = below(cut.pid);
	running.kill(signal);
	await running;
	for (const pid of started) await gone(pid);
	assert.deepEqual(entries(env.TMPDIR), [], moment);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const)
	test(`${signal} while a guest is saved, kept or resumed leaves no QEMU, and no state but a whole one`, async (t) => {
		await withWorkspace(t, "debian:bookworm", async (workspace) => {
			const whole = async () => {
				const { status, target } = await run(workspace, ["--warm"], {
					a: "-- fork",
				});
				assert.equal(status, 0);
				assert.deepEqual(target.notes, []);
				assert.equal(entries(workspace.states).length, 1);
			};
			for (const moment of FIRST) await cutAt(workspace, moment, signal);
			await whole();
			// From the state that is kept.
			for (const moment of ["resumes", "runs"] as const)
				await cutAt(workspace, moment, signal);
			await whole();
		});
	});

test("a full disk costs the state, and nothing else", async (t) => {
	await withWorkspace(t, "debian:bookworm", async (workspace) => {
		mkdirSync(workspace.states, { recursive: true });
		const mounted = spawnSync("mount", [
			...["-t", "tmpfs", "-o", "size=16m", "none", workspace.states],
		]);
		if (mounted.status !== 0) {
			t.plan(0, "nothing can be mounted here");
			return;
		}
		try {
			const { status, stderr } = await run(workspace, ["--warm"], {
				a: "-- fork",
			});
			assert.equal(status, 0);
			assert.match(stderr, /state is not kept: .*free some space/);
			assert.deepEqual(entries(workspace.states), []);
		} finally {
			spawnSync("umount", [workspace.states]);
		}
	});
});
