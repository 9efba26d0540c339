/** clone3() with set_tid and other flags: the check is there in each, and both the pid and the flag have their effect. */
import { has } from "../model/citations.js";
import type { Facts } from "../model/facts.js";
import {
	type Expectation,
	few,
	gate,
	named,
	pidsAt,
	type Row,
} from "../model/row.js";
import {
	hasCapability,
	mayCheckpointRestore,
	mayUseCgroup,
	pidOwner,
	type Subject,
} from "../model/subjects.js";

const GRANTED =
	"the subject has the capability in the user namespace that owns its pid namespace";
const DENIED =
	"neither CAP_CHECKPOINT_RESTORE nor CAP_SYS_ADMIN in the user namespace that owns the pid namespace";
const cite = "set_tid_cap" as const;

/** The pids of a process that chose the one of its innermost namespace. */
const chosen = (s: Subject, pid: number): string => `0:${pidsAt(s, pid)}`;

/** One operation between others that everyone may, for whoever has the capability and for the rest. */
function chooses(
	s: Subject,
	facts: Facts,
	granted: readonly string[],
	denied: readonly string[],
): Expectation {
	return mayCheckpointRestore(s, pidOwner(s), facts)
		? { results: granted, reason: GRANTED, cite }
		: { results: denied, reason: DENIED, cite };
}

/** On a kernel of 32 bits; a helper of 32 bits on one of 64 is no such. */
const losesSighand = (facts: Facts): boolean =>
	facts.wordBits === 32 &&
	!/64/.test(facts.reported.machine ?? "") &&
	!has("clone_sighand_32", facts.version);

function flag(
	name: string,
	pid: number,
	title: string,
	lost: string,
	program = `clone3=tid:${pid},flags:${name}`,
): Row {
	return {
		name: `with_${name}`,
		title: `${title}: it has the pid that was asked for`,
		probe: "clone3",
		program,
		subjects: few,
		expect: (s, facts) => chooses(s, facts, [chosen(s, pid)], ["EPERM"]),
		catches: `the pid is not checked, or not had, with this flag, or ${lost}`,
	};
}

export const FLAG_ROWS: readonly Row[] = [
	flag(
		"parent",
		20520,
		"choose the pid of a sibling (CLONE_PARENT)",
		"the process is the caller's child",
		"child { clone3=tid:20520,flags:parent }",
	),
	flag(
		"pidfd",
		20521,
		"choose the pid of a process with a descriptor (CLONE_PIDFD), which names that pid",
		"the descriptor is another process's",
	),
	{
		...flag(
			"clear_sighand",
			20522,
			"choose the pid of a process without its parent's signal handlers (CLONE_CLEAR_SIGHAND)",
			"the handlers stay",
		),
		expect: (s, facts) => {
			const pids = chosen(s, 20522);
			const expected = chooses(s, facts, [pids], ["EPERM"]);
			const may = !expected.results.includes("EPERM");
			return may && losesSighand(facts)
				? {
						results: [`${pids}!sighand`],
						reason: "a 32-bit kernel before the fix loses the flag, bit 32",
						cite: "clone_sighand_32",
					}
				: expected;
		},
	},
	{
		name: "with_newtime",
		title:
			"choose the pid of a process in a new time namespace (CLONE_NEWTIME), which takes CAP_SYS_ADMIN first",
		probe: "clone3",
		program: "clone3=tid:20523,flags:newtime",
		// The last may make the namespace, and is nobody in the one that owns the pids.
		subjects: (s) => few(s) || named("userns-cap_sys_admin")(s),
		expect: (s, facts) =>
			hasCapability(s, "sys_admin", s.userDepth)
				? chooses(s, facts, [chosen(s, 20523)], ["EPERM"])
				: {
						results: ["EPERM"],
						reason: "making a time namespace takes CAP_SYS_ADMIN",
						cite: "clone3_newtime",
					},
		needs: ["time_ns"],
		catches:
			"CAP_CHECKPOINT_RESTORE makes time namespaces, or a pid is chosen in one without it",
	},
	{
		...flag(
			"into_cgroup",
			20526,
			"choose the pid of a process in another control group (CLONE_INTO_CGROUP), which everyone may use",
			"it is not in that group",
			"cgroups=open @ clone3=tid:20526,flags:into_cgroup",
		),
		needs: ["cgroup2"],
		touchesHost: true,
	},
	{
		name: "foreign_cgroup",
		title:
			"choose the pid of a process in a control group that is root's: the pid is asked for first",
		probe: "clone3",
		program: "cgroups @ clone3=tid:20527,flags:into_cgroup",
		subjects: few,
		expect: (s, facts) =>
			mayUseCgroup(s)
				? chooses(s, facts, [chosen(s, 20527)], ["EPERM"])
				: {
						...chooses(s, facts, ["EACCES"], ["EPERM"]),
						cite: "into_cgroup",
					},
		needs: ["cgroup2"],
		touchesHost: true,
		catches:
			"CAP_CHECKPOINT_RESTORE opens control groups, or the pid is not asked for where the group is refused",
	},
	{
		name: "accounted",
		title:
			"ask for a pid, and look whether the kernel says that a capability was used (PF_SUPERPRIV): only where it was",
		probe: "clone3",
		program: "child { used clone3=tid:20524 used }",
		subjects: few,
		expect: (s, facts) =>
			chooses(
				s,
				facts,
				["0:no", chosen(s, 20524), "0:yes"],
				["0:no", "EPERM", "0:no"],
			),
		catches:
			"the capability's use is not accounted, or is where it was refused",
	},
	{
		name: "capset_v1",
		title:
			"set the capability sets with the first version of capset(), which has 32 of them, and ask for a pid",
		probe: "clone3",
		program: "capset_v1 clone3=tid:20525",
		subjects: (s) => few(s) || named("uid1000-cap_both", "uid1000-all")(s),
		expect: (s) =>
			hasCapability(s, "sys_admin", pidOwner(s))
				? {
						results: ["0", chosen(s, 20525)],
						reason: "CAP_SYS_ADMIN is among the first 32, and stays",
						cite: "capset_v1",
					}
				: {
						results: ["0", "EPERM"],
						reason:
							"CAP_CHECKPOINT_RESTORE is beyond the first 32: it goes, and nobody gains it",
						cite: "capset_v1",
					},
		catches:
			"a program of the first version keeps capabilities that it does not know, or gains them",
	},
];

/** The use of the capability is accounted behind other boundaries, too. */
export function accounted(
	setup: string,
	operation: string,
	depth: (s: Subject) => number,
	by: Expectation["cite"],
	granted: string,
	setupResults: readonly string[] = [],
): Row {
	const outcome = (result: string, used: string) => ({
		results: [...setupResults, "0:no", result, `0:${used}`],
		reason: `the kernel notes on the process that a capability was used, and ${used === "yes" ? "one was" : "none was"}`,
		cite: by,
	});
	return {
		name: "accounted",
		title:
			"try it, and look whether the kernel says that a capability was used (PF_SUPERPRIV): only where it was",
		probe: operation.split("=")[0] ?? "",
		program: `${setup} child { used ${operation} used }`,
		subjects: few,
		expect: gate(depth, outcome(granted, "yes"), outcome("EPERM", "no")),
		needs: ["cap_checkpoint_restore"],
		catches:
			"the capability's use is not accounted, or is where it was refused",
	};
}
