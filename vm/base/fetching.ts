/** Where what is fetched is put together before it is kept. */
import { mkdir } from "node:fs/promises";
import {
	cacheDir,
	storageError,
	temporaryBeside,
	withTemporary,
} from "./cache.js";
import { VmError } from "./errors.js";

/**
 * Runs what fetches with a folder of its own, of which nothing stays.
 * @param what for messages
 * @throws VmError what it throws, or of kind storage
 */
export async function fetching<T>(
	what: string,
	fetch: (dir: string) => Promise<T>,
): Promise<T> {
	const temporary = await temporaryBeside(cacheDir("work", "fetch"));
	return withTemporary(temporary, async (dir) => {
		try {
			await mkdir(dir);
			return await fetch(dir);
		} catch (cause) {
			if (cause instanceof VmError) throw cause;
			throw storageError(`${what} cannot be fetched`, cause);
		}
	});
}
