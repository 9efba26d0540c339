/** TIOCSLCKTRMIOS: locking a terminal's settings. */
import { has } from "../model/citations.js";
import type { Facts } from "../model/facts.js";
import {
	always,
	type ExpectedResult,
	few,
	type Row,
	type Suite,
	sweptInitial,
} from "../model/row.js";
import { hasCapability, type Subject } from "../model/subjects.js";
import { TTY_LOCK_STATEMENTS } from "./ttyLockStatements.js";

/** CAP_CHECKPOINT_RESTORE counts here since 6.8 and in some stable releases; CAP_SYS_ADMIN always did. Only the initial user namespace counts. */
const may = (s: Subject, facts: Facts): boolean =>
	hasCapability(s, "sys_admin", 0) ||
	(facts.checkpointRestore &&
		has("tty_lock_cap", facts.version) &&
		hasCapability(s, "checkpoint_restore", 0));

function gated(
	granted: readonly ExpectedResult[],
	denied: readonly ExpectedResult[],
): Row["expect"] {
	return (s, facts) => {
		const cite = has("tty_lock_cap", facts.version)
			? "tty_lock_cap"
			: "tty_lock_old";
		return may(s, facts)
			? {
					results: granted,
					reason:
						"the subject has the capability in the initial user namespace",
					cite,
				}
			: {
					results: denied,
					reason:
						"none of the capabilities in the initial user namespace, the only one that counts here",
					cite,
				};
	};
}

/** TCSETS, TCSETSW, TCSETSF, TCSETS2, TCSETA, TCSETAW and TCSETAF. */
const WAYS = ["s", "sw", "sf", "s2", "a", "aw", "af"];

const ROWS: readonly Row[] = [
	{
		name: "lock",
		title: "lock ECHO: it can't be changed any more",
		probe: "tty_lock",
		program: "pty=y @ tty_lock=y tty_locked=y tty_echo=y",
		subjects: sweptInitial,
		expect: gated(["0", "0:echo", "0:kept"], ["EPERM", "0:none", "0:changed"]),
		catches:
			"the check is missing, asks for another capability or another user namespace; the lock has no effect, or has one in spite of the refusal",
	},
	{
		name: "unlock",
		title: "unlock what root locked",
		probe: "tty_lock",
		program: "pty=y tty_lock=y @ tty_lock=y,none tty_locked=y tty_echo=y",
		subjects: few,
		expect: gated(["0", "0:none", "0:changed"], ["EPERM", "0:echo", "0:kept"]),
		catches: "unlocking is not checked",
	},
	{
		name: "accounted",
		title:
			"lock, and look whether the kernel says that a capability was used (PF_SUPERPRIV): only where it was",
		probe: "tty_lock",
		program: "pty=y @ child { used tty_lock=y used }",
		subjects: few,
		expect: gated(["0:no", "0", "0:yes"], ["0:no", "EPERM", "0:no"]),
		catches:
			"the capability's use is not accounted, or is where it was refused",
	},
	{
		name: "bad_pointer",
		title: "lock with a bad pointer",
		probe: "tty_lock",
		program: "pty=y @ tty_lock=y,bad",
		subjects: few,
		expect: gated(["EFAULT"], ["EPERM"]),
		catches: "the settings are copied before the capability is checked",
	},
	{
		name: "read",
		title: "TIOCGLCKTRMIOS: anyone may see what is locked",
		probe: "tty_locked",
		program: "pty=y tty_lock=y @ tty_locked=y tty_locked=y,bad",
		subjects: few,
		expect: always(
			["0:echo", "EFAULT"],
			"seeing the locks takes no capability",
			"tty_lock_read",
		),
		catches: "seeing the locks takes the capability",
	},
	{
		name: "settings_kept",
		title: "locking changes what can be changed, not the settings",
		probe: "tty_mode",
		program: "pty=y @ tty_mode=y tty_lock=y tty_mode=y",
		subjects: few,
		expect: gated(
			["0:icanon echo isig", "0", "0:icanon echo isig"],
			["0:icanon echo isig", "EPERM", "0:icanon echo isig"],
		),
		catches: "the settings themselves are overwritten",
	},
	{
		name: "lock_character",
		title: "lock ECHO and the INTR character",
		probe: "tty_lock",
		program: "pty=y @ tty_lock=y,intr tty_locked=y",
		subjects: few,
		expect: gated(["0", "0:echo and intr"], ["EPERM", "0:none"]),
		catches: "characters are not locked",
	},
	{
		name: "through_master",
		title: "lock through the master side: the slave is locked",
		probe: "tty_lock",
		program: "pty=y,z @ tty_lock=z tty_locked=y tty_echo=y",
		subjects: few,
		expect: gated(["0", "0:echo", "0:kept"], ["EPERM", "0:none", "0:changed"]),
		catches: "the master side is not checked, or is locked itself",
	},
	{
		name: "read_only_descriptor",
		title: "lock through a descriptor that is open for reading only",
		probe: "tty_lock",
		program: "pty=y,z,r @ tty_lock=r tty_locked=y tty_echo=y",
		subjects: few,
		expect: gated(["0", "0:echo", "0:kept"], ["EPERM", "0:none", "0:changed"]),
		catches: "a descriptor that can't be written through is not checked",
	},
	{
		name: "serial",
		title:
			"a serial port: take away locks that it does not have, which changes nothing",
		probe: "tty_lock",
		program:
			"open=y,rw+noctty+nonblock,/dev/ttyS0 @ tty_locked=y tty_lock=y,none tty_locked=y",
		subjects: few,
		expect: gated(["0:none", "0", "0:none"], ["0:none", "EPERM", "0:none"]),
		needs: ["serial_port"],
		touchesHost: true,
		catches: "terminals other than pseudo-terminals are not checked",
	},
	{
		name: "lock_all",
		title:
			"lock everything: nothing of any kind can be changed, with none of the ioctls that set termios",
		probe: "tty_lock",
		program: `pty=y @ tty_lock=y,all ${WAYS.map((way) => `tty_change=y,${way}`).join(" ")}`,
		subjects: few,
		expect: gated(
			["0", ...WAYS.map(() => "0:kept")],
			["EPERM", ...WAYS.map(() => "0:changed")],
		),
		catches: "one kind of setting, or one ioctl, does not obey the lock",
	},
	{
		name: "controlling_terminal",
		title: "lock one's own controlling terminal, as leader of its session",
		probe: "tty_lock",
		program: "pty=y @ child { ctty=y tty_lock=y tty_locked=y }",
		subjects: few,
		expect: gated(["0", "0:echo"], ["EPERM", "0:none"]),
		catches: "who controls a terminal may lock it",
	},
	{
		name: "hangup",
		title: "TIOCVHANGUP, which takes CAP_SYS_ADMIN",
		probe: "tty_hangup",
		program: "pty=y @ tty_hangup=y",
		subjects: few,
		expect: (s) =>
			hasCapability(s, "sys_admin", 0)
				? {
						results: ["0"],
						reason: "CAP_SYS_ADMIN allows it",
						cite: "tty_lock_old",
					}
				: {
						results: ["EPERM"],
						reason: "this takes CAP_SYS_ADMIN",
						cite: "tty_lock_old",
					},
		catches:
			"CAP_CHECKPOINT_RESTORE unlocks more of the terminal than it should",
	},
	{
		name: "permitted_only",
		title: "the capability is permitted but not effective",
		probe: "tty_lock",
		program: "pty=y @ eff=none tty_lock=y tty_echo=y",
		subjects: few,
		expect: always(
			["EPERM", "0:changed"],
			"only effective capabilities count",
			"tty_lock_old",
		),
		catches: "the permitted set is looked at instead of the effective one",
	},
	{
		name: "thread_without_capability",
		title:
			"a thread drops its capabilities and locks, then the thread that kept them does",
		probe: "tty_lock",
		program: "pty=y @ thread { caps=none tty_lock=y } tty_lock=y tty_echo=y",
		subjects: few,
		expect: gated(["EPERM", "0", "0:kept"], ["EPERM", "EPERM", "0:changed"]),
		catches: "the process's credentials count instead of the thread's",
	},
];

export const TTY_LOCK: Suite = {
	name: "tty_lock",
	description: "ioctl(TIOCSLCKTRMIOS): locking a terminal's settings",
	needs: ["ptmx"],
	statements: TTY_LOCK_STATEMENTS,
	rows: ROWS.map((row) => ({ levels: 0, ...row })),
};
