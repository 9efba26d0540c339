/**
 * Whole runs of the command in a process of its own, on a machine that gives it trouble: signals at random moments, full disks, no
 * descriptors, a clock that is set back. Nothing stays behind, and no run ends with 0 that did not run.
 */
import assert from "node:assert/strict";
import { execFileSync, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { t, test } from "tap";
import { Report } from "../../results/model/model.js";
import { runLimited } from "../common/jobs.js";
import { image, processesOf, qemuScript } from "./setting.test.helper.js";

const COMMAND = join(import.meta.dirname, "command.test.helper.js");
/** The number of runs that are interrupted. */
const MOMENTS = 50;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

interface Trouble {
	/** What the guest does, by its row. */
	readonly row?: string;
	/** After so long the command gets this signal; twice for the impatient. Milliseconds. */
	readonly stop?: { readonly after: number; readonly signal: NodeJS.Signals };
	/** Bytes on the disk that holds reports and temporary files. */
	readonly disk?: number;
	/** `ulimit -n` */
	readonly descriptors?: number;
	readonly env?: Record<string, string>;
}

interface Outcome {
	readonly status: number | null;
	readonly stderr: string;
	/** Undefined where there is no JSON report. */
	readonly report: Report | undefined;
	readonly tap: string | undefined;
	readonly ms: number;
	readonly processes: readonly string[];
	readonly files: readonly string[];
}

/** Is a file system like this to be had? A container's root may not mount. */
function mountDisk(folder: string, bytes: number): boolean {
	try {
		const size = `size=${bytes},mode=0777`;
		execFileSync("mount", ["-t", "tmpfs", "-o", size, "tmpfs", folder], {
			stdio: "ignore",
		});
		return true;
	} catch {
		return false;
	}
}

const MOUNTS = (() => {
	const folder = t.testdir();
	const mounted = mountDisk(folder, 4096);
	if (mounted) execFileSync("umount", [folder]);
	return mounted;
})();

async function runWith(trouble: Trouble): Promise<Outcome> {
	// A guest's state comes through a Unix socket in TMPDIR, whose path has at most 108 bytes.
	const folder = mkdtempSync(join(tmpdir(), "crcap-test-"));
	const at = (name: string) => join(folder, name);
	for (const name of ["bin", "disk", "cache"]) mkdirSync(at(name));
	const { disk, descriptors, stop } = trouble;
	const mounted = disk !== undefined && mountDisk(at("disk"), disk);
	try {
		mkdirSync(at("disk/tmp"));
		writeFileSync(at("bin/qemu-system-x86_64"), qemuScript(), { mode: 0o755 });
		writeFileSync(at("bzImage"), image());
		const argv = [
			...[COMMAND, "run", "--kernel", at("bzImage"), "--accel", "tcg"],
			...["--guests", "1", "--report", `json=${at("disk/json")}`],
			...["--report", `tap=${at("disk/tap")}`],
		];
		const limit = descriptors === undefined ? "" : `ulimit -n ${descriptors};`;
		const entry = `CRCAP_TEST_FOLDER=${folder}`;
		const stdio: StdioOptions = ["ignore", "ignore", "pipe"];
		const started = performance.now();
		const child = spawn(
			"sh",
			["-c", `${limit} exec "$0" "$@"`, process.execPath, ...argv],
			{
				stdio,
				env: {
					// Without the hooks of the test runner.
					PATH: `${at("bin")}${delimiter}${process.env.PATH}`,
					TMPDIR: at("disk/tmp"),
					XDG_CACHE_HOME: at("cache"),
					CRCAP_TEST_ROW: trouble.row ?? "honest",
					CRCAP_TEST_FOLDER: folder,
					...trouble.env,
				},
			},
		);
		let stderr = "";
		child.stderr?.setEncoding("utf8").on("data", (text: string) => {
			stderr += text;
		});
		const closed = once(child, "close");
		if (stop !== undefined) {
			const timer = setTimeout(() => child.kill(stop.signal), stop.after);
			void closed.then(() => clearTimeout(timer));
		}
		const [status] = (await closed) as [number | null];
		const ms = performance.now() - started;
		// What was killed takes a moment to be gone.
		for (let i = 0; i < 100 && processesOf(entry).length > 0; i++)
			await sleep(50);
		const whole = (name: string) =>
			existsSync(at(name)) ? readFileSync(at(name), "utf8") : undefined;
		const json = whole("disk/json");
		return {
			status,
			stderr,
			report: json === undefined ? undefined : Report.parse(JSON.parse(json)),
			tap: whole("disk/tap"),
			ms,
			processes: processesOf(entry),
			files: [
				...readdirSync(at("disk/tmp")),
				...readdirSync(at("disk")).filter((name) => name.startsWith(".")),
			],
		};
	} finally {
		if (mounted) execFileSync("umount", [at("disk")]);
		rmSync(folder, { recursive: true, force: true });
	}
}

/** What holds whatever happened. Returns true where the run was whole. */
function checkOutcome(outcome: Outcome): boolean {
	const { status, stderr, report, tap } = outcome;
	assert.deepEqual(outcome.processes, [], stderr);
	assert.deepEqual(outcome.files, [], stderr);
	// A fault of crcap's own, or a stack trace, is none of what may come.
	assert.notEqual(status, 70, stderr);
	assert.doesNotMatch(stderr, /^ {4}at /m);
	if (tap !== undefined) assert.match(tap, /^1\.\.\d+/m);
	if (status !== 0) return false;
	assert.equal(report?.targets[0]?.complete, true);
	assert.equal(report?.targets[0]?.totals.pass, 4);
	assert.match(tap ?? "", /^# totals: pass=4 /m);
	return true;
}

/** The same moments at every time, over one and a fifth of a run. The generator is mulberry32. */
function* shares(count: number): Generator<number> {
	let state = 20_260_101;
	for (let i = 0; i < count; i++) {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		yield ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	}
}

test(`a run that is interrupted at ${MOMENTS} random moments`, async (t) => {
	const undisturbed = await runWith({ row: "slow" });
	assert.ok(checkOutcome(undisturbed), undisturbed.stderr);
	const outcomes: Outcome[] = [];
	const tasks = [...shares(MOMENTS)].map((share, i) => async () => {
		const signal = SIGNALS[i % SIGNALS.length] ?? "SIGINT";
		const after = share * 1.2 * undisturbed.ms;
		outcomes.push(await runWith({ row: "slow", stop: { after, signal } }));
	});
	await runLimited(tasks, availableParallelism());
	assert.equal(outcomes.length, MOMENTS);
	const whole = outcomes.filter(checkOutcome);
	const stopped = outcomes.filter(({ status }) => status === 130);
	assert.ok(stopped.length >= MOMENTS / 4, `${stopped.length} stopped`);
	// Before Node listens, and once all is written, the signal itself ends the process.
	for (const { status, stderr } of outcomes)
		assert.ok([0, 130, null].includes(status), `${status}: ${stderr}`);
	t.comment(`${stopped.length} stopped, ${whole.length} ended before`);
});

for (const disk of [8, 16, 24, 32, 40, 64].map((pages) => pages * 4096))
	test(`a disk of ${disk / 1024} KiB for reports and temporary files`, {
		skip: MOUNTS ? false : "no file system can be mounted here",
	}, async () => {
		const outcome = await runWith({ disk });
		if (checkOutcome(outcome)) return;
		assert.equal(outcome.status, 3, outcome.stderr);
		assert.match(outcome.stderr, /no space left|disk is full|ENOSPC/i);
	});

for (const descriptors of [56, 64, 72, 80, 96])
	test(`${descriptors} file descriptors`, async () => {
		const outcome = await runWith({ descriptors });
		if (!checkOutcome(outcome)) {
			assert.ok(outcome.status !== null, outcome.stderr);
			assert.match(outcome.stderr, /ulimit -n|too many open files|EMFILE/i);
		}
	});

test("a clock that is set back at every look", async () => {
	const outcome = await runWith({ env: { CRCAP_TEST_CLOCK: "back" } });
	assert.ok(checkOutcome(outcome), outcome.stderr);
	const [target] = outcome.report?.targets ?? [];
	assert.ok(target && target.durationMs >= 0 && target.durationMs < 60_000);
});
