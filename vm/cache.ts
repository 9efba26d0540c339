/** Where things are kept between runs, and how they get there whole or not at all. */
import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
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

/**
 * Makes `target` (a file or a directory) with `fill`, which writes to a temporary name beside it. Runs that do the same
 * at the same time do no harm: the first to finish wins. What is interrupted leaves no `target`.
 */
export async function fillAtomically(
	target: string,
	fill: (temporary: string) => Promise<void>,
): Promise<void> {
	const temporary = `${target}.tmp-${process.pid}-${randomBytes(4).toString("hex")}`;
	try {
		await mkdir(dirname(target), { recursive: true });
	} catch (cause) {
		throw storageError(`the cache ${dirname(target)} cannot be made`, cause);
	}
	try {
		await fill(temporary);
		await rename(temporary, target).catch(async (error: unknown) => {
			const raced = ["ENOTEMPTY", "EEXIST"].includes(errnoOf(error));
			if (!raced || !(await exists(target))) throw error;
		});
	} catch (cause) {
		if (cause instanceof VmError) throw cause;
		throw storageError(`the cache ${target} cannot be filled`, cause);
	} finally {
		await rm(temporary, { recursive: true, force: true });
	}
}
