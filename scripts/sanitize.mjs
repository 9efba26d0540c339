#!/usr/bin/env node
/**
 * Tries the helper with what finds mistakes in C: every case that needs no guest, on this machine's own kernel, by a helper that was built
 * with ASan and UBSan, and under valgrind; gcc's -fanalyzer and clang-tidy over its sources. Ends with one line that counts.
 */
import { spawn, spawnSync } from "node:child_process";
import {
	chmodSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
} from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { CASE_SOURCES } from "./lib/addon.mjs";
import { findCommand, runMain, SetupError, TOP } from "./lib/run.mjs";
import { filesUnder } from "./lib/stamps.mjs";

const USAGE = `usage: npm run sanitize [-- OPTIONS]

  --only NAME  asan, valgrind, analyzer or tidy; repeatable (default: all)
  --case TEXT  only cases whose id holds this text
  --help       this text
`;

/** @typedef {{ name: string, trouble: string }} Outcome empty trouble: it passed */
/** @typedef {import("../suites/index.js").PlannedCase} Case */

/** @type {typeof import("../suites/index.js")} */
const { judge, plan, readFacts } = await import(
	join(TOP, "dist/suites/index.js")
);
/** @type {typeof import("../runner/targets/factLines.js")} */
const { readFactLines } = await import(
	join(TOP, "dist/runner/targets/factLines.js")
);
/** @type {typeof import("../runner/targets/localTarget.js")} */
const { localArch } = await import(
	join(TOP, "dist/runner/targets/localTarget.js")
);
const ARCH = localArch();
/** The helper as it is shipped: cases execute it. */
const HELPER = join(TOP, `dist/agent/crprobe-${ARCH}`);
const C = ["-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra"];

/**
 * The helper's sources.
 * @param {string[]} folders
 */
const sourcesOf = (...folders) =>
	filesUnder(folders, (name) => name.endsWith(".c"));

/**
 * The cases that this machine's kernel takes, without those that touch what is not the case's own.
 * @param {string} text
 * @returns {Case[]}
 */
function localCases(text) {
	const asked = spawnSync(HELPER, ["--facts"], { encoding: "utf8" });
	if (asked.status !== 0) throw new SetupError(`${HELPER} does not run here`);
	const reported = readFactLines(asked.stdout);
	return plan(readFacts({ reported, arch: ARCH })).filter(
		(one) =>
			one.skip === undefined && !one.touchesHost && one.id.includes(text),
	);
}

/**
 * As many at a time as there are processors.
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T) => Promise<void>} work
 */
async function side(items, work) {
	const queue = items[Symbol.iterator]();
	const one = async () => {
		for (const item of queue) await work(item);
	};
	await Promise.all(Array.from({ length: availableParallelism() }, one));
}

/**
 * Gives cases to a program that runs them one after the other (native/fuzz/local.c).
 * @param {readonly string[]} command
 * @param {readonly Case[]} cases
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<Map<Case, string>>} what each answered
 */
async function answersOf([program = "", ...args], cases, env = {}) {
	/** @type {Map<Case, string>} */
	const answers = new Map();
	const count = availableParallelism();
	const numbered = [...cases.entries()];
	const shares = Array.from({ length: count }, (_, i) =>
		numbered.filter(([n]) => n % count === i),
	);
	await side(shares, async (share) => {
		const child = spawn(program, args, {
			env: { ...process.env, ...env },
			stdio: ["pipe", "pipe", "ignore"],
		});
		const closed = new Promise((resolve) => child.on("close", resolve));
		for (const source of [child, child.stdin]) source.on("error", () => {});
		child.stdin.end(share.map(([n, one]) => `${n} ${one.program}\n`).join(""));
		for await (const line of createInterface({ input: child.stdout })) {
			const cut = line.indexOf(" ");
			const one = cases[Number(line.slice(0, cut))];
			if (one) answers.set(one, line.slice(cut + 1));
		}
		await closed;
	});
	return answers;
}

/**
 * @param {Case} one
 * @param {string | undefined} answer
 */
function verdictOn(one, answer) {
	try {
		return answer === undefined ? "none" : judge(one, answer).verdict;
	} catch {
		return "none";
	}
}

/**
 * Every case once. Nothing may be in the logs, and no case may end otherwise than by a helper that is built as usual.
 * @param {readonly Case[]} cases
 * @param {string} logs
 * @param {{ plain: string[], tried: string[], env?: NodeJS.ProcessEnv, finding: RegExp }} how
 * @returns {Promise<Outcome[]>}
 */
async function tryCases(cases, logs, { plain, tried, env = {}, finding }) {
	const answers = await answersOf(tried, cases, env);
	const odd = cases.filter(
		(one) => verdictOn(one, answers.get(one)) !== "pass",
	);
	const usual = await answersOf(plain, odd);
	const outcomes = cases.map((one) => {
		const answer = answers.get(one);
		const verdict = verdictOn(one, answer);
		const other = verdict === "pass" ? verdict : verdictOn(one, usual.get(one));
		const trouble =
			verdict === other ? "" : `${verdict}, and usually ${other}: ${answer}`;
		return { name: one.id, trouble };
	});
	const nameOf = (/** @type {string} */ log) =>
		cases[Number.parseInt(log, 10)]?.id ?? "";
	return [...outcomes, ...findingsIn(logs, finding, nameOf)];
}

/**
 * The logs that a sanitizer left, each with something to be found.
 * @param {string} logs
 * @param {RegExp} finding
 * @param {(log: string) => string} nameOf
 * @returns {Outcome[]}
 */
function findingsIn(logs, finding, nameOf) {
	return readdirSync(logs).flatMap((log) => {
		const text = readFileSync(join(logs, log), "utf8");
		if (!finding.test(text)) return [];
		return [{ name: `${nameOf(log)} (${log})`, trouble: text.slice(0, 3000) }];
	});
}

/**
 * A folder in which the helper's processes, which have uids of their own, may write.
 * @param {string} folder
 * @param {string} name
 */
function logsIn(folder, name) {
	const logs = join(folder, name);
	mkdirSync(logs);
	chmodSync(logs, 0o777);
	return logs;
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {readonly string[]} flags
 * @returns {string[]} the command that takes cases
 */
function build(folder, name, flags) {
	const program = join(folder, name);
	const files = [
		join(TOP, "native/fuzz/local.c"),
		...sourcesOf(...CASE_SOURCES),
	];
	const args = [...C, "-g", "-O1", ...flags, "-o", program, ...files];
	const { status, stderr, error } = spawnSync("gcc", args, {
		encoding: "utf8",
	});
	if (status !== 0)
		throw new SetupError(
			`the helper can't be built with ${flags.join(" ")}: ${stderr ?? error?.message}`,
		);
	return [program, HELPER];
}

/** @type {Trial} */
const asan = (cases, folder) => {
	const logs = logsIn(folder, "logs-asan");
	const tried = build(folder, "asan", ["-fsanitize=address,undefined"]);
	return tryCases(cases, logs, {
		plain: build(folder, "plain", []),
		tried: [...tried, logs],
		env: {
			ASAN_OPTIONS: "detect_leaks=0",
			UBSAN_OPTIONS: "print_stacktrace=1",
		},
		finding: /AddressSanitizer|runtime error/,
	});
};

/**
 * Without the programs that cases execute: valgrind would begin anew for each. It makes system calls in the program's place and
 * does not know them all, so what a case comes to under it says nothing: only its findings count, and that the case came to its end.
 * @type {Trial}
 */
const valgrind = async (cases, folder) => {
	const logs = logsIn(folder, "logs-valgrind");
	const plain = build(folder, "plain", []);
	const command = [
		...["valgrind", "-q", `--log-file=${logs}/%p`],
		...[`--suppressions=${TOP}/native/fuzz/valgrind.supp`, ...plain],
	];
	const answers = await answersOf(command, cases);
	const outcomes = cases.map((one) => ({
		name: one.id,
		trouble: answers.has(one) ? "" : "no answer",
	}));
	const finding = /Invalid (read|write)|uninitialised value|overlap in/;
	return [...outcomes, ...findingsIn(logs, finding, () => "valgrind")];
};

/**
 * A compiler's look at every source.
 * @param {string} command
 * @param {(file: string) => string[]} argsFor
 */
async function everySource(command, argsFor) {
	/** @type {Outcome[]} */
	const outcomes = [];
	const sources = sourcesOf(...CASE_SOURCES, "native/agent", "native/doctor");
	await side(sources, async (file) => {
		const child = spawn(command, argsFor(file), {
			stdio: ["ignore", "pipe", "pipe"],
		});
		let said = "";
		for (const stream of [child.stdout, child.stderr])
			stream.setEncoding("utf8").on("data", (text) => {
				said += text;
			});
		const status = await new Promise((resolve) => child.on("close", resolve));
		const found = status !== 0 || /(warning|error):/.test(said);
		const name = `${command}: ${basename(file)}`;
		outcomes.push({ name, trouble: found ? said : "" });
	});
	return outcomes;
}

/** @type {Trial} */
const analyzer = () =>
	everySource("gcc", (file) => [
		...[...C, "-O1", "-fanalyzer", "-c", "-o", "/dev/null", file],
	]);

/**
 * native/.clang-tidy says which checks.
 * @type {Trial}
 */
const tidy = () =>
	everySource("clang-tidy", (file) => [
		...["--quiet", "--warnings-as-errors=*", file, "--", ...C],
	]);

/** @typedef {(cases: readonly Case[], folder: string) => Promise<Outcome[]>} Trial */

/** @type {Record<string, { needs: string, run: Trial }>} */
const TRIALS = {
	analyzer: { needs: "gcc", run: analyzer },
	tidy: { needs: "clang-tidy", run: tidy },
	asan: { needs: "gcc", run: asan },
	valgrind: { needs: "valgrind", run: valgrind },
};

runMain(async () => {
	const { values } = parseArgs({
		options: {
			only: { type: "string", multiple: true, default: Object.keys(TRIALS) },
			case: { type: "string", default: "" },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) {
		console.log(USAGE);
		return 0;
	}
	const cases = localCases(values.case);
	const folder = mkdtempSync(join(tmpdir(), "crcap-sanitize-"));
	chmodSync(folder, 0o755);
	let [passed, failed, skipped] = [0, 0, 0];
	try {
		for (const name of values.only) {
			const trial = Object.hasOwn(TRIALS, name) ? TRIALS[name] : undefined;
			if (trial === undefined)
				throw new SetupError(
					`--only ${name}: it is one of ${Object.keys(TRIALS).join(", ")}`,
					2,
				);
			if (findCommand(trial.needs) === undefined) {
				console.log(`${name}: skipped, ${trial.needs} is not installed`);
				skipped++;
				continue;
			}
			const started = performance.now();
			const outcomes = await trial.run(cases, folder);
			const bad = outcomes.filter(({ trouble }) => trouble !== "");
			for (const one of bad)
				console.log(`not ok - ${one.name}\n${one.trouble}`);
			const seconds = ((performance.now() - started) / 1000).toFixed(0);
			const clean = outcomes.length - bad.length;
			console.log(
				`${name}: ${clean} of ${outcomes.length} clean, ${seconds} s`,
			);
			passed += clean;
			failed += bad.length;
		}
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
	console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
	return failed > 0 || passed === 0 ? 1 : 0;
});
