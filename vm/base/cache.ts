/** Where things are kept between runs, and how they get there whole or not at all. */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { errnoOf, messageOf, VmError } from "./errors.js";

/** `$XDG_CACHE_HOME/crcap`, or `~/.cache/crcap`. A relative XDG_CACHE_HOME counts as unset, as the XDG specification says. */
export function cacheDir(...parts: string[]): string {
	const xdg = process.env.XDG_CACHE_HOME;
	const base = xdg?.startsWith("/") ? xdg : join(homedir(), ".cache");
	return join(base, "crcap", ...parts);
}

export async function exists(path: string): Promise<boolean> {
	return stat(path).then(
		() => true,
		() => false,
	);
}

async function isDirectory(path: string): Promise<boolean> {
	return stat(path).then(
		(info) => info.isDirectory(),
		() => false,
	);
}

/**
 * Makes a directory and those above it, one after the other. (Node's recursive mkdir spins for ever where a file system
 * answers ENOENT for what it will not make, as /proc does.)
 */
export async function makeDirs(dir: string): Promise<void> {
	if (await exists(dir)) return;
	await makeDirs(dirname(dir));
	await mkdir(dir).catch((error: unknown) => {
		if (errnoOf(error) !== "EEXIST") throw error;
	});
}

/** An error of the file system as one that says what to do. */
export function storageError(what: string, cause: unknown): VmError {
	const full = ["ENOSPC", "EDQUOT"].includes(errnoOf(cause));
	return new VmError("storage", `${what}: ${messageOf(cause)}`, {
		cause,
		hint: full
			? "free some space, or point XDG_CACHE_HOME to a larger disk"
			: "point XDG_CACHE_HOME to a directory that can be written",
	});
}

/** What is half made goes with this process, also when it leaves in the middle. */
const halfMade = new Set<string>();
let guarded = false;

/** Runs `work` with a temporary path that is removed afterwards, whatever happens. */
export async function withTemporary<T>(
	path: string,
	work: (path: string) => Promise<T>,
): Promise<T> {
	if (!guarded) {
		guarded = true;
		process.once("exit", () => {
			for (const one of halfMade) rmSync(one, { recursive: true, force: true });
		});
	}
	halfMade.add(path);
	try {
		return await work(path);
	} finally {
		await rm(path, { recursive: true, force: true });
		halfMade.delete(path);
	}
}

/** Runs `work` with a new folder of this user's in TMPDIR, which is removed afterwards, whatever happens. */
export async function withTemporaryFolder<T>(
	work: (folder: string) => Promise<T>,
): Promise<T> {
	return await withTemporary(await mkdtemp(join(tmpdir(), "crcap-")), work);
}

const TEMPORARY = ".tmp-";
const STALE_MS = 24 * 3600 * 1000;

/** What a killed run left behind goes after a day. */
async function removeStale(dir: string): Promise<void> {
	for (const name of await readdir(dir)) {
		if (!name.includes(TEMPORARY)) continue;
		const path = join(dir, name);
		const info = await stat(path).catch(() => undefined);
		if (info && info.mtimeMs < Date.now() - STALE_MS)
			await rm(path, { recursive: true, force: true });
	}
}

/** A name beside `target` that nobody else uses; the directory is made. @throws VmError (storage). */
export async function temporaryBeside(target: string): Promise<string> {
	const dir = dirname(target);
	try {
		await makeDirs(dir);
		await removeStale(dir);
	} catch (cause) {
		throw storageError(`the cache ${dir} cannot be made`, cause);
	}
	return `${target}${TEMPORARY}${process.pid}-${randomBytes(4).toString("hex")}`;
}

/**
 * Makes `target` (a file or a directory) with `fill`, which writes to a temporary name beside it. Runs that do the same
 * at the same time do no harm: the first to finish wins. What is interrupted leaves no `target`.
 * @param isSound tells whether what is there already is worth keeping; without it any directory is
 */
export async function fillAtomically(
	target: string,
	fill: (temporary: string) => Promise<void>,
	isSound: () => Promise<boolean> = () => isDirectory(target),
): Promise<void> {
	await withTemporary(await temporaryBeside(target), async (temporary) => {
		try {
			await fill(temporary);
			await settle(temporary, target, isSound);
		} catch (cause) {
			if (cause instanceof VmError) throw cause;
			throw storageError(`the cache ${target} cannot be filled`, cause);
		}
	});
}

/** What rename() says of a directory's target where something is already. */
const TAKEN: readonly string[] = ["ENOTEMPTY", "EEXIST", "ENOTDIR"];
const MAX_TRIES = 5;

/** Puts what was made in its place, unless something as good is there; what is no good is moved aside first. */
async function settle(
	made: string,
	target: string,
	isSound: () => Promise<boolean>,
): Promise<void> {
	for (let tries = 1; ; tries++) {
		try {
			return await rename(made, target);
		} catch (error) {
			if (!TAKEN.includes(errnoOf(error)) || tries === MAX_TRIES) throw error;
		}
		if (await isSound()) return;
		await withTemporary(`${made}-old`, (aside) =>
			rename(target, aside).catch((error: unknown) => {
				// Another run at the same work was quicker; what it puts there is looked at like any.
				if (errnoOf(error) !== "ENOENT") throw error;
			}),
		);
	}
}
