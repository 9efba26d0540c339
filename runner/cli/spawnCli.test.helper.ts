/** Starts the command line as a user does. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { execa, type ResultPromise } from "execa";

/** What users start. Compiled alone, a change is not in it: `npm run setup` puts it there. */
export const CLI = join(import.meta.dirname, "../../crcap/main.js");
const FIXTURE = join(import.meta.dirname, "fixtureCli.test.helper.js");

/** A plan of programs by case name, in the place of the suites. */
export type FixturePlan = Record<string, string>;

export interface CliOptions {
	readonly plan?: FixturePlan;
	readonly cwd?: string;
	readonly env?: Record<string, string>;
	readonly input?: string;
}

interface Spawn {
	reject: false;
	stripFinalNewline: false;
}

/** A command line that is running. */
export function startCli(
	args: readonly string[],
	options: CliOptions = {},
): ResultPromise<Spawn> {
	const { plan, cwd, env, input } = options;
	return execa(process.execPath, [plan ? FIXTURE : CLI, ...args], {
		reject: false,
		stripFinalNewline: false,
		cwd: cwd ?? process.cwd(),
		...(input === undefined ? { stdin: "ignore" as const } : { input }),
		// Boots are what most tests are about; who wants a saved guest says --warm.
		env: {
			CI: "true",
			...env,
			...(plan ? { CRCAP_TEST_PLAN: JSON.stringify(plan) } : {}),
		},
	}) as ResultPromise<Spawn>;
}

export interface CliResult {
	readonly status: number | undefined;
	readonly stdout: string;
	readonly stderr: string;
}

/** A command line that has ended. */
export async function cli(
	args: readonly string[],
	options: CliOptions = {},
): Promise<CliResult> {
	const { exitCode, stdout, stderr } = await startCli(args, options);
	return { status: exitCode, stdout, stderr };
}

/** Several command lines in one process: most of the time that one takes is that of its start. */
export async function cliBatch(
	commands: readonly (readonly string[])[],
): Promise<CliResult[]> {
	const helper = join(import.meta.dirname, "batchCli.test.helper.js");
	const { stdout } = await execa(process.execPath, [helper], {
		input: JSON.stringify(commands),
	});
	return JSON.parse(stdout) as CliResult[];
}

export interface Process {
	readonly pid: number;
	readonly parent: number;
	readonly args: string;
}

/** The processes below this one. */
export async function descendants(pid: number): Promise<Process[]> {
	const { stdout } = await execa("ps", ["-eo", "pid=,ppid=,args="]);
	const all = stdout.split("\n").map((line) => {
		const [, own, parent, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
		return { pid: Number(own), parent: Number(parent), args: args ?? "" };
	});
	const below = (of: number): Process[] =>
		all
			.filter(({ parent }) => parent === of)
			.flatMap((one) => [one, ...below(one.pid)]);
	return below(pid);
}

/** Names in a folder, none where it is not there. */
export function entries(folder: string): string[] {
	try {
		return readdirSync(folder).sort();
	} catch {
		return [];
	}
}
