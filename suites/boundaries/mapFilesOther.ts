/** /proc/PID/map_files of another process: ptrace access, the directory's permissions and hidepid come before the capability. */
import { holds } from "../model/caps.js";
import type { Facts } from "../model/facts.js";
import {
	at,
	both,
	type Expectation,
	few,
	gate,
	type Row,
} from "../model/row.js";
import {
	hasCapability,
	mayCheckpointRestore,
	type Subject,
} from "../model/subjects.js";

interface OtherProcess {
	readonly name: string;
	readonly words: string;
	/** Its user, in the initial user namespace. */
	readonly uid: number;
	/** Its permitted capabilities. */
	readonly caps: string;
	readonly dumpable: boolean;
}

const OTHERS: readonly OtherProcess[] = [
	{
		name: "same_user",
		words: "a process of user 1000",
		uid: 1000,
		caps: "none",
		dumpable: true,
	},
	{
		name: "other_user",
		words: "a process of user 2000",
		uid: 2000,
		caps: "none",
		dumpable: true,
	},
	{
		name: "not_dumpable",
		words: "a process of user 1000 that is not dumpable",
		uid: 1000,
		caps: "none",
		dumpable: false,
	},
	{
		name: "more_capable",
		words: "a process of user 1000 with a capability that the subject may lack",
		uid: 1000,
		caps: "wake_alarm",
		dumpable: true,
	},
];

const subset = (s: Subject, caps: string): boolean =>
	caps === "none" || holds(s.caps, "wake_alarm");

/** May the subject look into the process (__ptrace_may_access() with PTRACE_MODE_READ_FSCREDS)? */
function mayLook(s: Subject, other: OtherProcess): boolean {
	if (hasCapability(s, "sys_ptrace", 0)) return true;
	if (s.userDepth > 0 || s.kuid !== other.uid || !other.dumpable) return false;
	return subset(s, other.caps);
}

/** May it search the directory, mode 0500 and the process's own, or root's where that is not dumpable? */
function maySearch(s: Subject, other: OtherProcess): boolean {
	const owner = other.dumpable ? other.uid : 0;
	return (
		s.kuid === owner ||
		hasCapability(s, "dac_override", 0) ||
		hasCapability(s, "dac_read_search", 0)
	);
}

function expectation(
	s: Subject,
	facts: Facts,
	other: OtherProcess,
	follows: boolean,
	granted: readonly string[],
	skipped: readonly string[],
): Expectation {
	if (!maySearch(s, other) || !mayLook(s, other))
		return {
			results: ["EACCES", ...skipped],
			reason: "the directory's permissions and ptrace read access come first",
			cite: "ptrace_access",
		};
	if (follows && !mayCheckpointRestore(s, 0, facts))
		return {
			results: ["EPERM", ...skipped],
			reason: "ptrace read access is not enough to follow the link",
			cite: "map_files_cap",
		};
	return {
		results: granted,
		reason: follows
			? "ptrace read access and the capability"
			: "reading the link takes ptrace read access only",
		cite: follows ? "map_files_cap" : "map_files_nogate",
	};
}

const takes = both(
	at("uid0", "uid1000", "userns"),
	(s) => !s.name.endsWith("cap_both"),
);

function rowsFor(other: OtherProcess): Row[] {
	const spawn = `spawn=t { uid=${other.uid} caps=${other.caps} map=m,memfd,0666,others dumpable=${other.dumpable ? 1 : 0} }`;
	const link = "/proc/$t/map_files/$m";
	return [
		{
			name: `other_${other.name}_open`,
			title: `open a mapping of ${other.words}`,
			probe: "open",
			program: `${spawn} @ open=g,r,${link} read=g,6`,
			subjects: takes,
			expect: (s, facts) =>
				expectation(s, facts, other, true, ["0", "0:others"], ["-"]),
			catches:
				"another process's mappings open without ptrace access, or without the capability",
		},
		{
			name: `other_${other.name}_readlink`,
			title: `read the link of a mapping of ${other.words}`,
			probe: "readlink",
			program: `${spawn} @ readlink=${link}`,
			subjects: both(takes, few),
			expect: (s, facts) =>
				expectation(s, facts, other, false, ["0:/memfd:crcap (deleted)"], []),
			catches: "another process's mappings show without ptrace access",
		},
	];
}

/** Whose real, effective and saved ids are those of the first, and of the second. */
function rowOfIds(name: string, ids: string): Row {
	const [, effective] = ids.split("/");
	const one = ids === "1000/1000/1000";
	return {
		name: `other_ids_${name}`,
		title: `open a mapping of a process whose real, effective and saved user are ${ids.replaceAll("/", ", ")}: each must be the subject's effective one`,
		probe: "open",
		program: `spawn=t { ids=${ids} caps=none map=m,memfd,0666,others dumpable=1 } @ open=g,r,/proc/$t/map_files/$m read=g,6`,
		subjects: (s) => s.groups.includes("looker"),
		expect: (s, facts) => {
			const searches =
				String(s.kuid) === effective || holds(s.caps, "dac_read_search");
			if (!searches || !one || s.kuid !== 1000)
				return {
					results: ["EACCES", "-"],
					reason:
						"the directory is the process's, and the looker's ids for files count against all of its ids",
					cite: "ptrace_access",
				};
			return mayCheckpointRestore(s, 0, facts)
				? {
						results: ["0", "0:others"],
						reason: "ptrace read access and the capability",
						cite: "map_files_cap",
					}
				: {
						results: ["EPERM", "-"],
						reason: "ptrace read access is not enough to follow the link",
						cite: "map_files_cap",
					};
		},
		catches:
			"the real ids count instead of the ones for files, or not all ids of the process do",
	};
}

/** A tracer has all of its tracee's memory, and still not the files behind it. */
const TRACED: Row = {
	name: "other_traced_open",
	title: "trace a child of one's own and open a mapping of it",
	probe: "open",
	program:
		"@ spawn=t { map=m,memfd,0666,others } seize=t open=g,r,/proc/$t/map_files/$m read=g,6",
	// Where the number in slot t is the child's in the mounted proc, too.
	subjects: both(few, at("uid0", "uid1000", "userns")),
	expect: gate(
		() => 0,
		{
			results: ["0", "0", "0:others"],
			reason: "the subject has the capability in the initial user namespace",
			cite: "map_files_cap",
		},
		{
			results: ["0", "EPERM", "-"],
			reason: "tracing is not enough to follow the link",
			cite: "map_files_cap",
		},
	),
	catches: "the tracer of a process needs no capability",
};

/** Access that a capability beyond user ids gives: for those that need two at once. */
function hidden(
	name: string,
	option: string,
	results: readonly string[],
	reason: string,
): Row {
	return {
		name,
		title: `open a mapping of a process of user 2000 in a proc mounted with ${option}`,
		probe: "open",
		program: `spawn=t { uid=2000 caps=none dumpable=1 map=m,memfd,0666,others } scratch proc=/tmp/proc,${option} @ lstat=/tmp/proc/$t open=g,r,/tmp/proc/$t/map_files/$m`,
		subjects: at("uid1000"),
		expect: (s, facts) => {
			const looks = hasCapability(s, "sys_ptrace", 0);
			return looks
				? {
						results: ["0", mayCheckpointRestore(s, 0, facts) ? "0" : "EPERM"],
						reason: "ptrace read access sees through hidepid",
						cite: "hidepid",
					}
				: { results, reason, cite: "hidepid" };
		},
		needs: ["hidepid_per_mount"],
		catches:
			"hidepid hides less than it should, or the capability sees through it",
	};
}

export const OTHER_ROWS: readonly Row[] = [
	...OTHERS.flatMap(rowsFor),
	rowOfIds("same", "1000/1000/1000"),
	rowOfIds("real", "2000/1000/1000"),
	rowOfIds("effective", "1000/2000/1000"),
	rowOfIds("saved", "1000/1000/2000"),
	TRACED,
	hidden(
		"hidepid_1",
		"hidepid=1",
		["0", "EPERM"],
		"hidepid=1 shows the process's directory and refuses what is in it",
	),
	hidden(
		"hidepid_2",
		"hidepid=2",
		["ENOENT", "ENOENT"],
		"hidepid=2 hides the process's directory",
	),
];
