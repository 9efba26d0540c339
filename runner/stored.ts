/** Reports that were written before. */
import { type Report, ReportError, readReport } from "../results/index.js";
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

/** A stored report that can't be read is the user's mistake. */
export function asUsage(error: unknown, path: string): unknown {
	if (error instanceof ReportError) return new UsageError(error.message);
	const { code } = error as NodeJS.ErrnoException;
	return typeof code === "string" && /^E[A-Z]+$/.test(code)
		? new UsageError(`${path}: can't be read (${code})`)
		: error;
}
