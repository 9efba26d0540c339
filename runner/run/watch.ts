/** `--watch`: runs again when a kernel's file is another one. */
import { type FSWatcher, statSync, watch } from "node:fs";
import { dirname, resolve } from "node:path";
import { EXIT } from "../common/exitStatus.js";
import { listenForStop } from "../common/interrupt.js";
import { tell } from "../common/tell.js";
import { KernelError, UsageError } from "../common/usage.js";
import type { RunRequest } from "../request/runRequest.js";

/** How patient the watch is. */
export interface WatchTimes {
	/** A file must have stayed unchanged for this long, milliseconds: whoever writes it is done by then. */
	readonly settleMs: number;
	/** The file is looked at this often, milliseconds, where the kernel reports no changes, as on a network's file system. */
	readonly lookMs: number;
}

const TIMES: WatchTimes = { settleMs: 1000, lookMs: 2000 };

/** Where a build leaves its image, below its tree; the tree itself changes all the time. */
const IMAGES = [
	"arch/x86/boot/bzImage",
	"arch/arm64/boot/Image",
	"arch/arm64/boot/Image.gz",
	"arch/arm/boot/zImage",
	"arch/riscv/boot/Image",
	"arch/s390/boot/bzImage",
	"vmlinux",
];

/**
 * Runs, and again after every change, until a signal ends it.
 * @throws UsageError where there is no file to watch, and what the first run throws
 */
export async function watchRuns(
	request: Pick<RunRequest, "targets">,
	runOnce: () => Promise<number>,
	times: WatchTimes = TIMES,
): Promise<number> {
	const files = watchedFiles(request);
	for (let first = true; ; first = false) {
		const before = stampOf(files);
		try {
			const status = await runOnce();
			if (status === EXIT.interrupted) return status;
		} catch (error) {
			// A build may have taken the image away for a while.
			if (first || !(error instanceof KernelError)) throw error;
			tell(error.message);
		}
		tell("--watch: waiting for another kernel image; Ctrl-C ends it");
		if (!(await changed(files, before, times))) return EXIT.interrupted;
	}
}

/** Every file whose change means another kernel. */
function watchedFiles({ targets }: Pick<RunRequest, "targets">): string[] {
	const files = targets.flatMap((spec) => {
		if (spec.kind !== "qemu" || spec.kernel === undefined) return [];
		const path = resolve(spec.kernel);
		const found = statSync(path, { throwIfNoEntry: false });
		if (found === undefined) return [];
		if (!found.isDirectory()) return [path];
		const images = IMAGES.map((image) => resolve(path, image));
		// A directory of packages has none of them.
		return images.some(isThere) ? images : [path, ...images];
	});
	if (files.length > 0) return files;
	throw new UsageError(
		"--watch: no target is a kernel's file or directory, so there is nothing to watch: name one with --kernel",
	);
}

/** What tells one state of the files from another. */
function stampOf(files: readonly string[]): string {
	return files
		.map((file) => {
			try {
				const { ino, size, mtimeMs } = statSync(file);
				return [ino, size, mtimeMs].join(":");
			} catch {
				return "";
			}
		})
		.join(" ");
}

/** Resolves with true once the files are others than before and stay so, with false for a signal. */
function changed(
	files: readonly string[],
	before: string,
	{ settleMs, lookMs }: WatchTimes,
): Promise<boolean> {
	return new Promise((done) => {
		const stop = listenForStop(EXIT.interrupted);
		let watchers: FSWatcher[] = [];
		let seen = before;
		let settling: NodeJS.Timeout | undefined;
		const end = (again: boolean): void => {
			clearTimeout(settling);
			clearInterval(looking);
			for (const watcher of watchers) watcher.close();
			stop.dispose();
			done(again);
		};
		const look = (): void => {
			const now = stampOf(files);
			if (now === seen) return;
			seen = now;
			clearTimeout(settling);
			if (now === before || !files.some(isThere)) return;
			settling = setTimeout(() => {
				if (stampOf(files) === seen) end(true);
				else look();
			}, settleMs);
		};
		// The folder, not the file: a file that is replaced by another takes its watcher along.
		watchers = [...new Set(files.map((file) => dirname(file)))].flatMap(
			(folder) => watcherOf(folder, look),
		);
		const looking = setInterval(look, lookMs);
		stop.signal.addEventListener("abort", () => end(false));
		look();
	});
}

function isThere(file: string): boolean {
	return statSync(file, { throwIfNoEntry: false }) !== undefined;
}

/** None where the folder can't be watched: then it is only looked at from time to time. */
function watcherOf(folder: string, tellOf: () => void): FSWatcher[] {
	try {
		return [watch(folder, tellOf).on("error", () => {})];
	} catch {
		return [];
	}
}
