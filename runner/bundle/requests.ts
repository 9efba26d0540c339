/** The requests of a bundle: what the agent obeys line by line, and what a log tells of them. */
import { createHash } from "node:crypto";
import { crcHex } from "../../vm/index.js";
import type { PlannedCase } from "../common/suiteApi.js";
import { version } from "../common/version.js";
import type { Selection } from "../request/select.js";
import { requestLines } from "../targets/qemuSession.js";
import type { CaseRequest } from "../targets/target.js";
import { programKey } from "./bundleLog.js";

export interface BundleOptions {
	readonly arch: string;
	readonly selection: Selection;
	/** Also what touches that machine's own pid namespace or devices. */
	readonly host: boolean;
	/** Milliseconds for a case that says nothing itself. */
	readonly deadlineMs: number;
}

/** The agent has no policies of security modules with it, and loads none into a machine that is somebody's. */
const GUESTS_ONLY: ReadonlySet<string> = new Set(["lsm"]);

/** A value that the agent compares as it stands. */
const PLAIN = /^[A-Za-z0-9-]+(?::[\w./-]+)?$/;

/** The cases of a plan that go into a bundle. */
export function bundled(
	cases: readonly PlannedCase[],
	{ host }: Pick<BundleOptions, "host">,
): PlannedCase[] {
	return cases.filter(
		({ suite, touchesHost }) =>
			!GUESTS_ONLY.has(suite) && (host || !touchesHost),
	);
}

/**
 * The file `requests`. Its first line names the bundle; the log begins with that.
 * @param plans the same cases as different kernels must answer them: what all agree on is judged at once
 */
export function bundleRequests(
	cases: readonly PlannedCase[],
	plans: readonly (readonly PlannedCase[])[],
	{ arch, selection, host, deadlineMs }: BundleOptions,
): string {
	const must = mustHold(cases, plans);
	const lines: string[] = [];
	for (const line of requestLines(requestsOf(cases, deadlineMs))) {
		const n = /^case (\d+) /.exec(line)?.[1];
		const planned = n === undefined ? undefined : cases[Number(n)];
		if (planned !== undefined)
			lines.push(
				`about ${programKey(planned.program)} ${planned.id} ${must.get(planned.id) ?? "-"}`,
			);
		lines.push(line);
	}
	const body = `${lines.join("\n")}\n`;
	const about = [
		`version=${version()}`,
		`arch=${arch}`,
		`cases=${cases.length}`,
		`host=${host ? 1 : 0}`,
		`select=${encodeURIComponent(JSON.stringify(selection))}`,
		`crc=${crcHex(body)}`,
	].join(" ");
	const id = createHash("sha256")
		.update(`${about}\n${body}`)
		.digest("hex")
		.slice(0, 16);
	return `crcap-requests 1 id=${id} ${about}\n${body}`;
}

function* requestsOf(
	cases: readonly PlannedCase[],
	deadlineMs: number,
): Iterable<CaseRequest> {
	for (const [n, planned] of cases.entries())
		yield {
			n,
			deadlineMs: planned.deadlineMs ?? deadlineMs,
			subjectProgram: planned.subjectProgram,
			probeProgram: planned.probeProgram,
			program: planned.program,
		};
}

/** By case: what its operations give on every kernel, where that can be compared without knowing the kernel. */
function mustHold(
	cases: readonly PlannedCase[],
	plans: readonly (readonly PlannedCase[])[],
): Map<string, string> {
	const byId = plans.map(
		(plan) => new Map(plan.map((planned) => [planned.id, planned])),
	);
	const found = new Map<string, string>();
	for (const { id, results, alternative, program } of cases) {
		const must = results.join(",");
		const same = byId.every((plan) => {
			const other = plan.get(id);
			return (
				other?.alternative === undefined &&
				other?.results.join(",") === must &&
				other.program === program
			);
		});
		if (
			same &&
			alternative === undefined &&
			results.every((one) => PLAIN.test(one))
		)
			found.set(id, must);
	}
	return found;
}
