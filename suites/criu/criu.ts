/** CRIU, the program that the capability was made for: does it checkpoint and restore with it? */
import type { Boundary, Row, Suite } from "../model/row.js";
import type { Subject } from "../model/subjects.js";
import { CLOSED } from "./failure.js";
import { CRIU_STATEMENTS } from "./statements.js";
import { clientOf, criuProgram, FIRST, thenPlain } from "./subjects.js";

/** Emulated, and with a control that may have to be tried as well, milliseconds. */
const DEADLINE_MS = 120_000;

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

/** The content of a file without a name is read through map_files, which asks in the initial user namespace. */
const isClosed = (victim: string, s: Subject): boolean =>
	victim === "deleted" && s.userDepth > 0;

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
			const { way, gate } = clientOf(s);
			if (gate === null)
				return {
					results: ["0", "0:refused by CRIU itself", "0"],
					reason:
						"without either capability CRIU refuses to begin: the kernel is not asked",
					cite: "criu_refuses",
				};
			if (isClosed(victim, s))
				return {
					results: [CLOSED, "0", "0", "0:resumed", "0", "0"],
					reason:
						"links in map_files are followed with the capability in the initial user namespace alone; what needs none of them is checkpointed and restored",
					cite: "map_files_cap",
				};
			return {
				results:
					victim === FIRST
						? ["0", "0:resumed", "0", "0"]
						: ["0:resumed", "0", "0", "0"],
				reason: `CRIU needs ${gate === "sys_admin" ? "CAP_SYS_ADMIN" : "CAP_CHECKPOINT_RESTORE"} and no other privilege to checkpoint and restore this process`,
				cite: way.cite ?? "criu_unprivileged",
			};
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
			runBy("none", "file", "yama", "no_clone3", "own_userns"),
			`${LOST}: set_tid, exe_fd, or ns_last_pid where clone3 is hidden`,
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
	],
};
