/** prctl(PR_SET_MM, PR_SET_MM_MAP) with exe_fd: changing /proc/self/exe. */
import { holds } from "../model/caps.js";
import { type CiteName, has } from "../model/citations.js";
import type { Facts } from "../model/facts.js";
import {
	always,
	type ExpectedResult,
	few,
	named,
	type Row,
	type Suite,
	swept,
	wide,
} from "../model/row.js";
import { mayCheckpointRestore, type Subject } from "../model/subjects.js";
import { EXE_FD_STATEMENTS } from "./exeFdStatements.js";
import { accounted } from "./setTidFlags.js";

const GRANTED = "the subject has the capability in its own user namespace";
const DENIED =
	"neither CAP_CHECKPOINT_RESTORE nor CAP_SYS_ADMIN in the subject's own user namespace";

/** The refusal: EPERM since CAP_CHECKPOINT_RESTORE came, EINVAL before. */
function denied(facts: Facts): { errno: string; cite: CiteName } {
	return facts.checkpointRestore
		? { errno: "EPERM", cite: "exe_fd_cap" }
		: { errno: "EINVAL", cite: "exe_fd_old" };
}

function gated(
	granted: readonly ExpectedResult[],
	refused: (errno: string) => readonly ExpectedResult[],
	reason = GRANTED,
	cite: CiteName = "exe_fd_cap",
): Row["expect"] {
	return (s, facts) => {
		if (mayCheckpointRestore(s, s.userDepth, facts))
			return { results: granted, reason, cite };
		const no = denied(facts);
		return { results: refused(no.errno), reason: DENIED, cite: no.cite };
	};
}

/** What comes before the capability: with a descriptor that is none, so that the order shows, and with one that would do. */
function before(name: string, args: string, errno: string, title: string): Row {
	return {
		name,
		title,
		probe: "mm_map",
		program: `exe_unmap memfd=x mm_map=exe:9999,${args} mm_map=exe:x,${args} exe=x`,
		subjects: few,
		expect: always(
			[errno, errno, "0:no"],
			"checked before the capability, and before anything changes",
			"mm_map_order",
		),
		catches:
			"the capability is checked before the map, or the executable changes before it",
	};
}

/** What comes behind it: those without the capability do not learn of it. */
function behind(
	name: string,
	setup: string,
	exe: string,
	errno: string,
	title: string,
	more: Partial<Row> = {},
): Row {
	const opens = setup.match(/\bopen=/g)?.length ?? 0;
	const opened: ExpectedResult[] = Array(opens).fill("0");
	return {
		name,
		title,
		probe: "mm_map",
		program: `${setup}${setup === "" ? "" : " "}mm_map=exe:${exe}`,
		subjects: few,
		expect: gated(
			[...opened, errno],
			(no) => [...opened, no],
			"the descriptor is checked after the capability",
			"exe_file_checks",
		),
		catches: "the descriptor is checked before the capability, or not checked",
		...more,
	};
}

/** Does executing deny writing to the file on this kernel? Since 5.15, but for 6.11 and the first of 6.12.y. */
const deniesWriting = ({ version }: Facts): boolean =>
	has("exe_file_writers", version) &&
	(!has("exe_file_no_writers", version) ||
		has("exe_file_writers_again", version));

/** A 32-bit x86 helper on a 64-bit kernel: the one pair whose structs differ in size (other 32-bit ABIs pad theirs to 104). */
const isCompat = ({ wordBits, reported }: Facts): boolean =>
	wordBits === 32 && reported.machine === "x86_64";

const hasResource = (s: Subject): boolean =>
	s.userDepth === 0 && holds(s.caps, "sys_resource");

/** The operations from before PR_SET_MM_MAP: another capability's. */
function older(option: string, allowed: string, setup = ""): Row {
	return {
		name: `older_${option}`,
		title: `PR_SET_MM_${option.toUpperCase()}, an older operation`,
		probe: "mm",
		program: `${setup}mm=${option}${setup === "" ? "" : ",x"}`,
		subjects: few,
		expect: (s) => {
			const opened: ExpectedResult[] = setup === "" ? [] : ["0"];
			return hasResource(s)
				? {
						results: [...opened, allowed],
						reason: "CAP_SYS_RESOURCE in the initial user namespace",
						cite: "mm_resource",
					}
				: {
						results: [...opened, "EPERM"],
						reason:
							"this operation takes CAP_SYS_RESOURCE in the initial user namespace",
						cite: "mm_resource",
					};
		},
		catches: "CAP_CHECKPOINT_RESTORE unlocks more of PR_SET_MM than it should",
	};
}

const FILE = "mkfile=/tmp/crcap-exe,0755,0";

/** An executable and a writer: what comes of it depends on whether the kernel keeps the two apart. */
const withWriter =
	(results: {
		readonly denied: (errno: string) => readonly ExpectedResult[];
		/** The kernel keeps them apart, for this reason. */
		readonly excluded: readonly ExpectedResult[];
		readonly reason: string;
		readonly let: readonly ExpectedResult[];
	}): Row["expect"] =>
	(s, facts) => {
		if (!mayCheckpointRestore(s, s.userDepth, facts))
			return {
				results: results.denied(denied(facts).errno),
				reason: DENIED,
				cite: denied(facts).cite,
			};
		return deniesWriting(facts)
			? {
					results: results.excluded,
					reason: results.reason,
					cite: "exe_file_writers",
				}
			: {
					results: results.let,
					reason: "on this kernel /proc/PID/exe does not exclude writers",
					cite: has("exe_file_writers", facts.version)
						? "exe_file_no_writers"
						: "exe_file_writers",
				};
	};

const ROWS: readonly Row[] = [
	{
		name: "change",
		title:
			"change /proc/self/exe to a memfd, after unmapping the old executable",
		probe: "mm_map",
		program: "exe_unmap memfd=x mm_map=exe:x exe=x",
		subjects: swept,
		expect: gated(["0", "0:yes"], (no) => [no, "0:no"]),
		catches:
			"the check is missing, asks for another capability or another user namespace; the link does not change, or changes in spite of the refusal",
	},
	{
		name: "change_to_file",
		title:
			"change /proc/self/exe to another executable file, after unmapping the old one",
		probe: "mm_map",
		program: `scratch ${FILE} @ exe_unmap open=x,r,/tmp/crcap-exe mm_map=exe:x exe=x`,
		subjects: wide,
		expect: gated(["0", "0", "0:yes"], (no) => ["0", no, "0:no"]),
		catches:
			"the check is missing, asks for another capability or another user namespace; the link does not change, or changes in spite of the refusal",
	},
	{
		name: "change_twice",
		title: "change /proc/self/exe, and once more",
		probe: "mm_map",
		program: "exe_unmap memfd=x memfd=y mm_map=exe:x mm_map=exe:y exe=y",
		subjects: few,
		expect: gated(
			["0", "0", "0:yes"],
			(no) => [no, no, "0:no"],
			"it may be done again and again since 4.10",
		),
		catches: "the second change is refused or without effect",
	},
	{
		name: "still_mapped",
		title: "change /proc/self/exe while the old executable is mapped",
		probe: "mm_map",
		program: "map=o,file,/proc/self/exe memfd=x mm_map=exe:x exe=x",
		subjects: wide,
		expect: gated(
			["EBUSY", "0:no"],
			(no) => [no, "0:no"],
			"the old executable is still mapped",
			"exe_file_busy",
		),
		catches: "EBUSY is answered before the capability is checked, or never",
	},
	{
		name: "permitted_only",
		title: "the capability is permitted but not effective",
		probe: "mm_map",
		program: "eff=none exe_unmap memfd=x mm_map=exe:x exe=x",
		subjects: few,
		expect: (_s, facts) => ({
			results: [denied(facts).errno, "0:no"],
			reason: "only effective capabilities count",
			cite: denied(facts).cite,
		}),
		catches: "the permitted set is looked at instead of the effective one",
	},
	{
		name: "thread_without_capability",
		title:
			"a thread drops its capabilities and tries, then the thread that kept them does",
		probe: "mm_map",
		program:
			"exe_unmap memfd=x thread { caps=none mm_map=exe:x } mm_map=exe:x exe=x",
		subjects: few,
		expect: (s, facts) =>
			mayCheckpointRestore(s, s.userDepth, facts)
				? {
						results: [denied(facts).errno, "0", "0:yes"],
						reason: "credentials belong to a thread",
						cite: "exe_fd_cap",
					}
				: {
						results: [denied(facts).errno, denied(facts).errno, "0:no"],
						reason: DENIED,
						cite: denied(facts).cite,
					},
		catches: "the process's credentials count instead of the thread's",
	},
	{
		name: "same_exe",
		title: "change /proc/self/exe to what it is already",
		probe: "mm_map",
		program: "exe_unmap open=x,r,/proc/self/exe mm_map=exe:x exe=x",
		subjects: few,
		expect: gated(["0", "0", "0:yes"], (no) => ["0", no, "0:yes"]),
		catches: "the check is left out where nothing would change",
	},
	{
		name: "second_thread",
		title: "a second thread changes it, while the first one lives",
		probe: "mm_map",
		program: "exe_unmap memfd=x thread { mm_map=exe:x } exe=x",
		subjects: few,
		expect: gated(["0", "0:yes"], (no) => [no, "0:no"]),
		catches: "a process with threads may not change it",
	},
	{
		name: "stays_dumpable",
		title: "after the change, open a file in /proc/self that takes dumpable",
		probe: "mm_map",
		program:
			"exe_unmap memfd=x mm_map=exe:x exe=x open=o,w,/proc/self/oom_score_adj",
		subjects: few,
		expect: gated(["0", "0:yes", "0"], (no) => [no, "0:no", "0"]),
		catches: "the process is not dumpable afterwards",
	},
	{
		name: "change_with_auxv",
		title: "change /proc/self/exe and the auxiliary vector in one call",
		probe: "mm_map",
		program: "exe_unmap memfd=x mm_map=exe:x,auxv:ok exe=x auxv",
		subjects: few,
		expect: gated(["0", "0:yes", "0:yes"], (no) => [no, "0:no", "0:no"]),
		catches:
			"the auxiliary vector is lost when the executable changes, or changes in spite of the refusal",
	},
	{
		name: "set_user_id",
		title: "change /proc/self/exe to a set-user-id program",
		probe: "mm_map",
		program:
			"scratch mkfile=/tmp/crcap-s,4755,0 @ exe_unmap open=x,r,/tmp/crcap-s mm_map=exe:x exe=x",
		subjects: few,
		expect: gated(["0", "0", "0:yes"], (no) => ["0", no, "0:no"]),
		catches: "a set-user-id program is refused",
	},
	{
		name: "other_name_mapped",
		title:
			"change /proc/self/exe while the old executable is mapped under another of its names",
		probe: "mm_map",
		program:
			"scratch selfcopy=/tmp/a,0755,0,real link=/tmp/a,/tmp/b exec=/tmp/a @ exe_unmap map=o,file,/tmp/b memfd=x mm_map=exe:x exe=x",
		subjects: few,
		expect: gated(
			["0", "0:yes"],
			(no) => [no, "0:no"],
			"mappings are found by path, not by inode",
			"exe_file_busy",
		),
		catches: "a mapping of the old executable's inode under any name keeps it",
	},
	{
		name: "data_limit",
		title: "RLIMIT_DATA below what the map says: refused, whoever asks",
		probe: "mm_map",
		program:
			"exe_unmap memfd=x mm_map=exe:-1 rlimit=data,0 mm_map=exe:-1 mm_map=exe:9999 mm_map=exe:x exe=x",
		subjects: few,
		expect: always(
			["0", "EINVAL", "EINVAL", "EINVAL", "0:no"],
			"the limit is checked before the capability, and none passes it by",
			"mm_map_order",
		),
		catches: "CAP_CHECKPOINT_RESTORE passes RLIMIT_DATA by",
	},
	accounted(
		"exe_unmap memfd=x",
		"mm_map=exe:x",
		(s) => s.userDepth,
		"exe_fd_cap",
		"0",
	),
	before("arg5", "arg5:1", "EINVAL", "the unused argument is not 0"),
	before(
		"size_short",
		"size:96",
		"EINVAL",
		"a struct prctl_mm_map of another size",
	),
	before(
		"size_long",
		"size:112",
		"EINVAL",
		"a struct prctl_mm_map of another size",
	),
	before("bad_pointer", "ptr:bad", "EFAULT", "a struct at a bad address"),
	before(
		"code_empty",
		"spoil:start_code",
		"EINVAL",
		"start_code is not below end_code",
	),
	before("brk_low", "spoil:brk", "EINVAL", "brk is below start_brk"),
	before(
		"address_high",
		"spoil:arg_high",
		"EINVAL",
		"an address beyond any task's",
	),
	before(
		"address_low",
		"spoil:arg_low",
		"EINVAL",
		"an address below mmap_min_addr",
	),
	before(
		"auxv_big",
		"auxv:big",
		"EINVAL",
		"an auxiliary vector that is too large",
	),
	before(
		"auxv_bad",
		"auxv:bad",
		"EFAULT",
		"an auxiliary vector at a bad address",
	),
	before(
		"auxv_null",
		"auxv:null",
		"EINVAL",
		"an auxiliary vector at NULL with a size",
	),
	behind("fd_closed", "", "9999", "EBADF", "a descriptor that is not open"),
	behind("fd_minus_2", "", "-2", "EBADF", "exe_fd -2: only -1 means none"),
	{
		name: "fd_zero",
		title: "exe_fd 0: a descriptor like any other",
		probe: "mm_map",
		program: "mm_map=exe:0",
		subjects: named(
			"uid1000-none",
			"uid1000-all_but_both",
			"userns_pidns-none",
		),
		expect: (_s, facts) => ({
			results: [denied(facts).errno],
			reason: `${DENIED}; only -1 means none`,
			cite: denied(facts).cite,
		}),
		catches: "0 is taken for none",
	},
	{
		name: "change_with_fields",
		title: "change /proc/self/exe and arg_start in one call",
		probe: "mm_map",
		program: "exe_unmap memfd=x mm_map=exe:x,shift:1 exe=x arg_shift",
		subjects: few,
		expect: gated(["0", "0:yes", "0:1"], (no) => [no, "0:no", "0:0"]),
		catches:
			"the fields are lost when the executable changes, or change in spite of the refusal",
	},
	behind(
		"fd_path",
		"open=x,path,/proc/version",
		"x",
		"EBADF",
		"an O_PATH descriptor",
	),
	behind("fd_directory", "open=x,r+dir,/", "x", "EACCES", "a directory"),
	behind("fd_device", "open=x,r,/dev/null", "x", "EACCES", "a device"),
	behind(
		"fd_noexec",
		"open=x,r,/proc/version",
		"x",
		"EACCES",
		"a file on a file system without executables",
	),
	behind(
		"fd_sealed",
		"memfd=x,noexec",
		"x",
		"EACCES",
		"a memfd that is sealed against execution",
		{ needs: ["noexec_seal"] },
	),
	{
		name: "fd_mode",
		title: "a file that nobody may execute",
		probe: "mm_map",
		program:
			"scratch mkfile=/tmp/crcap-plain,0644,0 @ exe_unmap open=x,r,/tmp/crcap-plain mm_map=exe:x exe=x",
		subjects: few,
		expect: gated(
			["0", "EACCES", "0:no"],
			(no) => ["0", no, "0:no"],
			"the descriptor is checked after the capability",
			"exe_file_checks",
		),
		catches: "a file that can't be executed becomes /proc/self/exe",
	},
	{
		name: "fd_noexec_mount",
		title: "an executable file on a mount with noexec",
		probe: "mm_map",
		program:
			"scratch tmpfs=/tmp/n,noexec mkfile=/tmp/n/x,0755,0 @ exe_unmap open=x,r,/tmp/n/x mm_map=exe:x exe=x",
		subjects: few,
		expect: gated(
			["0", "EACCES", "0:no"],
			(no) => ["0", no, "0:no"],
			"what can't be executed where it lies can't be /proc/self/exe",
			"exe_file_checks",
		),
		catches: "a file that a mount keeps from execution becomes /proc/self/exe",
	},
	{
		name: "fd_written",
		title: "a file that is open for writing",
		probe: "mm_map",
		program: `scratch ${FILE} open=w,w,/tmp/crcap-exe @ exe_unmap open=x,r,/tmp/crcap-exe mm_map=exe:x exe=x`,
		subjects: few,
		expect: withWriter({
			denied: (errno) => ["0", errno, "0:no"],
			excluded: ["0", "EACCES", "0:no"],
			let: ["0", "0", "0:yes"],
			reason: "an executable may have no writer",
		}),
		catches: "the new executable can be written while it is one",
	},
	{
		name: "write_after",
		title: "after the change, open the new executable for writing",
		probe: "open",
		program:
			"scratch mkfile=/tmp/crcap-exe,0777,0 @ exe_unmap open=x,r,/tmp/crcap-exe mm_map=exe:x open=w,w,/tmp/crcap-exe",
		subjects: few,
		expect: withWriter({
			denied: (errno) => ["0", errno, "0"],
			excluded: ["0", "0", "ETXTBSY"],
			let: ["0", "0", "0"],
			reason: "the new executable can't be written",
		}),
		catches: "the new executable can be written while it is one",
	},
	{
		name: "write_old",
		title:
			"change it to a file and to another one: the first can be written again",
		probe: "open",
		program:
			"scratch mkfile=/tmp/crcap-exe,0777,0 @ exe_unmap memfd=y open=x,r,/tmp/crcap-exe mm_map=exe:x mm_map=exe:y exe=y open=w,w,/tmp/crcap-exe",
		subjects: few,
		expect: gated(["0", "0", "0", "0:yes", "0"], (no) => [
			"0",
			no,
			no,
			"0:no",
			"0",
		]),
		catches: "the old executable stays closed to writers",
	},
	{
		name: "overlay_still_mapped",
		title:
			"change /proc/self/exe while the old executable, a file on overlayfs, is mapped",
		probe: "mm_map",
		program:
			"scratch overlay=/tmp selfcopy=/tmp/merged/x,0755,0,real @ exec=/tmp/merged/x memfd=x mm_map=exe:x exe=x",
		// The execve takes a user who is root in the initial namespace or keeps the capability as ambient.
		subjects: named("uid0-none"),
		expect: (_s, facts) =>
			has("overlay_exe", facts.version)
				? {
						results: ["0", "0", "0:yes"],
						reason:
							"the mappings name the real file, so they are not found to be the executable's",
						cite: "overlay_exe",
					}
				: {
						results: ["0", "EBUSY", "0:no"],
						reason: "the old executable is still mapped",
						cite: "exe_file_busy",
					},
		needs: ["overlay"],
		catches:
			"EBUSY is not answered on overlayfs, or once more where it was not",
	},
	{
		name: "without_exe_fd",
		title: "PR_SET_MM_MAP with exe_fd -1: anyone may",
		probe: "mm_map",
		program: "mm_map=exe:-1",
		subjects: wide,
		expect: always(
			["0"],
			"the capability is asked for only when exe_fd is given",
			"mm_map_unprivileged",
		),
		catches: "the capability is asked for without exe_fd",
	},
	{
		name: "without_exe_fd_auxv",
		title: "PR_SET_MM_MAP with exe_fd -1 and an auxiliary vector: anyone may",
		probe: "mm_map",
		program: "mm_map=exe:-1,auxv:ok auxv",
		subjects: few,
		expect: always(
			["0", "0:yes"],
			"the capability is asked for only when exe_fd is given",
			"mm_map_unprivileged",
		),
		catches:
			"the capability is asked for without exe_fd, or the vector is lost",
	},
	{
		name: "data_empty",
		title: "start_data equal to end_data: allowed since 5.2",
		probe: "mm_map",
		program: "mm_map=exe:-1,spoil:data_equal",
		subjects: named("uid1000-none", "userns-none"),
		expect: always(
			["0"],
			"the order of the two is checked, not that they differ",
			"mm_map_order",
		),
		catches: "a process without data can't be restored",
	},
	{
		name: "map_size",
		title: "PR_SET_MM_MAP_SIZE: anyone may",
		probe: "mm_map_size",
		program: "mm_map_size mm_map_size=arg4 mm_map_size=bad",
		subjects: few,
		expect: (_s, facts) => {
			const size = isCompat(facts) ? "0:the 64-bit kernel's" : "0:native";
			return {
				results: [size, size, "EFAULT"],
				reason: isCompat(facts)
					? "nothing is translated for a 32-bit program: the struct is the kernel's own"
					: "the size is told to anyone, at the address in the third argument",
				cite: "mm_map_unprivileged",
			};
		},
		catches: "the size is told only with the capability",
	},
	older("start_code", "0"),
	older("start_brk", "0"),
	older("arg_start", "0"),
	older("auxv", "0"),
	older(
		"exe_file",
		"EBUSY",
		"map=o,file,/proc/self/exe open=x,r,/proc/self/exe ",
	),
	older("unknown", "EINVAL"),
];

export const EXE_FD: Suite = {
	name: "exe_fd",
	description:
		"prctl(PR_SET_MM, PR_SET_MM_MAP) with exe_fd: changing /proc/self/exe",
	needs: ["mm_map"],
	statements: EXE_FD_STATEMENTS,
	rows: ROWS.map((row) => ({ levels: 0, ...row })),
};
