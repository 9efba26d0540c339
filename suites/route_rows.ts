/** What the routes themselves do: execve that fails, and the dumpable flag that file capabilities clear. */
import { always, named, type Row, type Suite } from "./row.js";

const CR = "checkpoint_restore";
const CAPPED = `scratch selfcopy=/tmp/crprobe,0755 filecap=/tmp/crprobe,${CR}`;
const user = named("uid1000-none");
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
		concerns: ["set_tid"],
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
		concerns: ["map_files"],
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
	rows: ROWS.map((row) => ({ levels: 0, ...row })),
};
