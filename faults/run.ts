/** `npm run faults`: builds the kernels, boots each fault, shows which case caught it. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { type Report, readReport } from "../results/index.js";
import { runLimited } from "../runner/common/jobs.js";
import { concerns } from "../suites/index.js";
import { cacheDir } from "../vm/index.js";
import { buildKernel, CONFIGS, type ConfigName, type Kernel } from "./build.js";
import {
	EVERYWHERE,
	type Fault,
	type Finding,
	findingOf,
	isSound,
	markdown,
	type TableRow,
	verdictText,
} from "./table.js";
import { UNDER_SETTINGS } from "./underSettings.js";

const TOP = fileURLToPath(new URL("../..", import.meta.url));
const CLI = join(TOP, "dist/crcap/main.js");

/** A configuration without something is tried with one fault of each boundary that it still has. */
const SAMPLES: Readonly<
	Record<Exclude<ConfigName, "base">, readonly string[]>
> = {
	"no-checkpoint-restore": [
		"set_tid-check_missing",
		"map_files-check_missing",
		"tty_lock-check_missing",
	],
	"no-user-ns": [
		"ns_last_pid-check_missing",
		"set_tid-check_missing",
		"map_files-check_missing",
		"exe_fd-check_missing",
		"ipc_next_id-check_missing",
		"tty_lock-check_missing",
	],
	"no-pid-ns": [
		"set_tid-check_missing",
		"map_files-check_missing",
		"exe_fd-check_missing",
		"ipc_next_id-check_missing",
		"tty_lock-check_missing",
	],
	// Everyone may do everything: what is left to catch is what comes of it.
	"no-multiuser": [
		"set_tid-no_effect",
		"map_files-exe_followed",
		"exe_fd-no_effect",
		"ipc_next_id-no_effect",
		"tty_lock-no_effect",
	],
	"no-cap": [
		"ns_last_pid-check_missing",
		"set_tid-check_missing",
		"map_files-check_missing",
		"exe_fd-check_missing",
		"ipc_next_id-check_missing",
		"tty_lock-check_missing",
	],
	// CRIU can show what is refused; it never asks for what it has no capability for.
	criu: [
		"ns_last_pid-cap_not_honoured",
		"set_tid-cap_not_honoured",
		"map_files-cap_not_honoured",
		"exe_fd-cap_not_honoured",
		"set_tid-sys_admin_not_honoured",
	],
};

/** The cases that are tried where a configuration is there for one suite. */
const CASES: Readonly<Partial<Record<ConfigName, readonly string[]>>> = {
	criu: ["criu.*"],
};

/** What a configuration is told to be, since a run would rightly take it for a broken kernel. */
const MEANT: Readonly<Partial<Record<ConfigName, readonly string[]>>> = {
	"no-cap": ["--expect", "no-cap-checkpoint-restore"],
	"no-multiuser": ["--max-skipped", "100"],
};

/** Beside all cases of its own boundary, a fault must fail none of these. */
const OTHERS = [
	"*.uid1000-none",
	"*.uid1000-cap_checkpoint_restore",
	"*.userns_pidns-cap_checkpoint_restore",
	"containers.*",
	"workarounds.*",
];

interface Options {
	readonly only: readonly string[];
	readonly write: string | undefined;
	readonly jobs: number;
	readonly signal: AbortSignal;
}

interface Job {
	readonly config: ConfigName;
	readonly kernel: Kernel;
	readonly fault: Fault | null;
	/** What else stands on the kernel's command line. */
	readonly setting?: string;
}

const say = (line: string): void => {
	process.stderr.write(`faults: ${line}\n`);
};

function parse(argv: readonly string[], signal: AbortSignal): Options {
	const only: string[] = [];
	let write: string | undefined;
	let jobs = availableParallelism();
	for (let i = 0; i < argv.length; i++) {
		const arg = argv[i] as string;
		const value = argv[i + 1];
		if (arg === "--write" && value !== undefined) {
			write = value;
			i++;
		} else if (arg === "--jobs" && /^[1-9]\d?$/.test(value ?? "")) {
			jobs = Number(value);
			i++;
		} else if (arg.startsWith("-")) {
			throw new Error(
				`unknown option ${arg}; usage: npm run faults -- [--write FILE] [--jobs N] [FAULT…]`,
			);
		} else only.push(arg);
	}
	return { only, write, jobs, signal };
}

/** One run of the command line as a user would type it, and what it reported. */
async function crcap(
	config: ConfigName,
	kernel: Kernel,
	appended: readonly string[],
	cases: readonly string[],
	signal: AbortSignal,
): Promise<{ status: number; report: Report }> {
	const dir = await mkdtemp(join(tmpdir(), "crcap-faults-"));
	try {
		const file = join(dir, "report.json");
		const { exitCode, stderr } = await execa(
			process.execPath,
			[
				CLI,
				"run",
				...["--accel", "tcg", "--guests", "1", "--max-crashes", "0"],
				"--cold",
				"--kernel",
				kernel.bzImage,
				...(MEANT[config] ?? []),
				...appended.flatMap((words) => ["--append", words]),
				...cases.flatMap((glob) => ["--case", glob]),
				"--report",
				`json=${file}`,
			],
			{ reject: false, cancelSignal: signal, stdin: "ignore" },
		);
		if (exitCode === undefined || exitCode === 2 || exitCode === 130)
			throw new Error(`crcap run ended with ${exitCode}: ${stderr}`);
		return { status: exitCode, report: await readReport(file) };
	} finally {
		await rm(dir, { recursive: true, force: true });
	}
}

async function tryFault(
	{ config, kernel, fault, setting }: Job,
	signal: AbortSignal,
): Promise<Finding> {
	const { status, report } = await crcap(
		config,
		kernel,
		[
			...(fault === null ? [] : [`crcap_fault=${fault.name}`]),
			...(setting === undefined ? [] : [setting]),
		],
		CASES[config] ??
			(fault === null || fault.boundary === EVERYWHERE
				? []
				: [`${fault.boundary}.*`, ...OTHERS]),
		signal,
	);
	const [target] = report.targets;
	if (target === undefined) throw new Error("the report has no target");
	// A case of CRIU's is about several boundaries: that it failed counts only where it names the right one.
	const finding = findingOf(
		target,
		fault,
		config === "criu" ? () => [] : concerns,
	);
	const { fail, timeout, crash, error } = target.totals;
	const expected = fail + timeout + crash > 0 ? 1 : error > 0 ? 3 : 0;
	return finding.trouble === null && status !== expected
		? { ...finding, trouble: `exit status ${status} instead of ${expected}` }
		: finding;
}

/** A typing error must not count as a fault that was caught: the kernel refuses a name that it does not know. */
async function unknownIsRefused(
	kernel: Kernel,
	signal: AbortSignal,
): Promise<boolean> {
	const { status, report } = await crcap(
		"base",
		kernel,
		["crcap_fault=no_such_fault"],
		["tty_lock.lock.uid0-none"],
		signal,
	);
	const tail = report.targets[0]?.consoleTail?.join("\n") ?? "";
	return status === 3 && /unknown fault no_such_fault/.test(tail);
}

async function main(): Promise<number> {
	const stop = new AbortController();
	for (const name of ["SIGINT", "SIGTERM"] as const)
		process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
	const options = parse(process.argv.slice(2), stop.signal);
	const faults: Fault[] = JSON.parse(
		await readFile(join(TOP, "faults", "faults.json"), "utf8"),
	);
	const known = new Set(faults.map(({ name }) => name));
	const wanted = [
		...options.only,
		...Object.values(SAMPLES).flat(),
		...Object.values(UNDER_SETTINGS).flat(),
	];
	for (const name of wanted)
		if (!known.has(name))
			throw new Error(
				`there is no fault ${name}; faults/faults.json lists them`,
			);
	const started = performance.now();
	const kernels = new Map<ConfigName, Kernel>();
	const configs = options.only.length > 0 ? (["base"] as const) : CONFIGS;
	for (const config of configs)
		kernels.set(
			config,
			await buildKernel({
				config,
				cacheDir: cacheDir("faults"),
				log: say,
				signal: stop.signal,
			}),
		);
	const built = performance.now();
	say(`kernels ready after ${Math.round((built - started) / 1000)} s`);

	const jobs: Job[] = [...kernels].flatMap(([config, kernel]) => {
		const names =
			options.only.length > 0
				? options.only
				: config === "base"
					? [...known]
					: SAMPLES[config];
		return [
			{ config, kernel, fault: null },
			...names.map((name) => ({
				config,
				kernel,
				fault: faults.find((one) => one.name === name) ?? null,
			})),
		];
	});
	for (const [setting, names] of Object.entries(UNDER_SETTINGS))
		for (const name of names)
			if (options.only.length === 0 || options.only.includes(name))
				jobs.push({
					config: "base",
					kernel: kernels.get("base") as Kernel,
					fault: faults.find((one) => one.name === name) ?? null,
					setting,
				});
	const refused = await unknownIsRefused(
		kernels.get("base") as Kernel,
		stop.signal,
	);
	console.log(
		refused
			? "ok: an unknown fault's name is refused"
			: "FAILED: an unknown fault's name is not refused",
	);
	const rows: TableRow[] = [];
	const tasks = jobs.map((job, index) => async () => {
		const finding = await tryFault(job, stop.signal);
		const { fault, setting } = job;
		const config =
			setting === undefined ? job.config : `${job.config}, ${setting}`;
		console.log(
			`${isSound(finding, fault) ? "ok" : "FAILED"}: ${config} ${fault?.name ?? "none"}: ${verdictText(finding, fault)}`,
		);
		for (const line of finding.details.slice(0, 5)) console.log(`  ${line}`);
		rows[index] = { config, fault, finding };
	});
	await runLimited(tasks, options.jobs);
	if (options.write !== undefined) {
		const { version } = kernels.get("base") as Kernel;
		const tool = JSON.parse(
			await readFile(join(TOP, "package.json"), "utf8"),
		) as { version: string };
		await writeFile(
			options.write,
			markdown(rows, {
				date: new Date().toISOString().slice(0, 10),
				"kernel source": `Debian's linux-source-6.1 ${version}`,
				crcap: tool.version,
			}),
		);
	}
	const sound =
		rows.filter(({ finding, fault }) => isSound(finding, fault)).length +
		Number(refused);
	const failed = rows.length + 1 - sound;
	say(`took ${Math.round((performance.now() - started) / 1000)} s`);
	console.log(`${sound} passed, ${failed} failed, 0 skipped`);
	return failed === 0 ? 0 : 1;
}

main().then(
	(status) => {
		process.exitCode = status;
	},
	(error: unknown) => {
		process.stderr.write(`faults: ${(error as Error).message}\n`);
		process.exitCode = 1;
	},
);
