/** What the routes themselves do: execve that fails, and the dumpable flag that file capabilities clear. */
import { always, gate, named, type Row, type Suite } from "../model/row.js";
import { ROUTES_STATEMENTS } from "./routesStatements.js";

const CR = "checkpoint_restore";
const CAPPED = `scratch selfcopy=/tmp/crprobe,0755 filecap=/tmp/crprobe,${CR}`;
const user = named("uid1000-none");
const TRACED = "a tracer takes nothing from its tracee, and gives it nothing";
const ADJ = "/proc/self/oom_score_adj";

const ROWS: readonly Row[] = [
	{
		name: "exec_bounded_ep",
		title:
			"execute a file with +ep whose capability is not in the bounding set",
		probe: "exec",
		program: `${CAPPED},ep bnd=all-${CR} @ exec=/tmp/crprobe`,
		subjects: user,
		expect: always(
			["EPERM"],
			"a file that counts on its capability is not executed without it",
			"file_caps",
		),
		catches:
			"the capability is had in spite of the bounding set, or lost in silence",
	},
	{
		name: "exec_bounded_p",
		boundaries: ["set_tid"],
		title: "execute a file with +p whose capability is not in the bounding set",
		probe: "exec",
		program: `${CAPPED},p bnd=all-${CR} @ exec=/tmp/crprobe clone3=tid:20000`,
		subjects: user,
		expect: always(
			["0", "EPERM"],
			"a file that only permits it is executed without it",
			"file_caps",
		),
		levels: 1,
		catches: "the capability is had in spite of the bounding set",
	},
	{
		name: "exec_no_new_privs",
		boundaries: ["set_tid"],
		title: "with no_new_privs, execute a file with +ep",
		probe: "clone3",
		program: `${CAPPED},ep @ nnp exec=/tmp/crprobe clone3=tid:20107`,
		subjects: user,
		expect: always(
			["0", "EPERM"],
			"no_new_privs: execve() gains nothing",
			"file_caps",
		),
		levels: 1,
		catches: "a file's capabilities are had in spite of no_new_privs",
	},
	{
		name: "exec_traced",
		boundaries: ["set_tid"],
		title:
			"traced by another process of the same user, execute a file with +ep",
		probe: "clone3",
		program: `${CAPPED},ep @ under_tracer exec=/tmp/crprobe clone3=tid:20110`,
		subjects: user,
		expect: always(
			["0", "EPERM"],
			"a tracer without CAP_SYS_PTRACE: execve() gains nothing",
			"file_caps",
		),
		levels: 1,
		catches: "a file's capabilities are had in the hands of a tracer",
	},
	{
		name: "exec_shared_fs",
		boundaries: ["set_tid"],
		title:
			"with a working directory that another process shares (CLONE_FS), execute a file with +ep",
		probe: "clone3",
		program: `${CAPPED},ep @ share_fs exec=/tmp/crprobe clone3=tid:20111`,
		subjects: user,
		expect: always(
			["0", "EPERM"],
			"the root directory is in another process's hands: execve() gains nothing",
			"file_caps",
		),
		levels: 1,
		catches:
			"a file's capabilities are had where another process may change the root directory",
	},
	{
		name: "exec_ambient",
		boundaries: ["set_tid"],
		title: "with the capability ambient, execute a plain file",
		probe: "clone3",
		program: `inh=${CR} amb=${CR} exec=self clone3=tid:20108`,
		subjects: named(`uid1000-cap_${CR}`),
		expect: always(
			["0", "0:20108"],
			"ambient capabilities stay over execve() of a plain file",
			"ambient",
		),
		levels: 1,
		catches: "execve() does not keep the capability",
	},
	{
		name: "setuid",
		boundaries: ["set_tid"],
		title: "leave user 0 with setuid()",
		probe: "clone3",
		program: "setuid=1000 clone3=tid:20109",
		subjects: named("uid0-all"),
		expect: always(
			["EPERM"],
			"who leaves user 0 and keeps nothing has nothing",
			"setuid_fixup",
		),
		levels: 1,
		catches: "setuid() leaves the capability",
	},
	{
		name: "new_userns_without_sys_admin",
		boundaries: ["exe_fd"],
		title:
			"make a user namespace, drop CAP_SYS_ADMIN, change /proc/self/exe in there",
		probe: "mm_map",
		program:
			"userns=0:1000:1 drop=sys_admin exe_unmap memfd=x mm_map=exe:x exe=x",
		subjects: user,
		expect: always(
			["0", "0:yes"],
			"the maker of a user namespace has every capability in it",
			"userns_caps",
		),
		needs: ["mm_map", "user_ns", "unprivileged_userns"],
		catches: "a new user namespace comes without the capability",
	},
	{
		name: "entered_userns",
		boundaries: ["exe_fd"],
		title:
			"enter a user namespace that a process of one's own made, drop CAP_SYS_ADMIN, change /proc/self/exe in there",
		probe: "mm_map",
		program:
			"spawn=t { userns=0:1000:1 } open=n,r,/proc/$t/ns/user exe_unmap memfd=x mm_map=exe:x setns?=fd,n drop=sys_admin mm_map=exe:x exe=x",
		subjects: user,
		expect: always(
			["0", "EPERM", "0", "0", "0:yes"],
			"whoever enters a user namespace has every capability in it, as its maker has",
			"userns_caps",
		),
		needs: ["mm_map", "user_ns", "unprivileged_userns"],
		catches: "setns() gives fewer capabilities than unshare(), or none",
	},
	{
		name: "file_v1",
		title:
			"give a file capabilities in the first format, which has 32 of them: refused",
		probe: "filecap_v1",
		program: "scratch mkfile=/tmp/v1,0755,0 @ filecap_v1=/tmp/v1",
		subjects: named("uid0-all"),
		expect: always(
			["EINVAL"],
			"only the second and the third format can be written",
			"file_caps_v1",
		),
		catches: "a file of the first format gives what it has no bits for",
	},
	{
		name: "traced",
		boundaries: ["map_files"],
		title:
			"open a memfd through map_files while another process traces this one",
		probe: "open",
		program:
			"traceme map=m,memfd,0666,bytes open=g,r,/proc/self/map_files/$m read=g,5",
		subjects: named("uid1000-none", `uid1000-cap_${CR}`),
		expect: gate(
			() => 0,
			{ results: ["0", "0:bytes"], reason: TRACED, cite: "map_files_cap" },
			{ results: ["EPERM", "-"], reason: TRACED, cite: "map_files_cap" },
		),
		needs: ["map_files"],
		catches: "the capability does not count under ptrace, where CRIU's are",
	},
	{
		name: "dumpable_after_ep",
		title: "after executing a file with +ep: its /proc/self files are root's",
		probe: "open",
		program: `${CAPPED},ep @ exec=/tmp/crprobe open=o,w,${ADJ} dumpable=1 open=p,w,${ADJ}`,
		subjects: user,
		expect: always(
			["0", "EACCES", "0"],
			"a process that gained capabilities is not dumpable until it says so",
			"dumpable",
		),
		needs: ["dumpable_lost"],
		catches:
			"a process with file capabilities stays dumpable, and others of its user may trace it",
	},
	{
		name: "dumpable_after_p",
		title: "after executing a file with +p: the same",
		probe: "open",
		program: `${CAPPED},p @ exec=/tmp/crprobe open=o,w,${ADJ} dumpable=1 open=p,w,${ADJ}`,
		subjects: user,
		expect: always(
			["0", "EACCES", "0"],
			"gaining a permitted capability counts, too",
			"dumpable",
		),
		needs: ["dumpable_lost"],
		catches:
			"a process with file capabilities stays dumpable, and others of its user may trace it",
	},
	{
		name: "dumpable_after_plain",
		title: "after executing a plain file: its /proc/self files are its own",
		probe: "open",
		program: `@ exec=self open=o,w,${ADJ}`,
		subjects: user,
		expect: always(["0", "0"], "nothing was gained", "dumpable"),
		catches: "every execve clears the flag",
	},
	{
		name: "map_files_not_dumpable",
		boundaries: ["map_files"],
		title:
			"after executing a file with +ep: its own map_files, root's now, still open to it",
		probe: "open",
		program: `${CAPPED},ep @ exec=/tmp/crprobe map=m,memfd,0666,bytes ls=/proc/self/map_files open=g,r,/proc/self/map_files/$m read=g,5`,
		subjects: user,
		expect: always(
			["0", "0:some", "0", "0:bytes"],
			"a thread may always look into its own process",
			"ptrace_access",
		),
		needs: ["map_files"],
		catches: "CRIU with file capabilities can't read its own map_files",
	},
];

export const ROUTES: Suite = {
	name: "routes",
	description: "what executing files with capabilities does to the boundaries",
	needs: ["cap_checkpoint_restore"],
	statements: ROUTES_STATEMENTS,
	rows: ROWS.map((row) => ({ levels: 0, ...row })),
};
