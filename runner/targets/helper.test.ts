/** The helper as a command: what it does not understand it refuses, and only a guest's /init is the agent. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { test } from "tap";
import { FrameReader } from "../../vm/channel/frames.js";
import { ALIVE, encodeLine } from "../../vm/channel/lines.js";
import { AGENTS, agentPath } from "./agents.js";
import { localArch } from "./localTarget.js";

const HELPER = agentPath(localArch());

/** One case, tried by hand. */
function crprobe(...args: string[]) {
	return spawnSync(HELPER, args, { encoding: "utf8" });
}

test("a deadline that is no number of seconds is refused", async () => {
	for (const seconds of ["abc", "", "0", "-1", "1.5", "9999999", "10x"]) {
		const { status, stderr } = crprobe("--deadline", seconds, "--");
		assert.equal(status, 2, seconds);
		assert.match(stderr, /--deadline .*: it is a whole number of seconds/);
	}
	assert.equal(crprobe("--deadline", "5", "--").status, 0);
});

test("a value that a step does not understand is no answer of the kernel's", async () => {
	for (const step of [
		"mm_map=auxv:okay",
		"mm_map=ptr:good",
		"mm_map=spoil:nothing",
		"mm=start_cod",
		"mm_map_size=worse",
		"open=a,rx,/proc/self/stat",
		"clone3=tdi:20000",
		"seccomp=clone3",
		"rlimit=date,5",
		"caps=chekpoint_restore",
		"uid=root",
	]) {
		const program = /^(seccomp|rlimit|caps|uid)/.test(step)
			? `${step} --`
			: `-- ${step}`;
		const { status, stdout } = crprobe(program);
		assert.match(stdout, / end=parse at=/, step);
		assert.equal(status, 3, step);
	}
});

test("steps that end a guest are not in what users get", async () => {
	for (const step of ["sysrq=c", "hang=case"])
		assert.match(crprobe(`-- ${step}`).stdout, /end=parse.*no%20such%20step/);
});

const unshare = spawnSync("unshare", ["--pid", "--fork", "true"]);

test("PID 1 of a container under any name is a command like any other", {
	skip: unshare.status === 0 ? false : "unshare --pid takes root",
}, async () => {
	for (const name of ["crprobe", "probe", "/usr/bin/init", "init"]) {
		const { status, stderr } = spawnSync(
			"unshare",
			["--pid", "--fork", "bash", "-c", 'exec -a "$0" "$1"', name, HELPER],
			{ encoding: "utf8", timeout: 20_000 },
		);
		assert.equal(status, 2, name);
		assert.match(stderr, /^usage: crprobe/, name);
	}
});

/** The frames that the agent sends over pipes where it takes these lines, and then is told to quit. */
async function serve(
	lines: readonly string[],
	[agent, ...args]: readonly [string, ...string[]] = [HELPER],
) {
	let counted = 0;
	const input = [...lines, "quit"].map((text) =>
		encodeLine(/^(resend |alive$)/.test(text) ? "r" : counted++, text),
	);
	const child = spawn(agent, ["--serve", ...args], {
		stdio: ["pipe", "pipe", "inherit"],
		timeout: 120_000,
	});
	// The other end stays: with it gone the running case would be ended.
	child.stdin.on("error", () => {}).write(input.join(""));
	const items = new FrameReader().feed(await buffer(child.stdout));
	return items.map((item) => {
		assert.ok(item.kind === "frame", item.kind);
		return item;
	});
}

/** The tests' own agent, whose steps may hang. */
const HANGING = agentPath(localArch(), join(AGENTS, "test"));

test("any number of words from a runner that lives take no other's place, and none of its silence is borne", async (t) => {
	const folder = join(t.testdir({ place: {} }), "place");
	const words = Array.from({ length: 4000 }, () => "alive");
	assert.equal(encodeLine("r", "alive"), ALIVE);
	const lines = ["case 0 1000 - -- hang=case", ...words, "case 1 1000 - --"];
	const frames = await serve(
		[...words, ...lines, ...words],
		[...([HANGING, folder, "3"] as const)],
	);
	const said = frames.map(({ payload }) => payload);
	const [first, second, ...more] = said.slice(said.indexOf("ready") + 1);
	assert.match(first ?? "", /^obs 0 us=\d+ end=deadline/);
	assert.match(second ?? "", /^obs 1 us=\d+ end=ok/);
	assert.deepEqual(more, ["bye 2"]);
	const silent = await serve(
		["case 0 60000 - -- hang=case"],
		[HANGING, folder, "1"],
	);
	assert.equal(silent.at(-1)?.payload, "ready");
	assert.equal(existsSync(folder), false);
	for (const seconds of ["0", "x", "86401"])
		assert.equal(crprobe("--serve", folder, seconds).status, 2);
});

/** The number of the last frame before any request. */
const readyFrame = async () =>
	(await serve([])).findIndex(({ payload }) => payload === "ready");

/** As many frames as the agent keeps, and as many bytes of their payloads (PROTOCOL.md). */
const KEPT_FRAMES = 1024;
const KEPT_BYTES = 128 * 1024;

test("the agent sends the latest frames again, and says so where one is no longer kept", async () => {
	const ready = await readyFrame();
	const latest = ready + KEPT_FRAMES;
	const asked = [0, ready, ready + 1, latest, latest + 1];
	const frames = await serve([
		...Array.from({ length: KEPT_FRAMES }, () => "rate 1"),
		...asked.map((seq) => `resend ${seq}`),
	]);
	const sent = frames.slice(0, latest + 1);
	assert.deepEqual(
		sent.map(({ seq }) => seq),
		sent.map((_, i) => i),
	);
	const [bye, ...more] = frames.slice(latest + 1 + 4);
	assert.deepEqual(
		frames
			.slice(latest + 1, latest + 1 + 4)
			.map(({ seq, payload }) => [seq, payload]),
		[
			[0, "gone"],
			[ready, "gone"],
			[ready + 1, sent[ready + 1]?.payload],
			[latest, sent[latest]?.payload],
		],
	);
	// What was never sent is not answered, and none of this took a number.
	assert.deepEqual([bye?.seq, bye?.payload, more], [latest + 1, "bye 0", []]);
});

test("long frames put earlier ones out, and none comes again in part", async () => {
	// Each byte is told as "%00".
	const program = "-- open=a,r,/dev/zero read=a,900 read=a,900";
	const count = 60;
	const cases = Array.from(
		{ length: count },
		(_, n) => `case ${n} 10000 - ${program}`,
	);
	const ready = await readyFrame();
	const latest = ready + count;
	const frames = await serve([
		...cases,
		...Array.from({ length: latest + 1 }, (_, seq) => `resend ${seq}`),
	]);
	const sent = frames.slice(0, latest + 1);
	const again = frames.slice(latest + 1, -1);
	assert.deepEqual(
		again.map(({ seq }) => seq),
		sent.map(({ seq }) => seq),
	);
	const first = again.findIndex(({ payload }) => payload !== "gone");
	const kept = sent.slice(first);
	assert.deepEqual(
		again.slice(first).map(({ payload }) => payload),
		kept.map(({ payload }) => payload),
	);
	const longest = Math.max(...sent.map(({ payload }) => payload.length));
	assert.ok(longest > 5000, `${longest}`);
	const bytes = kept.reduce((sum, { payload }) => sum + payload.length, 0);
	// The end of the memory that a frame did not fit into, and what the latest one took away of another.
	assert.ok(
		bytes <= KEPT_BYTES && bytes > KEPT_BYTES - 2 * longest,
		`${bytes}`,
	);
});
