/** Reports that were written before. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
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

/**
 * What a shell makes of `FOLDER/*.json`, in the order of the names; undefined for what is no directory.
 * @throws UsageError for a directory that can't be read, or has no such file
 */
export function filesOfFolder(path: string): string[] | undefined {
	try {
		if (!statSync(path).isDirectory()) return undefined;
	} catch {
		// Who reads it says why.
		return undefined;
	}
	const names = namesIn(path)
		.filter((name) => /^[^.].*\.json$/.test(name))
		.sort();
	if (names.length === 0)
		throw new UsageError(`${path}: no *.json is in this directory`);
	return names.map((name) => join(path, name));
}

function namesIn(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch (error) {
		throw new UsageError(`${folder}: ${systemText(error)}`);
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
