/** Texts that are written to files or to standard output, like reports. */
import { once } from "node:events";
import type { Writable } from "node:stream";
import { beginFile } from "./atomicFile.js";
import { checkReports } from "./reports.js";
import { stdoutStream } from "./stdout.js";

export interface Output {
	readonly format: string;
	/** Standard output where absent. */
	readonly file?: string;
}

/**
 * Writes each output's pieces.
 * @throws UsageError for a file that can't be written, before any is; Error for one that could not be in the end
 */
export async function writeOutputs(
	outputs: readonly Output[],
	pieces: (format: string) => Iterable<string>,
): Promise<void> {
	checkReports(outputs);
	for (const { format, file } of outputs) {
		if (file === undefined) {
			const stream = stdoutStream();
			await pour(pieces(format), stream);
			stream.end();
			await once(stream, "close");
			continue;
		}
		const begun = beginFile(file);
		try {
			await pour(pieces(format), begun.stream);
			await begun.commit();
		} catch (error) {
			begun.discard();
			throw new Error(
				`${file} could not be written: ${(error as Error).message}`,
				{
					cause: error,
				},
			);
		}
	}
}

async function pour(pieces: Iterable<string>, stream: Writable): Promise<void> {
	for (const piece of pieces) {
		if (stream.errored) throw stream.errored;
		if (!stream.write(piece)) {
			await Promise.race([once(stream, "drain"), once(stream, "close")]);
		}
	}
}
