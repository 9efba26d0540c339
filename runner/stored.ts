/** Reports that were written before. */
import {
	type Report,
	ReportError,
	type ReportWriter,
	readReport,
	streamReport,
} from "../results/index.js";
import { UsageError } from "./usage.js";

/**
 * Reads a stored JSON report; `-` is standard input.
 * @throws UsageError saying what is wrong with the file, and where
 */
export async function loadReport(path: string): Promise<Report> {
	try {
		return await readReport(path === "-" ? process.stdin : path);
	} catch (error) {
		throw asUsage(error, path);
	}
}

/**
 * Tells a stored JSON report to a writer without holding it in memory, `end` included.
 * @throws UsageError as loadReport()
 */
export async function streamStored(
	path: string,
	writer: ReportWriter,
): Promise<void> {
	try {
		await streamReport(path === "-" ? process.stdin : path, writer);
	} catch (error) {
		throw asUsage(error, path);
	}
}

/** A stored report that can't be read is the user's mistake. */
function asUsage(error: unknown, path: string): unknown {
	if (error instanceof ReportError) return new UsageError(error.message);
	const { code } = error as NodeJS.ErrnoException;
	return typeof code === "string" && /^E[A-Z]+$/.test(code)
		? new UsageError(`${path}: can't be read (${code})`)
		: error;
}
