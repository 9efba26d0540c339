/**
 * The pids that rows ask for. They are written as they suit a kernel with the usual limit, 32768, far above what runs beside
 * them; where kernel.pid_max is lower (4096 with CONFIG_BASE_SMALL), every one of them is another, the same for the same one.
 */
import { type Facts, number } from "../model/facts.js";
import type { ExpectedResult } from "../model/row.js";

/** From this limit on all pids are free to choose as they are written. */
const AS_WRITTEN = 24_000;
/** Where the chosen pids begin on a kernel with a low limit: above those that its own threads and the case's processes have. */
const LOWEST = 1000;
/** The chosen pids fit only where pid_max is at least this. */
export const LEAST_PID_MAX = 2200;

/** A pid as rows write it; %20 is a space in a step's value. */
const WRITTEN =
	/(^|[^0-9]|%20)(5000|9000|2[0-3]\d{3})(?=[^0-9]|$)|0x(4e[2-9a-f]|4f|5[0-9a-d])[0-9a-f]+/g;
/** A write of one; a write's evidence is how many bytes it took. */
const WRITES = /(?:^| )write=\w,2\d{4}(?=[ ,]|$)/;
/** Steps that lower a namespace's own limit, or go through many pids. */
const LOWERED = /(?:^| )(?:put=\S*pid_max,|cycle=)/;

/** Another pid for a written one: the differences within a row, at most 9 or 49, stay. */
function lower(pid: number): number {
	if (pid < 20_000) return LOWEST + pid / 1000;
	if (pid < 21_000) return LOWEST + 10 + (pid - 20_000);
	const hundreds = Math.floor((pid - 21_000) / 100);
	const rest = pid % 100;
	return LOWEST + 520 + 20 * hundreds + (rest < 50 ? rest : rest - 40);
}

/** Are there other pids than the written ones on this kernel? Where its limit leaves no space for those either, the case is skipped. */
function isLow(facts: Facts): boolean {
	const limit = number(facts, "pid_max") ?? AS_WRITTEN;
	return limit >= LEAST_PID_MAX && limit < AS_WRITTEN;
}

/** A program, or an evidence of pids, with pids that this kernel can have. */
export function fitPids(text: string, facts: Facts): string {
	if (!isLow(facts)) return text;
	return text.replace(WRITTEN, (whole, before: string, pid: string) =>
		pid === undefined
			? `0x${lower(Number(whole)).toString(16)}`
			: `${before}${lower(Number(pid))}`,
	);
}

/** What a program, as it is written, must give with the pids that this kernel can have: they are of four digits, not of five. */
export function fitResults(
	results: readonly ExpectedResult[],
	program: string,
	facts: Facts,
): readonly ExpectedResult[] {
	if (!isLow(facts)) return results;
	const writes = WRITES.test(program);
	return results.map((result) =>
		result === "0:5" && writes ? "0:4" : fitPids(result, facts),
	);
}

/** Why this kernel can't have the pids that the program asks for; null where it can. */
export function beyondPidMax(program: string, facts: Facts): string | null {
	const limit = number(facts, "pid_max") ?? AS_WRITTEN;
	if (!(limit < LEAST_PID_MAX)) return null;
	const asks = program.search(WRITTEN) >= 0 || LOWERED.test(program);
	if (!asks && limit >= 512) return null;
	return `kernel.pid_max is ${limit}: ${asks ? `this case's pids need ${LEAST_PID_MAX}` : "the kernel's own threads leave too few pids below 512"}`;
}
