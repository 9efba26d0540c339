/** Which configurations are tried with which faults, how, and with which cases. */
import type { ConfigName } from "./kernel/build.js";

/** A configuration without something is tried with one fault of each boundary that it still has. */
export const SAMPLES: Readonly<
	Record<Exclude<ConfigName, "base" | "whole">, readonly string[]>
> = {
	"no-checkpoint-restore": [
		"set_tid-check_missing",
		"map_files-check_missing",
		"tty_lock-check_missing",
	],
	"no-user-ns": [
		"ns_last_pid-check_missing",
		"set_tid-check_missing",
		"map_files-check_missing",
		"exe_fd-check_missing",
		"ipc_next_id-check_missing",
		"tty_lock-check_missing",
	],
	"no-pid-ns": [
		"set_tid-check_missing",
		"map_files-check_missing",
		"exe_fd-check_missing",
		"ipc_next_id-check_missing",
		"tty_lock-check_missing",
	],
	// Everyone may do everything: what is left to catch is what comes of it.
	"no-multiuser": [
		"set_tid-no_effect",
		"map_files-exe_followed",
		"exe_fd-no_effect",
		"ipc_next_id-no_effect",
		"tty_lock-no_effect",
	],
	"no-cap": [
		"ns_last_pid-check_missing",
		"set_tid-check_missing",
		"map_files-check_missing",
		"exe_fd-check_missing",
		"ipc_next_id-check_missing",
		"tty_lock-check_missing",
	],
	// CRIU can show what is refused, what has no effect, and a deleted file that is open to a user namespace; it never asks for
	// what it has no capability for.
	criu: [
		"ns_last_pid-cap_not_honoured",
		"set_tid-cap_not_honoured",
		"map_files-cap_not_honoured",
		"exe_fd-cap_not_honoured",
		"set_tid-sys_admin_not_honoured",
		"ns_last_pid-no_effect",
		"set_tid-no_effect",
		"map_files-current_user_ns",
		"exe_fd-no_effect",
	],
	// The planted splats (splats.ts) are tried in it, not faults.
	debug: [],
};

interface Cases {
	/** The globs of the cases that the kernel without a fault is asked. */
	readonly whole: readonly string[];
	/** The globs of the cases that a kernel with a fault is asked. */
	readonly planted: readonly string[];
}

/** The cases that are tried where a configuration is there for one suite. */
export const CASES: Readonly<Partial<Record<ConfigName, Cases>>> = {
	criu: {
		whole: ["criu.*"],
		planted: [
			"criu.plain.criu_{ambient,no_clone3}-cap*",
			"criu.deleted.criu_{ambient,own_userns}-cap_checkpoint_restore",
		],
	},
};

/** What a configuration is said to be, since a run would rightly take it for a broken kernel. */
export const EXPECT: Readonly<Partial<Record<ConfigName, readonly string[]>>> =
	{ "no-cap": ["no-cap-checkpoint-restore"] };

/** Other options of its runs. */
export const MEANT: Readonly<Partial<Record<ConfigName, readonly string[]>>> = {
	"no-multiuser": ["--max-skipped", "100"],
	// Whatever it says of itself fails the case.
	debug: ["--splats", "fail"],
};

/** Beside all cases of its own part, a fault must fail none of these. */
export const OTHERS = [
	"*.uid1000-none",
	"*.uid1000-cap_checkpoint_restore",
	"*.userns_pidns-cap_checkpoint_restore",
	"containers.*",
	"workarounds.*",
];
