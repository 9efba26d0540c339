/** CRIU, the program that the capability was made for: does it checkpoint and restore with it? */
import {
	type Boundary,
	type Expectation,
	named,
	type Row,
	type Suite,
} from "../model/row.js";
import type { Subject } from "../model/subjects.js";
import { CLOSED } from "./failure.js";
import { CRIU_STATEMENTS } from "./statements.js";
import {
	clientOf,
	criuProgram,
	FIRST,
	NESTED,
	refusalOf,
	thenPlain,
} from "./subjects.js";

/** Emulated, and with a control that may have to be tried as well, milliseconds. */
const DEADLINE_MS = 120_000;
/** Where the victim is a program of a hundred megabytes. */
const PROGRAM_DEADLINE_MS = 600_000;

const GATES: readonly Boundary[] = [
	"ns_last_pid",
	"set_tid",
	"map_files",
	"exe_fd",
];

/** Everyone, and those whose way makes a difference to this victim. */
const runBy =
	(...ways: readonly string[]) =>
	(s: Subject): boolean =>
		s.groups.includes("criu") &&
		["ambient", ...ways].includes(clientOf(s).way.name) &&
		(clientOf(s).gate !== null || ways.includes("none"));

/** The user who has the capability and nothing else: for what every other way would only repeat. */
const alone = named("criu_ambient-cap_checkpoint_restore");

/** The content of a file without a name is read through map_files, which asks in the initial user namespace. */
const isClosed = (victim: string, s: Subject): boolean =>
	victim === "deleted" && s.userDepth > 0;

function resumed(s: Subject, victim: string): Expectation {
	const { way, gate } = clientOf(s);
	return {
		results:
			victim === FIRST
				? ["0", "0:resumed", "0", "0"]
				: ["0:resumed", "0", "0", "0"],
		reason: `CRIU needs ${gate === "sys_admin" ? "CAP_SYS_ADMIN" : "CAP_CHECKPOINT_RESTORE"} ${way.beside ?? "and no other privilege"} to checkpoint and restore this process`,
		cite: way.cite ?? "criu_unprivileged",
	};
}

function row(
	victim: string,
	title: string,
	subjects: Row["subjects"],
	catches: string,
): Row {
	return {
		name: victim,
		boundaries: GATES,
		title,
		probe: "criu",
		program: (s) =>
			isClosed(victim, s)
				? criuProgram(s, victim, thenPlain(s), "plain")
				: criuProgram(s, victim),
		subjects,
		expect: (s) => {
			const client = clientOf(s);
			if (client.gate === null) {
				const { result, reason, cite } = refusalOf(client);
				return { results: ["0", result, "0"], reason, cite };
			}
			if (isClosed(victim, s))
				return {
					results: [CLOSED, "0", "0", "0:resumed", "0", "0"],
					reason:
						"links in map_files are followed with the capability in the initial user namespace alone; what needs none of them is checkpointed and restored",
					cite: "map_files_cap",
				};
			return resumed(s, victim);
		},
		catches,
		levels: 0,
		deadlineMs: DEADLINE_MS,
	};
}

const LOST =
	"a check that CRIU meets on its way does not take the capability any more";

export const CRIU: Suite = {
	name: "criu",
	description:
		"CRIU itself, Debian's: processes that are checkpointed and restored with the capability alone",
	needs: ["cap_checkpoint_restore", "criu"],
	statements: CRIU_STATEMENTS,
	rows: [
		row(
			"plain",
			"checkpoint and restore a process that counts",
			runBy(
				"none",
				...["file", "yama", "no_clone3", "own_userns"],
				...["container", "container_file"],
			),
			`${LOST}: set_tid, exe_fd, or ns_last_pid where clone3 is hidden; or a program has a capability that its bounding set lacks`,
		),
		row(
			"memfd",
			"the same, counting in a memfd",
			runBy(),
			`${LOST} where a mapping has no path`,
		),
		row(
			"deleted",
			"the same, counting in a file that was deleted",
			runBy("file", "own_userns"),
			`${LOST}: map_files, which alone leads to such a file; or it is asked in a user namespace below the initial one`,
		),
		row(
			"threads",
			"a process with two threads, each with its id",
			runBy("own_userns"),
			`${LOST}: set_tid for threads`,
		),
		row(
			"tree",
			"a process and its child, each with its pid",
			runBy("no_clone3"),
			`${LOST}: set_tid, or ns_last_pid, more than once`,
		),
		{
			...row(
				NESTED,
				"a process that is root of a user namespace below CRIU's, and the first of a pid namespace there",
				alone,
				`${LOST} where none of the victim's namespaces is CRIU's`,
			),
			expect: (s) => ({
				...resumed(s, NESTED),
				reason:
					"no boundary is in CRIU's way; what CRIU wants besides for namespaces below its own the control lacks as well, and the case is skipped with its words",
			}),
			needs: ["user_ns", "pid_ns", "unprivileged_userns"],
		},
		{
			...row(
				"program",
				"Debian's Node.js, with its threads, counting in its heap in code that was compiled as it ran; how long it took to start, from nothing and by restore",
				alone,
				`${LOST} on the way of a large program: set_tid for its threads`,
			),
			program: (s) => criuProgram(s, "program", " startup"),
			expect: (s) => {
				const { results, ...why } = resumed(s, "program");
				return { ...why, results: results.toSpliced(-1, 0, "0") };
			},
			needs: ["program"],
			deadlineMs: PROGRAM_DEADLINE_MS,
		},
	],
};
