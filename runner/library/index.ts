/**
 * crcap as a library: what the command line does, typed.
 *
 *     import { run } from "crcap";
 *     const running = run({ targets: [{ kernel: "debian:sid" }], suite: ["set_tid"] });
 *     for await (const { target, result } of running) console.log(target.name, result.id, result.verdict);
 *     const { outcome } = await running.finished;
 */
import { ENGINE } from "./engine.js";
import { begin, type Run, type RunInput } from "./run.js";

export type {
	CaseResult,
	Citation,
	KernelInfo,
	Report,
	TargetHead,
	TargetTail,
	Totals,
	Verdict,
} from "../../results/model/model.js";
export type { Outcome } from "../../results/model/summary.js";
export { OwnFault } from "../common/ownFault.js";
export {
	EvidenceError,
	type Judgement,
	type PlannedCase,
	type RawFacts,
} from "../common/suiteApi.js";
export { KernelError, UsageError } from "../common/usage.js";
export { judge, type PlanInput, plan } from "./catalogue.js";
export type { Run, RunEnd, RunInput, TargetCase, TargetEnd } from "./run.js";

/**
 * Boots kernels, tries every case, judges. Begins at once; needs QEMU, as the command line does.
 * A process that may be ended by a signal passes `signal` and aborts it, so that no guest stays behind.
 */
export function run(input: RunInput = {}): Run {
	return begin(input, ENGINE);
}
