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

/** An entry point, what it is linked with, and its longest input, bytes. */
interface Harness {
	readonly name: string;
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

const HARNESSES: readonly Harness[] = [
	{
		name: "the agent's request lines and catalogue",
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
		file: "fuzz/programs.c",
		sources: ["core/text.c", "core/capabilities.c"],
		longest: 600,
		seeds: () => [
			"uid=1000 caps=none -- op=5 slot=a:5 slot=b:10:20 op=$a op=$b block { op=misused block=skip { op } } set=%41",
			"-- slot=:1 op=$ op=-9223372036854775808 block { block { op } }",
			"all-sys_admin,checkpoint_restore",
			...catalogue().names.map((line) => line.replace(/^\w+ \d+ /, "")),
		],
	},
];

export interface NativeOutcome {
	readonly name: string;
	readonly count: number;
	/** Empty where nothing was found. */
	readonly failure: string;
}

/**
 * Builds what is wanted and gives each so many inputs, together.
 * @throws ExecaError where it can't be built
 */
export async function fuzzNative(
	runs: number,
	seed: number,
	wanted: (name: string) => boolean = () => true,
	mayUseClang = true,
): Promise<NativeOutcome[]> {
	const chosen = HARNESSES.filter(({ name }) => wanted(name));
	const each = Math.ceil(runs / Math.max(1, chosen.length));
	const clang =
		mayUseClang &&
		(await execa("clang", ["--version"], { reject: false })).exitCode === 0;
	const outcomes: NativeOutcome[] = [];
	const tasks = chosen.map((harness, i) => async () => {
		outcomes[i] = await runOne(harness, each, seed, clang);
	});
	await runLimited(tasks, availableParallelism());
	return outcomes;
}

async function runOne(
	harness: Harness,
	runs: number,
	seed: number,
	clang: boolean,
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
		const { exitCode, stderr } = await execa(program, args, {
			cwd: folder,
			reject: false,
		});
		const executed = /stat::number_of_executed_units: +(\d+)/.exec(stderr)?.[1];
		return {
			name: harness.name,
			count: clang ? Number(executed ?? 0) : runs,
			failure: exitCode === 0 ? "" : stderr.slice(-6000),
		};
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
