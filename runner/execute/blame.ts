import type { Verdict } from "../../results/model/model.js";
import type { SessionEnd } from "../targets/target.js";

/** What an end means for the case that was running, or next. */
export interface Blame {
	readonly verdict: Verdict;
	readonly reason: string;
	/** For the reason why the run is incomplete. */
	readonly trouble: string;
	/** Are the last console lines evidence? */
	readonly evidence: boolean;
}

/** What each end says about the case that was running; `fault` is a fault of crcap's own. */
export const BLAME: Readonly<Record<SessionEnd["how"] | "fault", Blame>> = {
	bye: {
		verdict: "error",
		reason: "the agent never answered",
		trouble: "the agent said goodbye",
		evidence: false,
	},
	died: {
		verdict: "crash",
		reason: "the guest died in this case",
		trouble: "the guest died",
		evidence: true,
	},
	hung: {
		verdict: "timeout",
		reason: "the guest hung in this case",
		trouble: "the guest hung",
		evidence: true,
	},
	lost: {
		verdict: "error",
		reason: "the guest was lost in this case, which says nothing about it",
		trouble: "the guest was lost",
		evidence: true,
	},
	stopped: {
		verdict: "not_run",
		reason: "it was running when the run was stopped",
		trouble: "the run was stopped",
		evidence: false,
	},
	fault: {
		verdict: "error",
		reason: "crcap itself failed in this case, which says nothing about it",
		trouble: "crcap itself failed",
		evidence: false,
	},
};
