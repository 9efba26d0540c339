/** What is known of map_files, and the rows that ask a kernel about it. */
import type { Statement } from "../model/statement.js";

export const MAP_FILES_STATEMENTS: readonly Statement[] = [
	{
		says: "ptrace read access goes by the looker's ids for files, not its real ones, against the process's real, effective and saved ones",
		rows: [
			"map_files.other_ids_same",
			"map_files.other_ids_real",
			"map_files.other_ids_effective",
			"map_files.other_ids_saved",
		],
	},
	{
		says: "RESOLVE_BENEATH, RESOLVE_IN_ROOT and RESOLVE_NO_XDEV are EXDEV behind the capability",
		rows: ["map_files.beneath", "map_files.in_root", "map_files.no_xdev"],
	},
	{
		says: "a capability that let somebody through is accounted (PF_SUPERPRIV)",
		rows: ["map_files.accounted"],
	},
	{
		says: "the directory, readlink, lstat, O_PATH|O_NOFOLLOW are free",
		rows: [
			"map_files.readdir",
			"map_files.readlink",
			"map_files.lstat",
			"map_files.open_path_nofollow",
		],
	},
	{
		says: "stat, open, O_PATH that follow take the capability in the initial user namespace",
		rows: [
			"map_files.stat",
			"map_files.read_memfd",
			"map_files.write_memfd",
			"map_files.open_path",
		],
	},
	{
		says: "each open asks anew: credentials are the opener's at that time",
		rows: [
			"map_files.dropped_after_open",
			"map_files.thread_without_capability",
			"map_files.permitted_only",
		],
	},
	{
		says: "executing the link follows it; what is mapped for reading only is guarded like the rest",
		rows: ["map_files.exec", "map_files.read_only"],
	},
	{
		says: "access() asks for the real user, AT_EACCESS for the effective one",
		rows: ["map_files.access", "map_files.eaccess"],
	},
	{
		says: "O_NOFOLLOW and RESOLVE_NO_SYMLINKS: ELOOP; RESOLVE_NO_MAGICLINKS: EPERM before ELOOP",
		rows: [
			"map_files.nofollow",
			"map_files.no_symlinks",
			"map_files.no_magiclinks",
		],
	},
	{
		says: "chmod through the link",
		rows: [],
		unasked:
			"EPERM for everyone but the file's owner, with the capability or without; stat and open ask the same question with an answer",
	},
	{
		says: "a range that is not mapped, a name that is none: ENOENT",
		rows: ["map_files.missing_mapping", "map_files.malformed_name"],
	},
	{
		says: "deleted files, memfds, anonymous shared memory, System V segments, sealed, secret and huge pages",
		rows: [
			"map_files.read_deleted",
			"map_files.read_memfd",
			"map_files.read_anon",
			"map_files.read_sysv",
			"map_files.sealed",
			"map_files.secret",
			"map_files.secret_of_root",
			"map_files.hugetlb",
		],
	},
	{
		says: "behind the link the file's permissions count, the directories' above it do not",
		rows: [
			"map_files.inode_permissions",
			"map_files.memfd_mode",
			"map_files.unsearchable_directory",
		],
	},
	{
		says: "io_uring's ring is ENXIO",
		rows: [],
		unasked:
			"distributions turn io_uring off; secret memory shows the same answer",
	},
	{
		says: "another process: same user, other user, more capable, not dumpable",
		rows: [
			"map_files.other_same_user_open",
			"map_files.other_other_user_open",
			"map_files.other_more_capable_open",
			"map_files.other_not_dumpable_open",
			"map_files.other_same_user_readlink",
			"map_files.other_other_user_readlink",
			"map_files.other_more_capable_readlink",
			"map_files.other_not_dumpable_readlink",
		],
	},
	{
		says: "a tracer needs the capability, too",
		rows: ["map_files.other_traced_open"],
	},
	{
		says: "the own process, not dumpable",
		rows: ["routes.map_files_not_dumpable"],
	},
	{ says: "hidepid", rows: ["map_files.hidepid_1", "map_files.hidepid_2"] },
	{
		says: "what getdents() gives of a process that may not be looked into (2026's reordering)",
		rows: [],
		unasked:
			"the answer differs within stable series; lookup and open are asked instead",
	},
	{
		says: "the link leads to its own mapping's file, not to that of a mapping beside it",
		rows: ["map_files.neighbour"],
	},
	{
		says: "a proc that a user namespace mounted itself asks in the initial user namespace as well",
		rows: ["map_files.own_proc"],
	},
];
