/** The helper's parsers, built with sanitizers and run: by libFuzzer where there is clang, else by our own small driver. */
import {
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { runLimited } from "../runner/common/jobs.js";

const TOP = join(import.meta.dirname, "../..");
const NATIVE = join(TOP, "native");

const FLAGS = [
	...["-std=gnu11", "-D_GNU_SOURCE", "-g", "-O1", "-fno-omit-frame-pointer"],
	...["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"],
];

/** An entry point, what it is linked with, its share of the inputs, and its longest one, bytes. */
interface Harness {
	readonly name: string;
	readonly weight: number;
	readonly file: string;
	readonly sources: readonly string[];
	readonly longest: number;
	readonly seeds: () => readonly (string | Buffer)[];
}

/** Names and cases of the catalogue that guests carry: a few of each. */
function catalogue(): { names: string[]; cases: string } {
	const text = readFileSync(join(TOP, "dist/agent/requests"), "utf8");
	const lines = text
		.split("\n")
		.filter((line) => /^(subject|program) /.test(line));
	const names = lines.filter((_, i) => i % 40 === 0);
	return { names, cases: "0000 0000\n0001 0002\n2047 0000\n" };
}

const LINES =
	"subject 7 uid=1000 caps=none --\nprogram 7 op=1 @ op\ncase 0 100 7 =7\ncase 1 100 0 =1\ncases 2 100 0-1,0\nresend 1\nrate 3\nfresh 1\ncase 5 100 - op\nquit\n";

/** Numbers that are no case's: the largest, and stretches that no catalogue has. */
const LARGE =
	"cases 9223372036854775807 100 0-1\ncases 1 100 9223372036854775807\ncases 1 100 0-9223372036854775807\ncases 999999999 100 0,0,999999998-999999999\ncase 9223372036854775808 100 0 =1\ncase 1 4294967296 0 =1\n";

const HARNESSES: readonly Harness[] = [
	{
		name: "the agent's request lines and catalogue",
		weight: 1,
		file: "fuzz/requests.c",
		sources: ["core/text.c", "agent/crc32.c"],
		longest: 2000,
		seeds: () => {
			const { names, cases } = catalogue();
			const fe = Buffer.from([0xfe]);
			const parts = [names.slice(0, 8).join("\n"), cases, LINES];
			const bytes = parts.flatMap((part, i) =>
				i === 0 ? [Buffer.from(part)] : [fe, Buffer.from(part)],
			);
			return [
				Buffer.concat(bytes),
				Buffer.concat([fe, fe, Buffer.from(LINES)]),
				Buffer.concat([fe, fe, Buffer.from(LARGE)]),
				Buffer.concat([
					fe,
					fe,
					Buffer.from([0xfd]),
					Buffer.from("0 12345678 quit\n"),
				]),
			];
		},
	},
	{
		name: "the helper's programs and values",
		weight: 9,
		file: "fuzz/programs.c",
		sources: ["core/text.c", "core/capabilities.c"],
		longest: 600,
		seeds: () => [
			"uid=1000 caps=none -- op=5 slot=a:5 slot=b:10:20 op=$a op=$b block { op=misused block=skip { op } } set=%41",
			"-- slot=:1 op=$ op=-9223372036854775808 block { block { op } }",
			"all-sys_admin,checkpoint_restore",
			"184467440737095516160",
			...catalogue().names.map((line) => line.replace(/^\w+ \d+ /, "")),
		],
	},
];

/** What libFuzzer says of a signal that came from outside, which is no finding. */
const INTERRUPTED = /libFuzzer: run interrupted/;

/** What a sanitizer, libFuzzer or a harness's own check says of an input that it takes offence at. */
const FOUND = /runtime error:|ERROR: (Address|Leak)Sanitizer|ERROR: libFuzzer:/;

export interface NativeOutcome {
	readonly name: string;
	readonly count: number;
	/** Empty where nothing was found. */
	readonly failure: string;
}

export interface NativeOptions {
	/** How many inputs are tried in all. */
	readonly runs: number;
	readonly seed: number;
	/** Which harnesses; all, where it is not said. */
	readonly wanted?: (name: string) => boolean;
	/** False: our own driver, also where there is clang. */
	readonly mayUseClang?: boolean;
	/** Ends it early: what was found so far counts. */
	readonly signal?: AbortSignal;
}

/**
 * Builds what is wanted and gives each its share of the inputs.
 * @throws ExecaError where it can't be built
 */
export async function fuzzNative({
	runs,
	seed,
	wanted = () => true,
	mayUseClang = true,
	signal = new AbortController().signal,
}: NativeOptions): Promise<NativeOutcome[]> {
	const chosen = HARNESSES.filter(({ name }) => wanted(name));
	const weights = chosen.reduce((sum, { weight }) => sum + weight, 0);
	const clang =
		mayUseClang &&
		(await execa("clang", ["--version"], { reject: false })).exitCode === 0;
	const outcomes: NativeOutcome[] = [];
	const tasks = chosen.map((harness, i) => async () => {
		const share = Math.ceil((runs * harness.weight) / weights);
		outcomes[i] = await runOne(harness, share, seed, clang, signal);
	});
	await runLimited(tasks, availableParallelism());
	return outcomes;
}

async function runOne(
	harness: Harness,
	runs: number,
	seed: number,
	clang: boolean,
	stop: AbortSignal,
): Promise<NativeOutcome> {
	const folder = mkdtempSync(join(tmpdir(), "crcap-fuzz-"));
	try {
		const program = join(folder, "fuzzer");
		const inputs = join(folder, "inputs");
		mkdirSync(inputs);
		const seeds = harness.seeds().map((text, i) => {
			const path = join(inputs, `seed-${i}`);
			writeFileSync(path, text);
			return path;
		});
		const sources = [harness.file, ...harness.sources];
		if (!clang) sources.push("fuzz/driver.c");
		await execa(
			clang ? "clang" : "gcc",
			[
				...FLAGS,
				...(clang ? ["-fsanitize=fuzzer"] : []),
				"-o",
				program,
				...sources,
			],
			{ cwd: NATIVE },
		);
		const args = clang
			? [
					`-runs=${runs}`,
					`-seed=${1 + (seed % 2 ** 31)}`,
					`-max_len=${harness.longest}`,
					"-close_fd_mask=1",
					"-print_final_stats=1",
					inputs,
				]
			: [String(runs), String(seed), ...seeds];
		const { exitCode, signal, stderr } = await execa(program, args, {
			cwd: folder,
			reject: false,
			cancelSignal: stop,
		});
		const executed = /stat::number_of_executed_units: +(\d+)/.exec(stderr)?.[1];
		const stopped = stop.aborted || INTERRUPTED.test(stderr);
		return {
			name: harness.name,
			count: executed !== undefined ? Number(executed) : stopped ? 0 : runs,
			failure:
				exitCode === 0 || (stopped && !FOUND.test(stderr))
					? ""
					: stderr.slice(-6000) || `ended with ${exitCode ?? signal}`,
		};
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
