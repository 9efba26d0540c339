/** A planned case as what is asked of a target. */
import type { PlannedCase } from "../common/suiteApi.js";
import type { CaseRequest } from "../targets/target.js";

/** A case's deadline where neither it nor the user names one, milliseconds: an emulated guest on a busy machine is slow. */
export const DEFAULT_DEADLINE_MS = 10_000;

/** @param caseTimeoutMs the user's deadline, which outweighs the case's own */
export function requestFor(
	planned: PlannedCase,
	n: number,
	caseTimeoutMs?: number,
): CaseRequest {
	return {
		n,
		deadlineMs: caseTimeoutMs ?? planned.deadlineMs ?? DEFAULT_DEADLINE_MS,
		subjectProgram: planned.subjectProgram,
		probeProgram: planned.probeProgram,
		program: planned.program,
	};
}
