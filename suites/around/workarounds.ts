/** The old ways round the capability: what an unprivileged user can do today. They are why it exists. */
import { always, named, type Row, type Suite } from "../model/row.js";
import { WORKAROUNDS_STATEMENTS } from "./workaroundsStatements.js";

const FILE = "/proc/sys/kernel/ns_last_pid";
const takes = named("uid1000-none");
const cite = "workaround" as const;
/** A set-user-id root helper that writes ns_last_pid for its caller. */
const HELPER = "scratch selfcopy=/tmp/helper,4755,0 @";
const ask = (pid: number): string =>
	`child { exec=/tmp/helper open=f,w,${FILE} write=f,${pid} }`;

const ROWS: readonly Row[] = [
	{
		name: "cycle_through_pids",
		title: "fork until the wanted pid comes",
		probe: "cycle",
		program: "cycle=100",
		subjects: takes,
		expect: always(
			["0:reached, * forks a second"],
			"pids are given out in order, and anyone may fork",
			cite,
		),
		levels: 1,
		catches: "pids are no longer given out in order",
		deadlineMs: 30_000,
	},
	{
		name: "suid_helper",
		boundaries: ["ns_last_pid"],
		title:
			"a set-user-id root helper writes ns_last_pid, then the caller forks",
		probe: "fork",
		program: `${HELPER} ${ask(23000)} fork`,
		subjects: takes,
		expect: always(
			["0", "0", "0:5", "0:23001"],
			"the helper has all capabilities, whoever calls it",
			cite,
		),
		needs: ["ns_last_pid"],
		levels: 1,
		catches: "set-user-id root gives no capabilities",
	},
	{
		name: "suid_helper_race",
		boundaries: ["ns_last_pid"],
		title: "the same, with somebody else's fork in between",
		probe: "fork",
		program: `${HELPER} ${ask(23100)} child { } fork`,
		subjects: takes,
		expect: always(
			["0", "0", "0:5", "0:23102"],
			"between the write and the fork any process may take the pid",
			cite,
		),
		needs: ["ns_last_pid"],
		levels: 1,
		catches: "the pid is kept for the writer",
	},
	{
		name: "ptrace_exe",
		title:
			"execute a file under ptrace and write over its code: /proc/PID/exe names a program that does not run",
		probe: "ptrace_exe",
		program:
			"scratch selfcopy=/tmp/victim,0755,0 @ exec=self ptrace_exe=/tmp/victim",
		subjects: takes,
		expect: always(
			["0", "0:rewritten, exe kept"],
			"a tracer may write to its tracee's text; the link stays",
			cite,
		),
		catches: "ptrace no longer writes to text, or the link follows",
	},
	{
		name: "own_loader",
		title:
			"map another file's code and run it: /proc/self/exe still names the loader",
		probe: "load_code",
		program:
			"scratch selfcopy=/tmp/loaded,0755,0 open=x,r,/tmp/loaded @ exec=self load_code=/tmp/loaded exe=x",
		subjects: takes,
		expect: always(
			["0", "0:41", "0:no"],
			"a program may load what it can read; the link stays",
			cite,
		),
		catches: "mapped code does not run",
	},
	{
		name: "userns_pidns_ns_last_pid",
		boundaries: ["ns_last_pid"],
		title: "make a user namespace and a pid namespace, and set pids in there",
		probe: "next_pid",
		program: `userns=0:1000:1 pidns open=f,w,${FILE} next_pid=f,9000`,
		subjects: takes,
		expect: always(
			["0", "0:+1"],
			"the maker of a user namespace has all capabilities in it",
			cite,
		),
		needs: ["ns_last_pid", "user_ns", "pid_ns", "unprivileged_userns"],
		levels: 0,
		catches:
			"unprivileged user namespaces give no capabilities over their own pid namespace",
	},
	{
		name: "userns_pidns_set_tid",
		boundaries: ["set_tid"],
		title:
			"make a user namespace and a pid namespace, and choose a pid in there",
		probe: "clone3",
		program: "userns=0:1000:1 pidns clone3=tid:5000",
		subjects: takes,
		expect: always(
			["0:*/5000"],
			"the maker of a user namespace has all capabilities in it",
			cite,
		),
		needs: ["clone3", "user_ns", "pid_ns", "unprivileged_userns"],
		levels: 0,
		catches:
			"unprivileged user namespaces give no capabilities over their own pid namespace",
	},
	{
		name: "userns_exe_fd",
		boundaries: ["exe_fd"],
		title: "make a user namespace and change /proc/self/exe",
		probe: "mm_map",
		program: "userns=0:1000:1 exe_unmap memfd=x mm_map=exe:x exe=x",
		subjects: takes,
		expect: always(
			["0", "0:yes"],
			"the maker of a user namespace has all capabilities in it",
			cite,
		),
		needs: ["mm_map", "user_ns", "unprivileged_userns"],
		catches: "unprivileged user namespaces give no capabilities",
	},
	{
		name: "userns_unmapped_exe_fd",
		boundaries: ["exe_fd"],
		title:
			"make a user namespace, map nobody into it, and change /proc/self/exe",
		probe: "mm_map",
		program: "userns exe_unmap memfd=x mm_map=exe:x exe=x",
		subjects: takes,
		expect: always(
			["0", "0:yes"],
			"the maker has all capabilities in it, whether or not it has a number there",
			cite,
		),
		needs: ["mm_map", "user_ns", "unprivileged_userns"],
		catches: "a user that its namespace does not map has no capability in it",
	},
	{
		name: "userns_map_files",
		boundaries: ["map_files"],
		title:
			"make a user namespace and open a memfd through map_files: this one stays closed",
		probe: "open",
		program:
			"userns=0:1000:1 map=m,memfd,0666,x open=g,r,/proc/self/map_files/$m",
		subjects: takes,
		expect: always(
			["EPERM"],
			"only the initial user namespace's capability counts",
			"map_files_cap",
		),
		needs: ["map_files", "user_ns", "unprivileged_userns"],
		catches: "a user namespace of one's own opens map_files",
	},
];

export const WORKAROUNDS: Suite = {
	name: "workarounds",
	description:
		"the old ways round the capability, and what an unprivileged user can do today",
	needs: [],
	statements: WORKAROUNDS_STATEMENTS,
	rows: ROWS.map((row) => ({ levels: 0, ...row })),
};
