/** `npm run faults`: builds the kernels, boots each fault, shows which case caught it. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { type Report, readReport } from "../results/index.js";
import { runLimited } from "../runner/common/jobs.js";
import { concerns } from "../suites/index.js";
import { cacheDir, withTemporaryFolder } from "../vm/index.js";
import { askInGuest, BLOCKED, wrongWith } from "./askDoctor.js";
import { type CriuRow, criuTable, withCriuTable } from "./criuTable.js";
import { groupsOf, namedCases, tryInTurn } from "./inTurn.js";
import {
	casesFor,
	isLeftOut,
	type Job,
	OLDEST,
	sampleWork,
	sectionOf,
	type Turn,
	type Work,
	wholeWork,
} from "./jobs.js";
import { buildKernel, type ConfigName, type Kernel } from "./kernel/build.js";
import type { Version } from "./kernel/source.js";
import { type Options, parseOptions } from "./options.js";
import { isIn, lastCaught, markdown } from "./page.js";
import { EXPECT, MEANT, SAMPLES } from "./samples.js";
import { PLANTED_SPLATS, saysOf, withComplaint } from "./splats.js";
import {
	type Fault,
	type Finding,
	findingOf,
	isSound,
	type TableRow,
	together,
	verdictText,
} from "./table.js";
import { UNDER_SETTINGS } from "./underSettings.js";

const TOP = fileURLToPath(new URL("../..", import.meta.url));
const CLI = join(TOP, "dist/crcap/main.js");
const PAGE = join(TOP, "docs/faults.md");

const say = (line: string): void => {
	process.stderr.write(`faults: ${line}\n`);
};

/** One run of the command line as a user would type it, and what it reported. */
async function crcap(
	{ config, kernel, modules }: Pick<Job, "config" | "kernel" | "modules">,
	appended: readonly string[],
	cases: readonly string[],
	signal: AbortSignal,
): Promise<{ status: number; report: Report }> {
	return await withTemporaryFolder(async (folder) => {
		const file = join(folder, "report.json");
		const { exitCode, stderr } = await execa(
			process.execPath,
			[
				CLI,
				"run",
				...["--accel", "tcg", "--guests", "1", "--max-crashes", "0"],
				"--cold",
				"--kernel",
				kernel.bzImage,
				...(EXPECT[config] ?? []).flatMap((word) => ["--expect", word]),
				...(MEANT[config] ?? []),
				// Under each module the cases of the others are skipped.
				...(modules.length > 0
					? ["--lsm", modules.join(","), "--max-skipped", "100"]
					: []),
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
	});
}

/** What a boot showed, and the cases that it comes from. */
interface Tried {
	readonly finding: Finding;
	readonly cases: CriuRow["cases"];
}

async function tryFault(job: Job, signal: AbortSignal): Promise<Tried> {
	const { fault, setting } = job;
	const says = saysOf(fault);
	const parameter = says === undefined ? "crcap_fault" : "crcap_splat";
	const { status, report } = await crcap(
		job,
		[
			...(fault === null ? [] : [`${parameter}=${fault.name}`]),
			...(setting === undefined ? [] : [setting]),
		],
		casesFor(job),
		signal,
	);
	// A case of CRIU's is about several boundaries: that it failed counts only where it names the right one.
	const ran = together(report.targets);
	const about = job.config === "criu" ? () => [] : concerns;
	const failed = findingOf(ran, fault, about);
	const finding =
		says === undefined ? failed : withComplaint(failed, says, ran.cases);
	const expected = statusFor(report.targets);
	const trouble =
		finding.trouble === null && status !== expected
			? `exit status ${status} instead of ${expected}`
			: finding.trouble;
	return { finding: { ...finding, trouble }, cases: ran.cases };
}

/** The exit status that these results call for. */
function statusFor(targets: Report["targets"]): number {
	const any = (...verdicts: readonly string[]): boolean =>
		targets.some(({ cases }) =>
			cases.some(({ verdict }) => verdicts.includes(verdict)),
		);
	if (any("fail", "timeout", "crash")) return 1;
	return any("error") ? 3 : 0;
}

/** A typing error must not count as a fault that was caught: the kernel refuses a name that it does not know. */
async function unknownIsRefused(
	kernel: Kernel,
	signal: AbortSignal,
): Promise<boolean> {
	const { status, report } = await crcap(
		{ config: "base", kernel, modules: [] },
		["crcap_fault=no_such_fault"],
		["tty_lock.lock.uid0-none"],
		signal,
	);
	const tail = report.targets[0]?.consoleTail?.join("\n") ?? "";
	return status === 3 && /unknown fault no_such_fault/.test(tail);
}

/** Where the kernel lacks a part of its configuration, the doctor says so. */
async function doctorNamesConfig(
	{ version, config, kernel }: Built,
	signal: AbortSignal,
): Promise<boolean> {
	const wrong = await askInGuest(
		[
			...[process.execPath, CLI, "run", "--shell", "--accel", "tcg"],
			...["--kernel", kernel.bzImage],
		],
		signal,
	).then(
		(answer) => wrongWith(answer, BLOCKED[config] ?? []),
		(error: Error) => [error.message],
	);
	signal.throwIfAborted();
	console.log(
		`${wrong.length === 0 ? "ok" : "FAILED"}: Linux ${version}, ${config}: the doctor names the configuration`,
	);
	for (const line of wrong) console.log(`  ${line}`);
	return wrong.length === 0;
}

/** A kernel, and what it was built as. */
interface Built {
	readonly version: Version;
	readonly config: ConfigName;
	readonly kernel: Kernel;
}

/** What a version is asked, with its kernels. */
interface Plan extends Work {
	readonly kernel: Kernel;
	/** Those on which the doctor is asked. */
	readonly lacking: readonly Built[];
}

/** Where a fault shows: only the oldest version has a kernel without what most faults are not about. */
const configFor = ({ config }: Fault, version: Version): ConfigName =>
	version === OLDEST ? (config ?? "base") : "whole";

/** Builds a version's kernels, and says what to do with them; undefined where nothing is asked of it. */
async function planOf(
	version: Version,
	chosen: readonly Fault[],
	options: Options,
): Promise<Plan | undefined> {
	const work: Work[] = [];
	const lacking: Built[] = [];
	let kernel: Kernel | undefined;
	const wanted = new Set(chosen.map((fault) => configFor(fault, version)));
	const named = new Map(chosen.map((fault) => [fault.name, fault]));
	for (const config of options.configs) {
		const isSample = config !== "base" && config !== "whole";
		if (isSample ? isLeftOut(version, options) : !wanted.has(config)) continue;
		const built = await buildKernel({
			...{ version, config, log: say, signal: options.signal },
			cacheDir: cacheDir("faults"),
		});
		kernel ??= built;
		const one: Built = { version, config, kernel: built };
		if (BLOCKED[config] !== undefined) lacking.push(one);
		const here = chosen.filter((fault) => configFor(fault, version) === config);
		work.push(
			isSample
				? sampleWork(one, named, options)
				: wholeWork(one, here, options),
		);
	}
	return (
		kernel && {
			jobs: work.flatMap(({ jobs }) => jobs),
			turns: work.flatMap(({ turns }) => turns),
			...{ kernel, lacking },
		}
	);
}

/** Writes the page: what was run now, and what it said of the rest. */
async function writePage(
	path: string,
	rows: readonly TableRow[],
	faults: readonly Fault[],
	sources: ReadonlyMap<Version, string>,
): Promise<void> {
	const tool = JSON.parse(
		await readFile(join(TOP, "package.json"), "utf8"),
	) as { version: string };
	const date = new Date().toISOString().slice(0, 10);
	const columns = [...sources].map(([version, source]) => ({
		version,
		words: `Debian's linux-source-${version} ${source}, run on ${date}`,
	}));
	const old = await readFile(path, "utf8").catch(() => "");
	await writeFile(path, markdown(rows, faults, columns, tool.version, old));
}

async function main(): Promise<number> {
	const stop = new AbortController();
	for (const name of ["SIGINT", "SIGTERM"] as const)
		process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
	const options = parseOptions(process.argv.slice(2), stop.signal);
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
	const jobs: Job[] = [];
	const sources = new Map<Version, string>();
	const inTurn: Turn[] = [];
	const aside: boolean[] = [];
	for (const version of options.versions) {
		const chosen = faults.filter(
			(fault) =>
				isIn(fault, version) &&
				(options.only.length === 0 || options.only.includes(fault.name)),
		);
		if (chosen.length === 0) continue;
		const plan = await planOf(version, chosen, options);
		if (plan === undefined) continue;
		jobs.push(...plan.jobs);
		inTurn.push(...plan.turns);
		sources.set(version, plan.kernel.version);
		const refused = await unknownIsRefused(plan.kernel, stop.signal);
		console.log(
			`${refused ? "ok" : "FAILED"}: Linux ${version}: an unknown fault's name is refused`,
		);
		aside.push(refused);
		for (const one of plan.lacking)
			aside.push(await doctorNamesConfig(one, stop.signal));
	}
	if (sources.size === 0)
		throw new Error(
			"nothing was asked: none of these faults is planted in these configurations of these versions",
		);
	say(
		`kernels ready after ${Math.round((performance.now() - started) / 1000)} s`,
	);
	const rows: TableRow[] = [];
	const tell = (row: TableRow): void => {
		const { version, section, fault, finding } = row;
		console.log(
			`${isSound(finding, fault) ? "ok" : "FAILED"}: Linux ${version}, ${section}: ${fault?.name ?? "none"}: ${verdictText(finding, fault)}`,
		);
		for (const line of finding.details.slice(0, 5)) console.log(`  ${line}`);
		rows.push(row);
	};
	const ofCriu = new Map<Job, CriuRow>();
	const tasks = jobs.map((job) => async () => {
		const { finding, cases } = await tryFault(job, stop.signal);
		const { version, fault } = job;
		if (job.config === "criu") ofCriu.set(job, { fault, cases });
		tell({ version, section: sectionOf(job), fault, finding });
	});
	await runLimited(tasks, options.jobs);
	const caughtBefore = new Map([
		...namedCases(faults),
		...lastCaught(await readFile(PAGE, "utf8")),
		...rows.flatMap(({ fault, finding: { caught } }) =>
			fault !== null && caught[0] !== undefined
				? [[fault.name, caught[0]] as const]
				: [],
		),
	]);
	const turns = inTurn.flatMap(
		({ version, config, kernel, setting, faults: planted }) =>
			groupsOf(planted).map(
				(group) => () =>
					tryInTurn(group, {
						...{ kernel, caughtBefore, signal: stop.signal, say },
						...{ append: setting ?? "", expect: EXPECT[config] ?? [] },
						found: (fault, finding) =>
							tell({
								...{ version, fault, finding },
								section: sectionOf({
									...{ config, fault, ...group },
									...(setting === undefined ? {} : { setting }),
								}),
							}),
					}),
			),
	);
	await runLimited(turns, options.jobs);
	if (options.write !== undefined)
		await writePage(
			options.write,
			rows,
			[...faults, ...PLANTED_SPLATS],
			sources,
		);
	if (options.writeCriu !== undefined) {
		const old = await readFile(options.writeCriu, "utf8");
		const criuRows = jobs.flatMap((job) => ofCriu.get(job) ?? []);
		const source = sources.get(OLDEST) ?? "";
		await writeFile(
			options.writeCriu,
			withCriuTable(old, criuTable(criuRows, OLDEST, source)),
		);
	}
	const sound =
		rows.filter(({ finding, fault }) => isSound(finding, fault)).length +
		aside.filter(Boolean).length;
	const failed = rows.length + aside.length - sound;
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
