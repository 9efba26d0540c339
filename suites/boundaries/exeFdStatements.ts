/** What is known of exe_fd, and the rows that ask a kernel about it. */
import type { Statement } from "../model/statement.js";

export const EXE_FD_STATEMENTS: readonly Statement[] = [
	{
		says: "a capability that let somebody through is accounted (PF_SUPERPRIV)",
		rows: ["exe_fd.accounted"],
	},
	{
		says: "exe_fd -1 takes nothing, with an auxiliary vector too, which is installed",
		rows: [
			"exe_fd.without_exe_fd",
			"exe_fd.without_exe_fd_auxv",
			"exe_fd.data_empty",
		],
	},
	{
		says: "the size is told to everyone, at the third argument",
		rows: ["exe_fd.map_size"],
	},
	{
		says: "the refusal is EPERM since 5.9, EINVAL before",
		rows: ["exe_fd.change", "exe_fd.fd_closed"],
	},
	{
		says: "size, pointer, addresses, auxiliary vector come before the capability",
		rows: [
			"exe_fd.arg5",
			"exe_fd.size_short",
			"exe_fd.bad_pointer",
			"exe_fd.code_empty",
			"exe_fd.brk_low",
			"exe_fd.address_high",
			"exe_fd.address_low",
			"exe_fd.auxv_big",
			"exe_fd.auxv_bad",
			"exe_fd.size_long",
			"exe_fd.auxv_null",
		],
	},
	{
		says: "what comes before the capability comes before any effect; RLIMIT_DATA does, whoever asks",
		rows: ["exe_fd.auxv_bad", "exe_fd.size_short", "exe_fd.data_limit"],
	},
	{
		says: "behind it: EBADF, EACCES for what can't be executed",
		rows: [
			"exe_fd.fd_closed",
			"exe_fd.fd_minus_2",
			"exe_fd.fd_path",
			"exe_fd.fd_directory",
			"exe_fd.fd_noexec",
			"exe_fd.fd_noexec_mount",
			"exe_fd.fd_sealed",
			"exe_fd.fd_mode",
			"exe_fd.fd_device",
		],
	},
	{
		says: "EBUSY while the old one is mapped, by path and not by inode; not on overlayfs since 6.7",
		rows: [
			"exe_fd.still_mapped",
			"exe_fd.other_name_mapped",
			"exe_fd.overlay_still_mapped",
		],
	},
	{
		says: "the change is real, and may be repeated; what is the executable already takes the capability as well",
		rows: [
			"exe_fd.change",
			"exe_fd.change_to_file",
			"exe_fd.change_twice",
			"exe_fd.same_exe",
		],
	},
	{
		says: "threads, a set-user-id program are no hindrance; the rest of the map takes effect, and dumpable stays",
		rows: [
			"exe_fd.second_thread",
			"exe_fd.set_user_id",
			"exe_fd.change_with_fields",
			"exe_fd.change_with_auxv",
			"exe_fd.stays_dumpable",
		],
	},
	{
		says: "a writer excludes, the new one can't be written, but for 6.11 and the first of 6.12; the old one can again",
		rows: ["exe_fd.fd_written", "exe_fd.write_after", "exe_fd.write_old"],
	},
	{
		says: "the capability in the own user namespace is enough, mapped there or not",
		rows: [
			"exe_fd.change",
			"workarounds.userns_exe_fd",
			"workarounds.userns_unmapped_exe_fd",
		],
	},
	{
		says: "older PR_SET_MM operations take CAP_SYS_RESOURCE",
		rows: [
			"exe_fd.older_exe_file",
			"exe_fd.older_auxv",
			"exe_fd.older_start_code",
			"exe_fd.older_unknown",
			"exe_fd.older_start_brk",
			"exe_fd.older_arg_start",
		],
	},
	{
		says: "permitted but not effective is not enough; credentials are a thread's",
		rows: ["exe_fd.permitted_only", "exe_fd.thread_without_capability"],
	},
	{
		says: "only -1 means no descriptor",
		rows: ["exe_fd.fd_zero", "exe_fd.fd_minus_2"],
	},
];
