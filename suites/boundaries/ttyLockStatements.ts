/** What is known of tty_lock, and the rows that ask a kernel about it. */
import type { Statement } from "../model/statement.js";

export const TTY_LOCK_STATEMENTS: readonly Statement[] = [
	{
		says: "a capability that let somebody through is accounted (PF_SUPERPRIV)",
		rows: ["tty_lock.accounted"],
	},
	{
		says: "EPERM before EFAULT; reading the locks is free; only the initial user namespace counts",
		rows: [
			"tty_lock.lock",
			"tty_lock.bad_pointer",
			"tty_lock.read",
			"tty_lock.unlock",
		],
	},
	{
		says: "any descriptor and any kind of terminal: the master, one for reading only, a serial port",
		rows: [
			"tty_lock.through_master",
			"tty_lock.read_only_descriptor",
			"tty_lock.serial",
		],
	},
	{
		says: "what is locked stays: flags of each kind and characters, with every ioctl that sets termios",
		rows: [
			"tty_lock.lock_all",
			"tty_lock.lock_character",
			"tty_lock.settings_kept",
		],
	},
	{
		says: "permitted but not effective is not enough; credentials are a thread's",
		rows: ["tty_lock.permitted_only", "tty_lock.thread_without_capability"],
	},
	{
		says: "whose controlling terminal it is makes no difference",
		rows: ["tty_lock.controlling_terminal"],
	},
	{
		says: "hanging a terminal up takes CAP_SYS_ADMIN still",
		rows: ["tty_lock.hangup"],
	},
];
