/** Texts that are written to files or to standard output, like reports. */
import type { Writable } from "node:stream";
import { beginFile } from "../common/atomicFile.js";
import { stdoutStream, writeError } from "../common/stdout.js";
import { checkReports, settleAll } from "./reports.js";

export interface Output<T extends string> {
	readonly format: T;
	/** Standard output where absent. */
	readonly file?: string;
}

/**
 * Writes each output with `write`, which leaves the stream open.
 * @throws UsageError for a file that can't be written, before any is; Error for one that could not be in the end
 */
export async function writeOutputs<T extends string>(
	outputs: readonly Output<T>[],
	write: (format: T, out: Writable) => Promise<void>,
): Promise<void> {
	checkReports(outputs);
	await settleAll(
		outputs.map(({ format, file }) =>
			file === undefined
				? writeStdout((out) => write(format, out))
				: writeFile(file, (out) => write(format, out)),
		),
	);
}

async function writeStdout(
	write: (out: Writable) => Promise<void>,
): Promise<void> {
	try {
		await write(stdoutStream());
	} catch (error) {
		throw writeError("standard output", error);
	}
}

async function writeFile(
	file: string,
	write: (out: Writable) => Promise<void>,
): Promise<void> {
	const begun = beginFile(file);
	try {
		await write(begun.stream);
		await begun.commit();
	} catch (error) {
		begun.discard();
		throw writeError(file, error);
	}
}
