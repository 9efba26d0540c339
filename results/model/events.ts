/** The event stream: what happens in a run, one JSON object a line. Published as JSON Schema. */
import { z } from "zod";
import {
	CaseResult,
	Fact,
	ReportHead,
	TargetHead,
	WrittenTail,
} from "./model.js";

const target = z.string();

/** The shape of each event by its name; keys are written in this order. */
export const EVENTS = {
	/** The run begins. */
	run: z.object({ event: z.literal("run"), ...ReportHead.shape }),
	/** A target is up, or is known not to come up. */
	target: z.object({
		event: z.literal("target"),
		target,
		...TargetHead.omit({ name: true, facts: true, groups: true }).shape,
	}),
	/** What its kernel is. */
	facts: z.object({
		event: z.literal("facts"),
		target,
		facts: z.record(z.string(), Fact),
	}),
	/** The kernel printed something while a case ran, or before the guest was lost where no case is named. */
	console: z.object({
		event: z.literal("console"),
		target,
		case: z.string().optional(),
		lines: z.array(z.string()),
	}),
	/** A case has its result. */
	case: z.object({ event: z.literal("case"), target, result: CaseResult }),
	/** A target is done. */
	target_end: z.object({
		event: z.literal("target_end"),
		target,
		outcome: z.enum(["passed", "failed", "incomplete"]),
		...WrittenTail.omit({ consoleTail: true }).shape,
	}),
	/** The run is over. Without this line a stream was cut short. */
	end: z.object({
		event: z.literal("end"),
		outcome: z.enum(["passed", "failed", "incomplete"]),
		/** Why it broke off, where it did. */
		reason: z.string().optional(),
	}),
} as const;

export const Event = z.discriminatedUnion("event", [
	EVENTS.run,
	EVENTS.target,
	EVENTS.facts,
	EVENTS.console,
	EVENTS.case,
	EVENTS.target_end,
	EVENTS.end,
]);
export type Event = z.infer<typeof Event>;

/** JSON Schema (draft 2020-12) of one line; `results/events.schema.json` is this, kept true by a test. */
export function eventSchema(): object {
	return {
		title: "crcap event",
		description: "One line of crcap's event stream (--report events).",
		...z.toJSONSchema(Event, {
			target: "draft-2020-12",
			unrepresentable: "throw",
			io: "input",
		}),
	};
}
