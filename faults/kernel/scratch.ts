/** Work in the cache that leaves nothing half done: made aside, then moved into place. */
import {
	access,
	mkdtemp,
	readdir,
	rename,
	rm,
	writeFile,
} from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";

const SCRATCH = /^scratch-(\d+)-/;

export interface RunOptions {
	cwd?: string;
	env?: Readonly<Record<string, string>>;
}

/** One attempt at filling a cache. */
export interface Attempt {
	readonly cacheDir: string;
	readonly log: (line: string) => void;
	readonly signal: AbortSignal | undefined;
	/** Runs a program to its good end; else throws, with the last of what it said. */
	run(
		command: string,
		args: readonly string[],
		options?: RunOptions,
	): Promise<void>;
	/** Moves a finished directory into the cache. Whoever was there first stays. */
	place(from: string, to: string): Promise<void>;
}

export function newAttempt(
	cacheDir: string,
	log: (line: string) => void,
	signal: AbortSignal | undefined,
): Attempt {
	return {
		cacheDir,
		log,
		signal,
		async run(command, args, { cwd, env } = {}) {
			const result = await execa(command, args, {
				all: true,
				reject: false,
				stdin: "ignore",
				maxBuffer: 1e8,
				...(cwd === undefined ? {} : { cwd }),
				...(env === undefined ? {} : { env }),
				...(signal === undefined ? {} : { cancelSignal: signal }),
			});
			if (result.isCanceled) throw new Error(`${command}: interrupted`);
			if (!result.failed) return;
			const whole = join(cacheDir, `failed-${basename(command)}.log`);
			await writeFile(whole, result.all ?? "");
			throw new Error(
				`${result.shortMessage}\n${lastLines(result.all ?? "")}\nthe rest: ${whole}`,
			);
		},
		async place(from, to) {
			try {
				await rename(from, to);
			} catch (error) {
				if (!(await exists(to))) throw error;
			}
		},
	};
}

/** The lines to read first: the errors, else the end. */
function lastLines(text: string): string {
	const lines = text.trimEnd().split("\n");
	const errors = lines.filter((line) =>
		/\berror\b|\*\*\*|FAILED|^E: /i.test(line),
	);
	return (errors.length > 0 ? errors : lines).slice(-10).join("\n");
}

/** Lends a directory of the cache, and removes what is left in it. */
export async function inScratch<T>(
	attempt: Attempt,
	work: (scratch: string) => Promise<T>,
): Promise<T> {
	const scratch = await mkdtemp(
		join(attempt.cacheDir, `scratch-${process.pid}-`),
	);
	try {
		return await work(scratch);
	} finally {
		await rm(scratch, { recursive: true, force: true });
	}
}

/** Removes the directories of processes that are gone: killed in the middle, they could not. */
export async function removeAbandoned(cacheDir: string): Promise<void> {
	for (const name of await readdir(cacheDir)) {
		const pid = SCRATCH.exec(name)?.[1];
		if (pid !== undefined && !isAlive(Number(pid)))
			await rm(join(cacheDir, name), { recursive: true, force: true });
	}
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}

export async function exists(path: string): Promise<boolean> {
	try {
		await access(path);
		return true;
	} catch {
		return false;
	}
}

/** What a program prints; "" where it can't. */
export async function said(
	command: string,
	args: readonly string[],
): Promise<string> {
	const result = await execa(command, args, {
		reject: false,
		stdin: "ignore",
		env: { LC_ALL: "C" },
	});
	return result.stdout ?? "";
}
