/** Controls: mounts, names, pipes, queues, terminals. */
import { has } from "../model/citations.js";
import { type Facts, number } from "../model/facts.js";
import type { Expectation, Row } from "../model/row.js";
import { hasCapability, type Subject } from "../model/subjects.js";
import { CAUGHT, control, takes } from "./control.js";

/** Another user's queue, in an ipc namespace of the case's own, with which it goes. */
const QUEUE = "unshare=ipc spawn=t { uid=2000 caps=none dumpable=1 msgq=q }";

/** Removing takes CAP_SYS_ADMIN, seeing that it is still there CAP_IPC_OWNER. */
function removing(s: Subject): Expectation {
	if (hasCapability(s, "sys_admin", 0))
		return {
			results: ["0", "EINVAL"],
			reason: "CAP_SYS_ADMIN allows it",
			cite: "control_ipc_set",
		};
	return {
		results: ["EPERM", hasCapability(s, "ipc_owner", 0) ? "0:0600" : "EACCES"],
		reason: "this takes CAP_SYS_ADMIN",
		cite: "control_ipc_set",
	};
}

/** Where the sysctl dev.tty.legacy_tiocsti forbids it, it does so before the capability is asked for. */
function typing(s: Subject, facts: Facts): Expectation {
	const may = hasCapability(s, "sys_admin", 0);
	const spared = has("tiocsti_sys_admin", facts.version);
	if (number(facts, "legacy_tiocsti") === 0 && !(may && spared))
		return {
			results: ["EIO"],
			reason: `dev.tty.legacy_tiocsti is 0${spared ? ", and this takes CAP_SYS_ADMIN" : ""}`,
			cite: spared ? "tiocsti_sys_admin" : "tiocsti_legacy",
		};
	return may
		? {
				results: ["0:1"],
				reason: "CAP_SYS_ADMIN allows it",
				cite: "control_tiocsti",
			}
		: {
				results: ["EPERM"],
				reason: "this takes CAP_SYS_ADMIN",
				cite: "control_tiocsti",
			};
}

/** Who may is told that the terminal can't be written: the console's output stays where it is. */
function redirecting(s: Subject, facts: Facts): Expectation {
	if (!hasCapability(s, "sys_admin", 0))
		return {
			results: ["EPERM"],
			reason: "this takes CAP_SYS_ADMIN",
			cite: "control_tioccons",
		};
	return has("tioccons_writable", facts.version)
		? {
				results: ["EBADF"],
				reason: "CAP_SYS_ADMIN allows it, but for this terminal",
				cite: "tioccons_writable",
			}
		: {
				results: ["0"],
				reason: "CAP_SYS_ADMIN allows it",
				cite: "control_tioccons",
			};
}

export const OBJECT_ROWS: readonly Row[] = [
	control({
		name: "mount",
		title:
			"a bind mount in a mount namespace that the initial user namespace owns",
		program:
			"scratch mkdir=/tmp/from mkdir=/tmp/to mkfile=/tmp/from/file,0644,0,bound @ bind=/tmp/from,/tmp/to cat=/tmp/to/file",
		probe: "bind",
		capability: "sys_admin",
		granted: ["0", "0:bound"],
		denied: ["EPERM", "ENOENT"],
		cite: "control_mount",
	}),
	control({
		name: "hostname",
		title:
			"sethostname() in a uts namespace that the initial user namespace owns",
		program: "unshare=uts @ hostname=crcap",
		capability: "sys_admin",
		granted: ["0:crcap"],
		denied: ["EPERM"],
		cite: "control_hostname",
		needs: ["uts_ns"],
	}),
	control({
		name: "pipe_size",
		title: "a pipe beyond fs.pipe-max-size",
		program: "pipe_size",
		capability: "sys_resource",
		granted: ["0:larger"],
		denied: ["EPERM"],
		cite: "control_pipe_size",
	}),
	control({
		name: "msg_qbytes",
		title: "a message queue beyond kernel.msgmnb",
		program: "msg_qbytes",
		capability: "sys_resource",
		granted: ["0:1"],
		denied: ["EPERM"],
		cite: "control_msg_qbytes",
		needs: ["sysvipc"],
	}),
	control({
		name: "ipc_owner",
		title: "IPC_STAT of another user's message queue with mode 0600",
		program: `${QUEUE} @ msg_stat=q`,
		capability: "ipc_owner",
		granted: ["0:0600"],
		denied: ["EACCES"],
		cite: "control_ipc_owner",
		needs: ["sysvipc"],
	}),
	{
		name: "ipc_set",
		title: "remove another user's message queue",
		probe: "msg_remove",
		program: `${QUEUE} @ msg_remove=q msg_stat=q`,
		subjects: takes,
		expect: removing,
		needs: ["sysvipc"],
		catches: CAUGHT,
	},
	{
		name: "tiocsti",
		title: "TIOCSTI on a terminal that is not the own",
		probe: "tty_type",
		program: "pty=y,m @ tty_type=y",
		subjects: takes,
		expect: typing,
		needs: ["ptmx"],
		catches: CAUGHT,
	},
	{
		name: "tioccons",
		title: "TIOCCONS with a terminal that can't be written",
		probe: "tty_cons",
		program: "pty=y,m @ tty_cons=m",
		subjects: takes,
		expect: redirecting,
		needs: ["ptmx"],
		catches: CAUGHT,
	},
	control({
		name: "exclusive",
		title: "open a terminal that TIOCEXCL closed",
		program: "pty=y,m @ tty_exclusive=y,m",
		capability: "sys_admin",
		granted: ["0"],
		denied: ["EBUSY"],
		cite: "control_exclusive",
		needs: ["ptmx"],
	}),
];
