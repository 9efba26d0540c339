/** What CRIU's words say of the kernel: which boundary a message points at, and whether CRIU can run there at all. */
import {
	type Observation,
	type StepResult,
	shownValues,
} from "../model/observation.js";
import type { Boundary } from "../model/row.js";

/**
 * CRIU's messages where a check refuses it, in the words of its source. Some mislead: for a deleted file whose link in
 * map_files is refused it tells of the path, which is not there. The first that is found counts.
 */
const MESSAGES: readonly (readonly [RegExp, Boundary])[] = [
	// criu/cr-restore.c: set_next_pid(), where there is no clone3.
	[/ns_last_pid/, "ns_last_pid"],
	// criu/cr-restore.c: fork_with_pid(); "File exists" is a pid that another process has.
	[/Can't fork for \d+: (?!File exists)/, "set_tid"],
	// criu/pie/restorer.c: clone3 with set_tid for each thread.
	[/Unable to create a thread/, "set_tid"],
	// criu/pie/restorer.c: restore_mm().
	[/PR_SET_MM_MAP|sys_prctl\(PR_SET_MM/, "exe_fd"],
	// criu/proc_parse.c: the link, and the path that is tried instead.
	[/mapfile link|map_files|Can't open mapped \[.*\(deleted\)\]/, "map_files"],
];

/**
 * What no lack of anything explains: CRIU was allowed, was told that it succeeded, and the effect is another. The kernel is to
 * blame, whatever comes of the control. CRIU's own words, or the outcome's.
 */
const WITHOUT_EFFECT: readonly (readonly [RegExp, Boundary])[] = [
	// criu/cr-restore.c: restore_task_with_children().
	[/Pid \d+ do not match expected \d+/, "set_tid"],
	[/^restored with another pid/, "set_tid"],
	[/^restored with another program/, "exe_fd"],
];

/** The boundary whose effect is missing. Who has a seccomp filter chooses pids by ns_last_pid: it hides clone3. */
function withoutEffect(
	messages: string,
	who: string | undefined,
): Boundary | undefined {
	const found = WITHOUT_EFFECT.find(([message]) => message.test(messages))?.[1];
	const filtered = who !== undefined && shownValues(who).get("seccomp") === "2";
	return found === "set_tid" && filtered ? "ns_last_pid" : found;
}

/** The boundary that CRIU's log points at; undefined where no message is known. */
export function boundaryIn(log: string): Boundary | undefined {
	return MESSAGES.find(([message]) => message.test(log))?.[1];
}

export interface CriuFailure {
	/** CRIU did no better with the other capability: why, in its words. The kernel was not tried. */
	readonly skip?: string;
	/** What the log says, for the reason of a failure. */
	readonly words: string;
	readonly boundary?: Boundary;
}

/** What CRIU must come to where map_files is closed: no other check stands before a file without a name. */
export const CLOSED = "0:dump failed";

/**
 * What to make of a case in which CRIU did otherwise than it must; undefined where none ran.
 * @param wrong the place of the first result that is not as expected
 * @param expected what was expected there
 */
export function criuFailure(
	{ results, who }: Observation,
	wrong: number,
	expected?: string,
): CriuFailure | undefined {
	const failed = results[wrong];
	if (failed?.step !== "criu") return undefined;
	const control = evidenceOf(
		results.findLast(({ step }) => step === "controlled"),
	);
	const log = evidenceOf(
		results.slice(wrong).find(({ step }) => step === "criu_log"),
	);
	const check = evidenceOf(results.find(({ step }) => step === "criu_check"));
	const lost = withoutEffect(`${evidenceOf(failed)} / ${log}`, who);
	// Asked only where CRIU did not succeed; a success that must not be needs no control.
	if (
		lost === undefined &&
		control !== "" &&
		control !== "resumed" &&
		control !== "not asked"
	)
		return {
			skip: `CRIU can't do this here, with the other capability as little: ${control}`,
			words: log,
		};
	if (expected === CLOSED && failed.value === "resumed")
		return {
			words:
				"resumed: CRIU read the deleted file, which only a link in map_files leads to",
			boundary: "map_files",
		};
	const boundary = lost ?? boundaryIn(log);
	const points = boundary === undefined ? "" : `, which points at ${boundary}`;
	const says = log === "" ? "" : `; CRIU says "${log}"${points}`;
	const hides =
		check === "Looks good." ? '; "criu check" says "Looks good."' : "";
	const other =
		control === "resumed"
			? "; with the other capability it succeeds"
			: lost === undefined
				? ""
				: "; CRIU was allowed to, and the effect is another";
	return {
		words: `${evidenceOf(failed)}${other}${says}${hides}`,
		...(boundary === undefined ? {} : { boundary }),
	};
}

const evidenceOf = (result: StepResult | undefined): string =>
	result?.value ?? "";
