#!/usr/bin/env node
/** Runs the project's checks, each named, and ends with one line that counts them. */
import { spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect, parseArgs } from "node:util";
import { CHECKS, failureOf } from "./lib/checks.mjs";
import { judgeCoverage } from "./lib/coverage.mjs";
import { runMain, SetupError, TAP, TOP } from "./lib/run.mjs";
import { filesUnder } from "./lib/stamps.mjs";

const USAGE = `usage: npm test [-- OPTIONS] [FILE...]

  --as-is      without the set-up first
  --static     only types, lint, format
  --unit       only the tests that boot nothing
  --guest      only the tests that boot kernels
  --help       this text
  FILE         only test files whose path holds this text; no static checks
`;

/** The least coverage. It only ever rises. */
const FLOOR_FILE = join(TOP, "scripts/coverage.json");

/** @typedef {import("./lib/tapCount.mjs").Count} Count */

/** The kinds of test files, in the order in which they run. */
const KINDS = /** @type {const} */ (["unit", "guest"]);

/**
 * @param {readonly string[]} args
 * @returns {{ setup: boolean, static: boolean, kinds: ReadonlySet<string>, files: string[] } | undefined} undefined for the usage
 */
function readOptions(args) {
	try {
		const flag = /** @type {const} */ ({ type: "boolean", default: false });
		const options = {
			"as-is": flag,
			static: flag,
			unit: flag,
			guest: flag,
			help: flag,
		};
		const { values, positionals } = parseArgs({
			args: [...args],
			options,
			allowPositionals: true,
		});
		if (values.help) return undefined;
		const all = !values.static && !values.unit && !values.guest;
		return {
			setup: !values["as-is"],
			static: values.static || (all && positionals.length === 0),
			kinds: new Set(KINDS.filter((kind) => all || values[kind])),
			files: positionals.map((file) => file.replace(/\.ts$/, ".js")),
		};
	} catch (error) {
		throw new SetupError(
			`${error instanceof Error ? error.message : error}; see npm test -- --help`,
			2,
		);
	}
}

/**
 * The test files of a kind, after compilation.
 * @param {string} kind
 * @param {readonly string[]} wanted texts of which a path must hold one; none: every file
 * @returns {string[]}
 */
function testFiles(kind, wanted) {
	const files = [
		...filesUnder(["dist"], (name) => name.endsWith(".test.js")),
		...filesUnder(["scripts"], (name) => name.endsWith(".test.mjs")),
	];
	return files.filter((file) => {
		const path = relative(TOP, file);
		const guest = /\.guest\.test\.m?js$/.test(path);
		return (
			guest === (kind === "guest") &&
			(wanted.length === 0 || wanted.some((text) => path.includes(text)))
		);
	});
}

const STOPS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/**
 * Runs a program with this one's output.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {(text: string) => void} [hear] takes its standard output in place of this program's
 * @returns {Promise<number>} its exit status; 1 where a signal ended it
 */
function runThrough(command, args, hear) {
	const child = spawn(command, args, {
		cwd: TOP,
		// A group of its own: tap leaves the tests running that it has started. The set-up keeps the terminal: it may ask for a password.
		detached: hear !== undefined,
		stdio: ["ignore", hear ? "pipe" : "inherit", "inherit"],
	});
	if (hear) child.stdout?.setEncoding("utf8").on("data", hear);
	// Who stops this program means the tests: they end first, with whatever they have started.
	/** @type {NodeJS.Signals | undefined} */
	let stoppedBy;
	const stop = (/** @type {NodeJS.Signals} */ signal) => {
		stoppedBy = signal;
		if (child.pid !== undefined)
			process.kill(hear === undefined ? child.pid : -child.pid, signal);
	};
	for (const signal of STOPS) process.on(signal, stop);
	return new Promise((resolve, reject) => {
		child.on("error", reject);
		child.on("close", (status) => {
			for (const signal of STOPS) process.off(signal, stop);
			if (stoppedBy === undefined) resolve(status ?? 1);
			else reject(new SetupError(`stopped by ${stoppedBy}`, 130));
		});
	});
}

/** What tap is to measure, and where it leaves the figures. */
const COVERAGE = [
	"--allow-incomplete-coverage",
	"--coverage-report=json-summary",
];
const COVERAGE_FILE = join(TOP, ".tap/report/coverage-summary.json");

/** Seconds that tap gives each file of a kind. */
const LIMITS = { unit: 300, guest: 1800 };

/**
 * Runs test files, and counts what really ran.
 * @param {"unit" | "guest"} kind
 * @param {readonly string[]} files
 * @param {boolean} covered also tells how much of the code they reach
 * @returns {Promise<Count>}
 */
async function runTests(kind, files, covered) {
	// Not before the set-up, which installs what this needs.
	const { TapCounter } = await import("./lib/tapCount.mjs");
	// No figure of an earlier run may pass for this one's.
	if (covered) rmSync(COVERAGE_FILE, { force: true });
	const counter = new TapCounter({ file: showFile, failure: showFailure });
	const status = await runThrough(
		process.execPath,
		[
			TAP,
			"run",
			...(covered ? COVERAGE : ["--disable-coverage"]),
			"--reporter=tap",
			`--timeout=${LIMITS[kind]}`,
			`--jobs=${availableParallelism()}`,
			`--node-arg=--import=${pathToFileURL(join(TOP, "scripts/lib/plainChildren.mjs"))}`,
			...files,
		],
		(text) => counter.write(text),
	);
	const { whole, ...counted } = counter.end();
	const silent = !whole || (status !== 0 && counted.failed === 0);
	if (silent)
		console.log(
			`tap ended with ${status}, and reported ${whole ? "" : "only "}${JSON.stringify(counted)}`,
		);
	return silent ? { ...counted, failed: counted.failed + 1 } : counted;
}

/** @param {import("tap-parser").Result} result of a file, or of what stands beside them */
function showFile({ ok, name, time }) {
	const seconds = time === null ? "" : `  ${(time / 1000).toFixed(1)} s`;
	console.log(`${ok ? "ok" : "not ok"} - ${name}${seconds}`);
}

/** @param {import("tap-parser").Result} result */
function showFailure({ fullname, diag }) {
	// Where there is a difference, it says enough of two long texts.
	const { found, wanted, ...rest } = diag ?? {};
	const shown = rest.diff ? rest : diag;
	const details = inspect(shown, { depth: 6, breakLength: 100 });
	console.log(`✖ ${fullname}\n${diag ? details : ""}`);
}

/**
 * Tells how one check went, and counts it.
 * @param {Count} total
 * @param {string} name
 * @param {string} failure empty where it passed
 */
function tell(total, name, failure) {
	total[failure === "" ? "passed" : "failed"]++;
	console.log(failure === "" ? `ok - ${name}` : `not ok - ${name}\n${failure}`);
}

/** @param {Count} count */
const closingLine = ({ passed, failed, skipped }) =>
	`${passed} passed, ${failed} failed, ${skipped} skipped`;

/**
 * @param {Count} total
 * @param {Count} part
 */
function addCount(total, part) {
	total.passed += part.passed;
	total.failed += part.failed;
	total.skipped += part.skipped;
}

runMain(async () => {
	const options = readOptions(process.argv.slice(2));
	if (options === undefined) {
		console.log(USAGE);
		return 0;
	}
	const total = { passed: 0, failed: 0, skipped: 0 };
	if (options.setup) {
		const status = await runThrough(process.execPath, [
			join(TOP, "scripts/setup.mjs"),
			"--test",
		]);
		tell(
			total,
			"set-up",
			status === 0 ? "" : `the set-up ended with ${status}`,
		);
		// Something is missing that only an administrator can install: nothing below would tell more.
		if (status === 2) return status;
	}
	if (options.static)
		for (const check of CHECKS) tell(total, check.name, failureOf(check));
	for (const kind of KINDS.filter((one) => options.kinds.has(one))) {
		const files = testFiles(kind, options.files);
		if (files.length > 0) {
			const covered = kind === "unit" && options.files.length === 0;
			console.log(`\n${kind} tests: ${files.length} files`);
			addCount(total, await runTests(kind, files, covered));
			if (covered && existsSync(FLOOR_FILE))
				tell(total, ...judgeCoverage(COVERAGE_FILE, FLOOR_FILE));
		}
	}
	console.log(closingLine(total));
	return total.failed > 0 || total.passed === 0 ? 1 : 0;
});
