/** What a run, or the judging of a log, came to. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "../../../results/index.js";
import { cliBatch } from "../spawnCli.test.helper.js";

export interface Outcome {
	readonly status: number | undefined;
	/** As byCase() has them. */
	readonly cases: Record<string, string>;
	readonly incomplete: string;
	readonly notes: readonly string[];
	/** What a command line was refused with. */
	readonly usage: string;
}

/** Of several command lines, in one process. */
export async function outcomes(
	folder: string,
	commands: readonly (readonly string[])[],
): Promise<Outcome[]> {
	const fileOf = (n: number): string => join(folder, `report${n}.json`);
	const results = await cliBatch(
		commands.map((args, n) => [...args, "--report", `json=${fileOf(n)}`]),
	);
	return results.map(({ status, stderr }, n) => {
		const { cases = [], incompleteReason, notes } = targetOf(fileOf(n)) ?? {};
		return {
			status,
			cases: byCase(cases),
			incomplete: incompleteReason ?? "",
			notes: notes ?? [],
			usage: status === 2 ? stderr : "",
		};
	});
}

/** Verdict and observation by case, and why for those without one. */
export function byCase(
	cases: Report["targets"][number]["cases"],
): Record<string, string> {
	return Object.fromEntries(
		cases.map(({ id, verdict, observed, reason }) => [
			id,
			// Which pids were free differs from run to run.
			observed === "" || verdict === "error"
				? `${verdict}: ${reason}`
				: `${verdict} ${observed.replace(/\d+/g, "N")}`,
		]),
	);
}

/** A report's first target: none where the command line was refused. */
export function targetOf(file: string): Report["targets"][number] | undefined {
	if (!existsSync(file)) return undefined;
	return (JSON.parse(readFileSync(file, "utf8")) as Report).targets[0];
}
