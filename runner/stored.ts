/** Reports that were written before. */
import { readFileSync } from "node:fs";
import { Report } from "../results/index.js";
import { UsageError } from "./usage.js";

/**
 * Reads a stored JSON report; `-` is standard input.
 * @throws UsageError saying what is wrong with the file, and where
 */
export async function loadReport(path: string): Promise<Report> {
	let json: unknown;
	try {
		json = JSON.parse(readFileSync(path === "-" ? 0 : path, "utf8"));
	} catch (error) {
		throw new UsageError(`${path}: ${(error as Error).message}`);
	}
	const parsed = Report.safeParse(json);
	if (parsed.success) return parsed.data;
	const issue = parsed.error.issues[0];
	throw new UsageError(
		`${path}: no report of crcap: ${issue?.path.join(".")}: ${issue?.message}`,
	);
}
