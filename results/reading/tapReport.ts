/** A TAP report of crcap's, read whole before anything is told: what is wrong with it may stand in its last line. */
import { type FinalResults, Parser, type Result } from "tap-parser";
import { VERDICTS } from "../model/basics.js";
import { counted, noTotals, planGroups } from "../model/counts.js";
import {
	type CaseResult,
	Report,
	type ReportWriter,
	type TargetResult,
} from "../model/model.js";
import { isBad, untold, words } from "../model/summary.js";
import { tellReport } from "./replay.js";
import { cutShortText, type StoredReport, wrongText } from "./storedReport.js";
import { type TapTarget, tapComment, tapTarget } from "./tapComments.js";
import { TapDetails } from "./tapDetails.js";
import { TapLines } from "./tapLines.js";

/** Characters and cases of the longest report that is read: all of it is held in memory. */
const MOST_LENGTH = 256 * 1024 * 1024;
const MOST_CASES = 200_000;

/** A line of something else: no level of crcap's TAP stands so far right, and the parser takes long to go down there. */
const TOO_DEEP = /^ {40}/;

/** What the reader of such a report must know, as a note on each of its targets. */
export const TAP_NOTE =
	"read from TAP, which says nothing but its name of a case that passed";

export class TapReport implements StoredReport {
	begun = false;
	readonly #writer: ReportWriter;
	readonly #details = new TapDetails();
	readonly #parser = new Parser();
	readonly #lines = new TapLines((line) => {
		for (const one of this.#details.lines(line))
			if (!TOO_DEEP.test(one)) this.#parser.write(`${one}\n`);
	});
	readonly #targets: TapTarget[] = [];
	readonly #ids = new Set<string>();
	#length = 0;
	#cases = 0;
	#version = "";
	#startedAt = "";
	#bailOut: string | undefined;
	#final: FinalResults | undefined;

	constructor(writer: ReportWriter) {
		this.#writer = writer;
		this.#watch(this.#parser, []);
		this.#parser.on("bailout", (reason: string) => {
			this.#bailOut ??= reason;
		});
		this.#parser.on("complete", (final: FinalResults) => {
			this.#final = final;
		});
	}

	take(text: string): void {
		this.#length += text.length;
		if (this.#length > MOST_LENGTH)
			throw new Error(`it is longer than ${MOST_LENGTH} characters`);
		this.#lines.text(text);
	}

	async finish(): Promise<void> {
		this.#lines.end();
		if (!this.#lines.begun)
			throw new Error("it is neither its JSON nor its TAP");
		this.#parser.end();
		const report = this.#report();
		this.begun = true;
		await tellReport(report, this.#writer);
	}

	wrong(error: Error): string {
		return wrongText(error, this.#lines.begun);
	}

	close(): void {}

	/** Listens to the parser of one level; `names` are those of the subtests around it, the innermost last. */
	#watch(parser: Parser, names: readonly string[]): void {
		const depth = names.length;
		parser.on("child", (child: Parser) => {
			this.#watch(child, [...names, unescaped(child.name)]);
		});
		parser.on("comment", (line: string) => {
			if (depth > 1) return;
			const target = this.#targets.at(-1);
			const [, key = "", value = ""] = /^\s*# (.+?): ?(.*)\n$/.exec(line) ?? [];
			if (depth === 0 && this.#version === "") this.#signature(line);
			else if (key === "target") this.#beginTarget(value, depth);
			else if (target !== undefined) tapComment(target, key, value);
		});
		parser.on("assert", (result: Result) => {
			if (!result.closingTestPoint) this.#point(result, names);
		});
		parser.on("complete", (final: FinalResults) => checkLevel(final, names));
	}

	#signature(line: string): void {
		const found = /^# crcap (\S+), started (\S+)\n$/.exec(line);
		[, this.#version = "", this.#startedAt = ""] = found ?? [];
	}

	#beginTarget(value: string, depth: number): void {
		const target = tapTarget(value, depth);
		if (target === undefined) return;
		this.#targets.push(target);
		this.#ids.clear();
	}

	/** A test point that is no subtest's: a case. */
	#point(result: Result, names: readonly string[]): void {
		const target = this.#targets.at(-1);
		const [, id = "", trouble] =
			/(?:^|: )([\w.-]+)(?: \(([a-z ]+)\))?$/.exec(result.name) ?? [];
		if (target === undefined || id === "")
			throw new Error(`${quoted(result.name)} is no case of crcap`);
		if (this.#ids.has(id)) throw new Error(`${id} is there already`);
		this.#ids.add(id);
		this.#cases += 1;
		if (this.#cases > MOST_CASES)
			throw new Error(`it holds more than ${MOST_CASES} cases`);
		try {
			target.cases.push(this.#case(result, id, trouble, names.slice(-2)));
		} catch (error) {
			throw new Error(`${id}: ${(error as Error).message}`);
		}
	}

	#case(
		result: Result,
		id: string,
		trouble: string | undefined,
		[outer, inner]: readonly string[],
	): CaseResult {
		const parts = id.split(".");
		// With a subtest for each, they are named there; without, an id has them first and last.
		const suite = (inner === undefined ? undefined : outer) ?? parts[0] ?? "";
		const subject = inner ?? parts.at(-1) ?? "";
		const known = result.todo === false ? {} : { known: knownOf(result.todo) };
		if (result.ok) {
			const skip = result.skip !== false;
			return {
				...{ id, suite, probe: "", args: "", subject },
				verdict: skip ? "skip" : "pass",
				reason: typeof result.skip === "string" ? result.skip : "",
				...{ expected: "", observed: "", citation: null, durationUs: 0 },
				replay: { crprobe: "" },
				...known,
			};
		}
		const { duration_us, console, ...details } = this.#details.get(result.diag);
		const { verdict } = details;
		if (!isBad(verdict) || (trouble ?? "fail") !== words(verdict))
			throw new Error(
				`it is not ok${trouble === undefined ? "" : ` (${trouble})`}, and its verdict is ${verdict}`,
			);
		return {
			id,
			suite,
			...details,
			durationUs: duration_us,
			...(console !== undefined && {
				console: console.replace(/\n$/, "").split("\n"),
			}),
			...known,
		};
	}

	/** All of it, checked. Throws where a part is missing. */
	#report(): Report {
		const targets = this.#targets.map((target) => this.#whole(target));
		const planned =
			this.#targets[0]?.depth === 1 ? this.#final?.plan.end : targets.length;
		if (targets.length === 0) throw new Error(this.#cutShort());
		if (this.#bailOut === undefined && targets.length !== planned)
			throw new Error(this.#cutShort());
		const last = targets.at(-1);
		if (this.#bailOut !== undefined && !targets.some(isLost) && last)
			Object.assign(last, {
				complete: false,
				incompleteReason: this.#bailOut || "no reason was given",
			});
		const found = Report.safeParse({
			schemaVersion: 2,
			tool: { name: "crcap", version: this.#version },
			startedAt: this.#startedAt,
			...(planned !== undefined && { plannedTargets: planned }),
			targets,
		});
		if (found.success) return found.data;
		const path = found.error.issues[0]?.path.join(".") ?? "";
		throw new Error(`${path} is missing or wrong`);
	}

	/** A target with all that was found of it. Throws where that is not what it says. */
	#whole({ stated, depth: _, ...target }: TapTarget): TargetResult {
		if (stated === undefined) throw new Error(this.#cutShort());
		const totals = noTotals();
		for (const { verdict } of target.cases) totals[verdict] += 1;
		const { name, planned, cases } = target;
		if (planned !== cases.length)
			throw new Error(
				`${name}: ${counted(planned, "case")} planned, but it holds ${cases.length}: lines of it are missing`,
			);
		for (const verdict of VERDICTS)
			if (stated[verdict] !== totals[verdict])
				throw new Error(
					`${name}: its totals say ${verdict}=${stated[verdict]}, but ${totals[verdict]} of its cases do: the file was changed`,
				);
		const notes = [...new Set([...target.notes, TAP_NOTE])];
		return { ...target, notes, totals, groups: planGroups(cases) };
	}

	#cutShort(): string {
		const target = this.#targets.at(-1);
		const where =
			target === undefined || target.stated !== undefined
				? `after ${counted(this.#targets.length, "target")}`
				: `after ${counted(target.cases.length, "case")} of ${target.name}`;
		if (this.#bailOut !== undefined)
			return `it bailed out ${where}: ${this.#bailOut || "no reason was given"}`;
		return cutShortText(where);
	}
}

/** Throws where a level of the TAP breaks TAP's own rules. */
function checkLevel(final: FinalResults, names: readonly string[]): void {
	const where = names.length === 0 ? "" : `${names.join(", ")}: `;
	// A level that bailed out stops before its plan is done.
	if (final.bailout) return;
	const broken = final.failures.find((one) => one.tapError);
	const { plan, count } = final;
	const planned = plan.start === null ? 0 : (plan.end ?? 0) - plan.start + 1;
	if (broken === undefined && planned === count) return;
	throw new Error(
		`${where}${broken?.tapError ?? `${counted(planned, "test point")} planned, and ${count} are there`}: it was cut short or changed`,
	);
}

/** True for what ends in a bail-out when it is written as TAP. */
function isLost(target: TargetResult): boolean {
	return untold({ totals: target.totals, tail: target }) !== undefined;
}

/** Why a failure is known, and until when. */
function knownOf(todo: string | boolean): CaseResult["known"] {
	const text = typeof todo === "string" ? todo : "";
	const [, reason, until] = /^(.*) \(until (\S+)\)$/.exec(text) ?? [];
	return until === undefined
		? { reason: text }
		: { reason: reason ?? "", until };
}

function unescaped(name: string): string {
	return name.replace(/\\([\\#])/g, "$1");
}

/** A piece of foreign text, for a message. */
function quoted(text: string): string {
	return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
