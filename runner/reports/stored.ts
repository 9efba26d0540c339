/** Reports that were written before. */
import {
	type Report,
	ReportError,
	type ReportWriter,
	readReport,
	streamReport,
} from "../../results/index.js";
import { openSource, systemText } from "../common/source.js";
import { UsageError } from "../common/usage.js";

/**
 * Reads a stored report, JSON or TAP; `-` is standard input.
 * @throws UsageError saying what is wrong with the file, and where
 */
export async function loadReport(path: string): Promise<Report> {
	try {
		return await readReport(openSource(path), nameOf(path));
	} catch (error) {
		throw asUsage(error, path);
	}
}

/**
 * Tells a stored report to a writer, without holding it in memory where it is JSON, `end` included.
 * @throws UsageError as loadReport()
 */
export async function streamStored(
	path: string,
	writer: ReportWriter,
): Promise<void> {
	try {
		await streamReport(openSource(path), writer, nameOf(path));
	} catch (error) {
		throw asUsage(error, path);
	}
}

function nameOf(path: string): string {
	return path === "-" ? "standard input" : path;
}

/** A stored report that can't be read is the user's mistake. */
function asUsage(error: unknown, path: string): unknown {
	if (!(error instanceof ReportError)) return error;
	const { cause } = error;
	return isSystemError(cause)
		? new UsageError(`${nameOf(path)}: ${systemText(cause)}`)
		: new UsageError(error.message);
}

function isSystemError(cause: unknown): boolean {
	const { code } = (cause ?? {}) as NodeJS.ErrnoException;
	return typeof code === "string" && /^E[A-Z]+$/.test(code);
}
