/** Settings in which the doctor is asked, and what it must say there; targets of which it is asked. */
import {
	mounted,
	stayer,
	USER,
	under,
	userWith,
	type Words,
	withFileCaps,
} from "./settings.test.helper.js";

/** Capabilities that ask for no other user's leave. */
export const CAP = userWith("checkpoint_restore");
export const SIX = [
	...["ns_last_pid", "set_tid", "map_files"],
	...["exe_fd", "ipc_next_id", "tty_lock"],
];

export interface Row {
	readonly name: string;
	readonly setting: () => Words;
	readonly program?: () => string;
	/** What is blocked, and by what. */
	readonly blocked: Readonly<Record<string, readonly string[]>>;
}

const all = (...causes: string[]): Record<string, readonly string[]> =>
	Object.fromEntries(SIX.map((name) => [name, causes]));

export const ROWS: readonly Row[] = [
	{
		name: "a user with the capability",
		setting: () => CAP,
		blocked: {},
	},
	{
		name: "a user without",
		setting: () => USER,
		blocked: all("not-permitted"),
	},
	{
		name: "a user who can't get it",
		setting: () => [...USER, "--bounding-set", "-checkpoint_restore"],
		blocked: all("bounding-set"),
	},
	{
		name: "a user who gets nothing from files",
		setting: () => [...USER, "--no-new-privs"],
		blocked: all("no-new-privs"),
	},
	{
		name: "a user with the capability who gets nothing from files",
		setting: () => [...CAP, "--no-new-privs"],
		blocked: {},
	},
	{
		name: "a program whose file makes it permitted only",
		setting: () => USER,
		program: () => withFileCaps("p"),
		blocked: all("not-effective"),
	},
	{
		name: "a program whose file makes it effective",
		setting: () => USER,
		program: () => withFileCaps("ep"),
		blocked: {},
	},
	{
		name: "that program, where files give nothing",
		// setpriv itself still has what it could hand on: another one does not.
		setting: () => [...USER, "setpriv", "--no-new-privs"],
		program: () => withFileCaps("ep"),
		blocked: all("no-new-privs"),
	},
	{
		name: "a user namespace",
		setting: () => ["unshare", "--user", "--map-root-user"],
		blocked: Object.fromEntries(
			SIX.filter((name) => name !== "exe_fd").map((name) => [
				name,
				["user-namespace"],
			]),
		),
	},
	{
		name: "a user namespace with a pid and an IPC namespace",
		setting: () => [
			...["unshare", "--user", "--map-root-user", "--ipc"],
			...["--pid", "--fork", "--mount-proc"],
		],
		blocked: { map_files: ["user-namespace"], tty_lock: ["user-namespace"] },
	},
	{
		name: "a /proc/sys that is read-only",
		setting: () =>
			mounted(
				"mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys",
			),
		blocked: { ns_last_pid: ["read-only"], ipc_next_id: ["read-only"] },
	},
	{
		name: "the same for a user without the capability",
		setting: () => [
			...mounted(
				"mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys",
			),
			...USER,
		],
		blocked: {
			...all("not-permitted"),
			ns_last_pid: ["read-only", "not-permitted"],
			ipc_next_id: ["read-only", "not-permitted"],
		},
	},
	{
		name: "a /proc/sys that is bound and can be written",
		setting: () => mounted("mount --bind /proc/sys /proc/sys"),
		blocked: {},
	},
	{
		name: "sysctls with something else over them",
		setting: () =>
			mounted(
				"mount --bind /dev/null /proc/sys/kernel/ns_last_pid; mount --bind /dev/null /proc/sys/kernel/msg_next_id",
			),
		blocked: { ns_last_pid: ["masked"], ipc_next_id: ["masked"] },
	},
	{
		name: "a /proc/sys with something else over it",
		setting: () => mounted("mount -t tmpfs none /proc/sys"),
		blocked: { ns_last_pid: ["masked"], ipc_next_id: ["masked"] },
	},
	{
		name: "no procfs",
		setting: () => mounted("mount -t tmpfs none /proc"),
		blocked: { ...all("no-proc"), ptrace: ["no-proc"] },
	},
	{
		name: "no pseudo-terminals",
		setting: () => mounted("mount --bind /dev/null /dev/ptmx"),
		blocked: { tty_lock: ["no-terminal"] },
	},
	{
		name: "a filter that hides clone3",
		setting: () => [under, "filter", "clone3", "38"],
		blocked: { set_tid: ["seccomp"] },
	},
	{
		name: "a filter that forbids clone3",
		setting: () => [under, "filter", "clone3", "1"],
		blocked: { set_tid: ["seccomp"] },
	},
	{
		name: "a filter that kills for clone3",
		setting: () => [under, "filter", "clone3", "0"],
		blocked: { set_tid: ["seccomp"] },
	},
	{
		name: "a filter that forbids PR_SET_MM",
		setting: () => [under, "prctl", "1"],
		blocked: { exe_fd: ["seccomp"] },
	},
	{
		name: "a filter that forbids ptrace",
		setting: () => [under, "filter", "ptrace", "1"],
		blocked: { ptrace: ["seccomp"] },
	},
	{
		name: "a filter, and no capability",
		setting: () => [
			...[under, "filter", "clone3", "38"],
			...[...USER, "--bounding-set", "-checkpoint_restore"],
		],
		blocked: {
			...all("bounding-set"),
			set_tid: ["seccomp", "bounding-set"],
		},
	},
];

export interface TargetRow {
	readonly name: string;
	readonly asker: Words;
	readonly target: () => Words;
	readonly map_files: readonly string[];
	readonly ptrace: readonly string[];
}

const both = (...causes: string[]) => ({ map_files: causes, ptrace: causes });

export const TARGETS: readonly TargetRow[] = [
	{
		name: "of the same user",
		asker: CAP,
		target: () => [...USER, under, "nothing"],
		...both(),
	},
	{
		name: "of the same user, without the capability",
		asker: USER,
		target: () => [...USER, under, "nothing"],
		map_files: ["not-permitted"],
		ptrace: [],
	},
	{
		name: "of another user",
		asker: CAP,
		target: () => [
			...["setpriv", "--reuid", "1001", "--regid", "1001", "--clear-groups"],
			...[under, "nothing"],
		],
		...both("other-user"),
	},
	{
		name: "that can't be dumped, since its file can't be read",
		asker: CAP,
		target: () => [...USER, "env", stayer(0o711), "nothing"],
		...both("not-dumpable"),
	},
	{
		name: "whose file can be read",
		asker: CAP,
		target: () => [...USER, "env", stayer(0o755), "nothing"],
		...both(),
	},
	{
		name: "with capabilities of its own",
		asker: CAP,
		target: () => [...userWith("net_raw"), under, "nothing"],
		...both("more-capable"),
	},
	{
		name: "with the asker's capability",
		asker: CAP,
		target: () => [...CAP, under, "nothing"],
		...both(),
	},
	{
		name: "that is traced",
		asker: CAP,
		target: () => [...USER, under, "traced"],
		map_files: [],
		ptrace: ["traced"],
	},
	{
		name: "that has ended",
		asker: CAP,
		target: () => [...USER, under, "ended"],
		...both("kernel-thread"),
	},
];
