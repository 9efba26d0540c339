/** Writing /proc/sys/kernel/ns_last_pid: the pid that the next process gets. */

import { holds } from "../model/caps.js";
import {
	always,
	at,
	both,
	few,
	gate,
	named,
	pidsAt,
	type Row,
	type Suite,
	swept,
	wide,
} from "../model/row.js";
import {
	mayCheckpointRestore,
	pidOwner,
	type Subject,
} from "../model/subjects.js";
import { NS_LAST_PID_STATEMENTS } from "./nsLastPidStatements.js";
import { accounted } from "./setTidFlags.js";

const FILE = "/proc/sys/kernel/ns_last_pid";
const OPEN = `open=f,w,${FILE}`;
const PID_MAX = "/proc/sys/kernel/pid_max";

const GRANTED =
	"the subject has the capability in the user namespace that owns its pid namespace";
const DENIED =
	"neither CAP_CHECKPOINT_RESTORE nor CAP_SYS_ADMIN in the user namespace that owns the pid namespace";

const cite = "ns_last_pid_cap" as const;
const canUnshare = (s: Subject): boolean => holds(s.caps, "sys_admin");

/** A write whose effect a fork shows: granted, the next pid follows; denied, it must not. */
function effect(write: string, pid: number) {
	return {
		program: `${OPEN} ${write} fork`,
		expect: (s: Subject, facts: Parameters<Row["expect"]>[1]) =>
			mayCheckpointRestore(s, pidOwner(s), facts)
				? {
						results: ["0", "0", `0:${pidsAt(s, pid)}`],
						reason: GRANTED,
						cite,
					}
				: {
						results: ["0", "EPERM", `0:!${pidsAt(s, pid)}`],
						reason: DENIED,
						cite,
					},
	};
}

/** Values that parsing refuses: who may not write must not learn even that. */
function refused(name: string, text: string, title: string, prefix = ""): Row {
	return {
		name,
		title,
		probe: "write",
		program: `${prefix}${OPEN} write=f,${text}`,
		subjects: few,
		expect: gate(
			pidOwner,
			{
				results: ["0", "EINVAL"],
				reason: "no number from 0 to pid_max",
				cite: "ns_last_pid_range",
			},
			{
				results: ["0", "EPERM"],
				reason: "the capability is checked before the text is read",
				cite,
			},
		),
		catches:
			"the text is parsed before the capability is checked, or not checked against pid_max",
	};
}

/** Spellings of numbers that the kernel takes. */
function spelling(name: string, text: string, pid: number, title: string): Row {
	return {
		name,
		title,
		probe: "write",
		...effect(`write=f,${text}`, pid),
		subjects: few,
		catches: "the number is parsed in another way",
	};
}

/** Where the cursor goes at the ends of the range, in a pid namespace that has no other processes. */
function cursorAt(
	name: string,
	steps: string,
	next: number | string,
	title: string,
): Row {
	return {
		name,
		title,
		probe: "write",
		program: `${steps}${OPEN} write=f,$m fork`,
		subjects: both(at("pidns", "userns_pidns"), (s) =>
			/-(cap_checkpoint_restore|all)$/.test(s.name),
		),
		expect: (s) => ({
			results: ["0", "0", `0:${pidsAt(s, next)}`],
			reason:
				"the next pid is the first free one behind the cursor, or from 300 on behind the end",
			cite: "pid_alloc_wrap",
		}),
		catches: "the cursor is set to another pid than asked",
	};
}

const ROWS: readonly Row[] = [
	{
		name: "next_pid",
		title: "write N and fork: the child's pid is N+1",
		probe: "next_pid",
		program: `${OPEN} next_pid=f,9000`,
		subjects: swept,
		expect: gate(
			pidOwner,
			{ results: ["0", "0:+1"], reason: GRANTED, cite },
			{ results: ["0", "EPERM"], reason: DENIED, cite },
		),
		catches:
			"the check is missing, asks for another capability or another user namespace; the cursor is off by one",
	},
	{
		name: "refusal_has_no_effect",
		title:
			"write N, whatever comes of it, and fork: the pid is N+1 only where the write was allowed",
		probe: "write",
		...effect("write=f,21000", 21001),
		subjects: wide,
		catches:
			"the cursor moves in spite of EPERM, or does not move in spite of success",
	},
	{
		name: "read",
		title: "read the file: anyone may",
		probe: "cat",
		program: `cat=${FILE}`,
		subjects: wide,
		expect: always(
			["0:*"],
			"the capability is asked for on write only",
			"ns_last_pid_open",
		),
		catches: "the check is made on read as well as on write",
	},
	{
		name: "read_back",
		title:
			"write N and read the file: it says N only where the write was allowed",
		probe: "last_pid",
		program: `${OPEN} write=f,21950 last_pid`,
		subjects: few,
		expect: (s, facts) =>
			mayCheckpointRestore(s, pidOwner(s), facts)
				? { results: ["0", "0:5", "0:21950"], reason: GRANTED, cite }
				: { results: ["0", "EPERM", "0:!21950"], reason: DENIED, cite },
		catches: "what is read is not what was written",
	},
	{
		name: "open_read_write",
		title: "open it read-write, and truncate it: anyone may",
		probe: "open",
		program: `open=f,rw,${FILE} open=g,w+trunc+creat,${FILE}`,
		subjects: few,
		expect: always(
			["0", "0"],
			"the file's mode is 0666, the check is at write time",
			"ns_last_pid_open",
		),
		catches: "the check is made at open time",
	},
	{
		name: "access_says_nothing",
		title: "access(W_OK) succeeds for everyone",
		probe: "access",
		program: `access=w,${FILE}`,
		subjects: few,
		expect: always(
			["0"],
			"access(2) sees the mode 0666 only",
			"ns_last_pid_open",
		),
		catches: "the mode of the file is not 0666",
	},
	{
		name: "opened_by_root",
		title: "root opens the file, the subject writes to it",
		probe: "write",
		...effect("write=f,21100", 21101),
		program: `${OPEN} @ write=f,21100 fork`,
		expect: (s, facts) => {
			const all = effect("write=f,21100", 21101).expect(s, facts);
			return {
				...all,
				results: all.results.slice(1),
				reason: `${all.reason}; the writer counts, not the opener`,
			};
		},
		subjects: wide,
		catches:
			"the opener's credentials count instead of the writer's; the opener's pid namespace is changed",
	},
	{
		name: "opened_without_capability",
		title:
			"a thread without capabilities opens the file, the subject writes to it",
		probe: "write",
		program: `thread { caps=none ${OPEN} } write=f,21200 fork`,
		expect: effect("write=f,21200", 21201).expect,
		subjects: few,
		catches: "the opener's credentials count instead of the writer's",
	},
	{
		name: "thread_without_capability",
		title:
			"a thread drops its capabilities and writes, then the thread that kept them writes",
		probe: "write",
		program: `${OPEN} thread { caps=none write=f,21300 } seek=f,0 write=f,21400 fork`,
		expect: (s, facts) => {
			const [open, write, fork] = effect("", 21401).expect(s, facts).results;
			return {
				results: [open ?? "", "EPERM", "0", write ?? "", fork ?? ""],
				reason: "credentials belong to a thread",
				cite,
			};
		},
		subjects: few,
		catches: "the process's credentials count instead of the thread's",
	},
	{
		name: "dropped_after_open",
		title: "open, drop all capabilities, write",
		probe: "write",
		program: `${OPEN} caps=none write=f,21500 fork`,
		subjects: few,
		expect: (s) => ({
			results: ["0", "EPERM", `0:!${pidsAt(s, 21501)}`],
			reason: "credentials count when writing",
			cite,
		}),
		catches: "the capability is looked up when opening",
	},
	{
		name: "dropped_after_write",
		title:
			"write, drop all capabilities, write again through the same descriptor",
		probe: "write",
		program: `${OPEN} write=f,22500 caps=none seek=f,0 write=f,22600 fork`,
		subjects: few,
		expect: (s, facts) => ({
			results: [
				"0",
				mayCheckpointRestore(s, pidOwner(s), facts) ? "0:5" : "EPERM",
				"0",
				"EPERM",
				`0:!${pidsAt(s, 22601)}`,
			],
			reason: "credentials count at every write",
			cite,
		}),
		catches: "a write that was allowed is remembered in the open file",
	},
	{
		name: "read_write",
		title: "write through a descriptor opened for reading and writing",
		...effect("write=f,22700", 22701),
		program: `open=f,rw,${FILE} write=f,22700 fork`,
		probe: "write",
		subjects: few,
		catches: "only descriptors opened for writing alone are checked",
	},
	{
		name: "splice",
		title: "splice() the number from a pipe",
		probe: "splice",
		...effect("splice=f,23200", 23201),
		subjects: few,
		catches: "what comes by splice() counts as the kernel's own",
	},
	{
		name: "outer_namespace",
		title: "write N in a pid namespace and fork: only its own pids move",
		probe: "fork",
		program: `${OPEN} write=f,22800 fork fork`,
		subjects: both(at("pidns", "userns_pidns"), (s) =>
			/-(cap_checkpoint_restore|all)$/.test(s.name),
		),
		expect: (s) => ({
			results: ["0", "0:5", "0:!22801/22801", `0:${pidsAt(s, 22802)}`],
			reason: "each pid namespace has a cursor of its own",
			cite: "ns_last_pid_active",
		}),
		catches: "the pid namespaces above are changed as well",
	},
	{
		name: "permitted_only",
		title: "the capability is permitted but not effective",
		probe: "write",
		program: `${OPEN} eff=none write=f,21600 fork`,
		subjects: few,
		expect: (s) => ({
			results: ["0", "EPERM", `0:!${pidsAt(s, 21601)}`],
			reason: "only effective capabilities count",
			cite,
		}),
		catches: "the permitted set is looked at instead of the effective one",
	},
	{
		name: "inheritable_only",
		title: "the capability is inheritable but neither permitted nor effective",
		probe: "write",
		program: `inh=all eff=none prm=none ${OPEN} write=f,23300 fork`,
		subjects: named("uid0-all", "userns_pidns-all"),
		expect: (s) => ({
			results: ["0", "EPERM", `0:!${pidsAt(s, 23301)}`],
			reason: "only effective capabilities count",
			cite,
		}),
		catches: "the inheritable set is looked at as well",
	},
	{
		name: "out_of_bounding_set",
		title: "the capabilities are effective, but no longer in the bounding set",
		...effect("write=f,23400", 23401),
		program: `bnd=all-checkpoint_restore-sys_admin @ ${OPEN} write=f,23400 fork`,
		probe: "write",
		subjects: few,
		catches: "the bounding set is asked where only execve() should ask it",
	},
	{
		name: "filtered",
		title: "write under a seccomp filter that allows it",
		...effect("write=f,23500", 23501),
		program: `nnp seccomp=clone3-enosys ${OPEN} write=f,23500 fork`,
		probe: "write",
		subjects: few,
		needs: ["seccomp_filter"],
		catches: "the capability does not count under a seccomp filter",
	},
	{
		name: "flock",
		title:
			"lock the file as CRIU does: another open file can't lock it, and still writes to it",
		probe: "flock",
		program: `open=f,rw,${FILE} open=g,rw,${FILE} flock=f flock=g next_pid=g,23700 close=f flock=g`,
		subjects: few,
		expect: gate(
			pidOwner,
			{
				results: ["0", "0", "0", "EAGAIN", "0:+1", "0", "0"],
				reason: "the lock excludes who asks for it, and nobody else",
				cite: "flock",
			},
			{
				results: ["0", "0", "0", "EAGAIN", "EPERM", "0", "0"],
				reason: "anyone may lock it; the lock is no right to write",
				cite: "flock",
			},
		),
		levels: 1,
		catches: "the lock excludes nobody, or whoever did not ask for it",
	},
	accounted(OPEN, "write=f,23800", pidOwner, cite, "0:5", ["0"]),
	refused("garbage", "abc", "write text that is no number"),
	refused("negative", "-1", "write -1"),
	refused("too_large", "$m", "write pid_max+1", `number=m,${PID_MAX},1 `),
	refused("beyond_int", "2147483648", "write 2^31"),
	refused(
		"beyond_32_bits",
		"4294976296",
		"write 2^32+9000, which cut to 32 bits would be 9000",
	),
	refused("trailing_letter", "9000x", "write a number with a letter behind it"),
	refused("spaces", "%20%20", "write spaces only"),
	{
		name: "empty_write",
		title: "write no byte at all",
		probe: "write",
		program: `${OPEN} write=f,`,
		subjects: few,
		expect: gate(
			pidOwner,
			{
				results: ["0", "0:0"],
				reason: "nothing to parse",
				cite: "ns_last_pid_range",
			},
			{
				results: ["0", "EPERM"],
				reason: "the capability is checked before the length",
				cite,
			},
		),
		catches: "an empty write returns before the capability is checked",
	},
	spelling("hexadecimal", "0x5208", 21001, "write a hexadecimal number"),
	spelling(
		"white_space",
		"%2021002%0A",
		21003,
		"write a number between a space and a newline",
	),
	spelling(
		"second_number",
		"21004%201",
		21005,
		"write two numbers: the second is ignored",
	),
	{
		name: "second_write",
		title: "write twice on one descriptor: the second value is ignored",
		probe: "write",
		program: `${OPEN} write=f,21700 write=f,21800 fork`,
		subjects: few,
		expect: (s, facts) =>
			mayCheckpointRestore(s, pidOwner(s), facts)
				? {
						results: ["0", "0:5", "0:5", `0:${pidsAt(s, 21701)}`],
						reason:
							"with kernel.sysctl_writes_strict=1 only a write at offset 0 counts; others are taken and ignored",
						cite: "sysctl_writes_strict",
					}
				: {
						results: ["0", "EPERM", "EPERM", `0:!${pidsAt(s, 21701)}`],
						reason: DENIED,
						cite,
					},
		needs: ["writes_strict"],
		catches: "a write behind offset 0 is honoured",
	},
	{
		name: "write_at_offset",
		title: "pwrite at offset 1: taken and ignored",
		probe: "write",
		program: `${OPEN} write=f,21900,1 fork`,
		subjects: few,
		expect: (s, facts) =>
			mayCheckpointRestore(s, pidOwner(s), facts)
				? {
						results: ["0", "0:5", `0:!${pidsAt(s, 21901)}`],
						reason:
							"with kernel.sysctl_writes_strict=1 only a write at offset 0 counts",
						cite: "sysctl_writes_strict",
					}
				: {
						results: ["0", "EPERM", `0:!${pidsAt(s, 21901)}`],
						reason: DENIED,
						cite,
					},
		needs: ["writes_strict"],
		catches: "a write behind offset 0 is honoured",
	},
	{
		name: "seek_and_write",
		title: "write, seek back to 0, write: the second value counts",
		probe: "write",
		program: `${OPEN} write=f,22000 seek=f,0 write=f,22100 fork`,
		subjects: few,
		expect: (s, facts) =>
			mayCheckpointRestore(s, pidOwner(s), facts)
				? {
						results: ["0", "0:5", "0", "0:5", `0:${pidsAt(s, 22101)}`],
						reason: GRANTED,
						cite,
					}
				: {
						results: ["0", "EPERM", "0", "EPERM", `0:!${pidsAt(s, 22101)}`],
						reason: DENIED,
						cite,
					},
		catches: "the second write is lost",
	},
	{
		name: "writes_not_strict",
		title:
			"with kernel.sysctl_writes_strict=0 the second write on a descriptor counts",
		probe: "write",
		program: `put=/proc/sys/kernel/sysctl_writes_strict,0 ${OPEN} write=f,22200 write=f,22300 put=/proc/sys/kernel/sysctl_writes_strict,1 fork`,
		subjects: named("uid0-all"),
		expect: always(
			["0", "0:5", "0:5", "0:22301"],
			"every write counts, wherever it stands",
			"sysctl_writes_strict",
		),
		catches: "the strictness of sysctl writes is not what the sysctl says",
	},
	{
		name: "active_namespace",
		title:
			"after unshare(CLONE_NEWPID) the write still acts on the writer's own pid namespace",
		probe: "write",
		program: `${OPEN} unshare=pid write=f,22400 fork`,
		subjects: both(wide, canUnshare),
		expect: (s, facts) =>
			mayCheckpointRestore(s, pidOwner(s), facts)
				? {
						results: ["0", "0", `0:${pidsAt(s, "22401/1")}`],
						reason: "the active pid namespace counts, not the one for children",
						cite: "ns_last_pid_active",
					}
				: {
						results: ["0", "EPERM", `0:!${pidsAt(s, "22401/1")}`],
						reason: DENIED,
						cite,
					},
		catches: "the pid namespace for children is changed, or its owner is asked",
	},
	cursorAt(
		"end",
		`number=m,${PID_MAX} `,
		300,
		"write pid_max: the next pid wraps to 300",
	),
	cursorAt(
		"last",
		`number=m,${PID_MAX},-1 `,
		300,
		"write pid_max-1: the next pid wraps to 300",
	),
	{
		name: "from_zero",
		title: "write 0: the next pid is the first free one",
		probe: "write",
		// Pid 2 is free only where the subject is its namespace's first process.
		program: `own @ ${OPEN} write=f,0 fork`,
		subjects: both(at("pidns", "userns_pidns"), (s) =>
			/-(cap_checkpoint_restore|all)$/.test(s.name),
		),
		expect: (s) => ({
			results: ["0", "0", `0:${pidsAt(s, 2)}`],
			reason: "low pids can be reached: 300 is the floor only after a wrap",
			cite: "pid_alloc_wrap",
		}),
		catches: "0 is refused, or low pids are reserved",
	},
	{
		name: "from_ten",
		title: "write 10: the next pid is 11",
		probe: "write",
		program: `${OPEN} write=f,10 fork`,
		subjects: both(at("pidns", "userns_pidns"), (s) =>
			/-(cap_checkpoint_restore|all)$/.test(s.name),
		),
		expect: (s) => ({
			results: ["0", "0", `0:${pidsAt(s, 11)}`],
			reason: "low pids can be reached: 300 is the floor only after a wrap",
			cite: "pid_alloc_wrap",
		}),
		catches: "low pids are reserved",
	},
	{
		name: "pid_max_of_namespace",
		title:
			"pid_max is lowered in the subject's pid namespace, then a value above it is written",
		probe: "write",
		// The limit stays in the namespace.
		program: `own @ put=${PID_MAX},500 ${OPEN} write=f,501 write=f,499,0 fork`,
		subjects: named("userns_pidns-all"),
		expect: (s) => ({
			results: ["0", "EINVAL", "0", `0:${pidsAt(s, 300)}`],
			reason:
				"each pid namespace has its own pid_max, and ns_last_pid goes up to it",
			cite: "pid_max_per_ns",
		}),
		needs: ["pid_max_per_ns"],
		catches: "the range is that of the initial pid namespace",
	},
];

export const NS_LAST_PID: Suite = {
	name: "ns_last_pid",
	description:
		"writing /proc/sys/kernel/ns_last_pid, the pid before the next one",
	needs: ["ns_last_pid"],
	statements: NS_LAST_PID_STATEMENTS,
	rows: ROWS.map((row) => ({ levels: 1, ...row })),
};
