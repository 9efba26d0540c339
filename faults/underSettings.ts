/** Faults that must be caught as well where a setting changes how the cases that catch them are tried. */
export const UNDER_SETTINGS: Readonly<Record<string, readonly string[]>> = {
	"sysctl.kernel.pid_max=4096": [
		"ns_last_pid-check_missing",
		"ns_last_pid-next_off_by_one",
		"ns_last_pid-range_off_by_one",
		"set_tid-check_missing",
		"set_tid-tid_off_by_one",
		"set_tid-last_pid_refused",
		"set_tid-innermost_only",
	],
	"sysctl.kernel.pid_max=1000": ["ns_last_pid-upper_bound_missing"],
	"sysctl.user.max_user_namespaces=0": [
		"set_tid-check_missing",
		"ns_last_pid-cap_not_honoured",
		"exe_fd-check_missing",
	],
	"sysctl.user.max_pid_namespaces=0": [
		"set_tid-cap_not_honoured",
		"ipc_next_id-check_missing",
	],
	"sysctl.user.max_ipc_namespaces=0 sysctl.user.max_mnt_namespaces=0": [
		"ipc_next_id-no_effect",
		"exe_fd-no_effect",
		"map_files-check_missing",
	],
	"sysctl.kernel.msgmni=0": ["ipc_next_id-sem_unchecked"],
	"sysctl.kernel.shmmni=0": ["ipc_next_id-id_off_by_one"],
	"sysctl.fs.suid_dumpable=1": [
		"exe_fd-dumpable_lost",
		"map_files-cap_not_honoured",
	],
	"sysctl.kernel.sysctl_writes_strict=0": [
		"ns_last_pid-remembered_on_fd",
		"ipc_next_id-remembered_on_fd",
	],
};
