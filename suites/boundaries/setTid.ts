/** clone3() with set_tid: a process or thread with a pid of one's choice, at every level of nested pid namespaces. */

import { holds } from "../model/caps.js";
import { type CiteName, has } from "../model/citations.js";
import type { Facts } from "../model/facts.js";
import {
	acrossNamespaces,
	always,
	at,
	both,
	core,
	type Expectation,
	few,
	named,
	pidsAt,
	type Row,
	type Suite,
	swept,
	wide,
} from "../model/row.js";
import {
	hasCapability,
	mayCheckpointRestore,
	type Subject,
} from "../model/subjects.js";
import { FLAG_ROWS } from "./setTidFlags.js";
import { SET_TID_STATEMENTS } from "./setTidStatements.js";

/** One element of the array, as the model sees it. */
type Tid = "free" | "taken" | "out_of_range";

const REASONS = {
	granted:
		"the subject has the capability in the user namespace that owns each pid namespace of the array",
	denied:
		"neither CAP_CHECKPOINT_RESTORE nor CAP_SYS_ADMIN in the user namespace that owns the pid namespace of an element",
	range:
		"a tid is outside 1 to pid_max-1: that is checked before the capability",
	taken:
		"the pid is taken: seen only when allocating, after the capability's check",
	size: "the array has more elements than there are pid namespaces",
};

const error = (errno: string, reason: string, cite: CiteName): Expectation => ({
	results: [errno],
	reason,
	cite,
});

/**
 * What alloc_pid() answers for this array, innermost namespace first; `pids` are shown on success.
 * Until 6d864a1b1825 every level was checked and allocated before the next one; since then all checks come first.
 */
function allocPid(
	subject: Subject,
	facts: Facts,
	tids: readonly Tid[],
	pids: string,
): Expectation {
	const owners = [...subject.pidOwners].reverse();
	if (tids.length > owners.length)
		return error("EINVAL", REASONS.size, "set_tid_size");
	const steps = tids.map((tid, level) => {
		if (tid === "out_of_range")
			return error("EINVAL", REASONS.range, "set_tid_range");
		if (!mayCheckpointRestore(subject, owners[level] ?? 0, facts))
			return error("EPERM", REASONS.denied, "set_tid_cap");
		return null;
	});
	const refusedAt = steps.findIndex((step) => step !== null);
	const takenAt = tids.indexOf("taken");
	const taken = error("EEXIST", REASONS.taken, "set_tid_exists");
	const refused = steps[refusedAt];
	if (refused) {
		if (takenAt < 0 || takenAt >= refusedAt) return refused;
		// A pid that is taken at an inner level, and an outer level that refuses.
		return has("pid_reorder", facts.version)
			? {
					...refused,
					reason: `${refused.reason}; all levels are checked before any pid is allocated`,
					cite: "pid_reorder",
				}
			: {
					...taken,
					reason:
						"the inner level is allocated before the outer one is checked",
					cite: "pid_per_level",
				};
	}
	if (takenAt >= 0) return taken;
	return {
		results: [`0:${pids}`],
		reason: REASONS.granted,
		cite: "set_tid_cap",
	};
}

const expectAlloc =
	(tids: readonly Tid[], pids: (s: Subject) => string): Row["expect"] =>
	(subject, facts) =>
		allocPid(subject, facts, tids, pids(subject));

/** The pids of a process that chose those of its innermost namespaces. */
function chosen(subject: Subject, ...innermostFirst: number[]): string {
	const free = subject.pidOwners.length - innermostFirst.length;
	return [
		...Array(Math.max(free, 0)).fill("*"),
		...innermostFirst.reverse(),
	].join("/");
}

/** Arguments that copy_clone_args_from_user() or alloc_pid() refuses before it comes to the capability. */
function refused(
	name: string,
	args: string,
	errno: string,
	title: string,
	cite: CiteName,
	setup = "",
): Row {
	return {
		name,
		title,
		probe: "clone3",
		program: `${setup}clone3=${args}`,
		subjects: few,
		expect: always(
			[errno],
			"the arguments are checked before the capability",
			cite,
		),
		catches:
			"the capability is checked before the arguments, or the arguments are not checked",
	};
}

/** A struct clone_args of another size: what is beyond the size is not seen, what the kernel doesn't know must be 0. */
function sized(name: string, size: number | string, title: string): Row {
	return {
		name,
		title,
		probe: "clone3",
		program: `clone3=tid:20100,size:${size}`,
		subjects: few,
		expect: expectAlloc(["free"], (s) => chosen(s, 20100)),
		catches: "set_tid is not seen, or not checked, with this size",
	};
}

const unsharesPid = (s: Subject): boolean =>
	core(s) && holds(s.caps, "sys_admin");

/** In a pid namespace without its first process only pid 1 can be had. */
function noReaper(
	name: string,
	drop: boolean,
	tid: number,
	levels: "" | "/20300",
): Row {
	const array = `${tid}${levels}`;
	return {
		name,
		title: `in a pid namespace that has no first process yet, ${drop ? "after dropping all capabilities, " : ""}ask for [${array.replace("/", ", ")}]`,
		probe: "clone3",
		program: `unshare=pid ${drop ? "caps=none " : ""}clone3=tid:${array}`,
		subjects: unsharesPid,
		expect: (s, facts) => {
			const nested = levels !== "";
			const allowed = !drop;
			const outer =
				!nested || hasCapability(s, "sys_admin", s.pidOwners.at(-1) ?? 0);
			const reordered = has("pid_reorder", facts.version);
			const noFirst = error(
				"EINVAL",
				"the first process of a pid namespace has pid 1",
				reordered ? "pid_reorder" : "pid_per_level",
			);
			if (allowed && outer)
				return tid === 1
					? {
							results: [
								nested ? `0:${chosen(s, 20300)}/1` : `0:${pidsAt(s, "*")}/1`,
							],
							reason: REASONS.granted,
							cite: "set_tid_cap",
						}
					: noFirst;
			if (tid === 1 || reordered)
				return error(
					"EPERM",
					tid === 1
						? REASONS.denied
						: `${REASONS.denied}; that is checked before the reaper`,
					reordered ? "pid_reorder" : "set_tid_cap",
				);
			return {
				...noFirst,
				reason: `${noFirst.reason}: that is checked before the capability`,
			};
		},
		levels: nestedLevels(levels),
		catches:
			"the capability is not checked for the first process of a pid namespace, or a namespace gets a first process that is not pid 1",
	};
}

function nestedLevels(levels: string): number {
	return levels === "" ? 0 : 1;
}

/** CLONE_NEWPID with set_tid: the namespace is made first, and its owner is the caller's user namespace. */
function newpid(
	name: string,
	array: string,
	outcome: (s: Subject) => Expectation,
	levels: number,
): Row {
	return {
		name,
		title: `CLONE_NEWPID with set_tid [${array.replaceAll("/", ", ")}]`,
		probe: "clone3",
		program: `clone3=tid:${array},flags:newpid`,
		subjects: wide,
		expect: (s) =>
			hasCapability(s, "sys_admin", s.userDepth)
				? outcome(s)
				: error(
						"EPERM",
						"making a pid namespace takes CAP_SYS_ADMIN, which is asked for first",
						"clone3_newpid",
					),
		needs: ["pid_ns"],
		levels,
		catches:
			"CAP_CHECKPOINT_RESTORE makes pid namespaces, or a level of the array is not checked",
	};
}

/** Has a subject with CAP_SYS_ADMIN in its own user namespace the capability over its own pid namespace? */
const ownsPidns = (s: Subject): boolean =>
	(s.pidOwners.at(-1) ?? 0) >= s.userDepth;

const PID_MAX = "/proc/sys/kernel/pid_max";

/**
 * Two pid namespaces of the case's own, the outer one's pid_max first, and two arrays: the first has a tid between the two
 * limits where it is too high, the second where it is not. Asked with all capabilities, with one, with none.
 */
function pidMaxes(
	name: string,
	title: string,
	maxes: readonly [outer: number, inner: number],
	refused: string,
	granted: readonly [inner: number, outer: number],
): Row {
	const asked = `clone3=tid:${refused} clone3=tid:${granted.join("/")}`;
	return {
		name,
		title,
		probe: "clone3",
		program: `own @ ${maxes.map((max) => `pidns put=${PID_MAX},${max}`).join(" ")} ${asked} caps=checkpoint_restore ${asked} caps=none ${asked}`,
		subjects: named("uid0-all", "userns_pidns-all"),
		expect: (s) => {
			const outside = "*/".repeat(s.pidOwners.length);
			const had = `0:${outside}${granted[1]}/${granted[0]}`;
			// Whoever has no capability is refused for the inner level, before the outer one is looked at.
			const first = maxes[0] < maxes[1] ? "EPERM" : "EINVAL";
			return {
				results: ["EINVAL", had, "EINVAL", had, first, "EPERM"],
				reason:
					"each level has the range of its own namespace, which is checked before the capability",
				cite: "pid_max_per_ns",
			};
		},
		needs: ["pid_ns", "pid_max_per_ns", "cap_checkpoint_restore"],
		levels: 0,
		catches:
			"a level of the array is held against the pid_max of another namespace: of the innermost, or of the initial one",
	};
}

const ROWS: readonly Row[] = [
	{
		name: "free_tid",
		title: "ask for a pid that is free",
		probe: "clone3",
		program: "clone3=tid:20000",
		subjects: swept,
		expect: expectAlloc(["free"], (s) => chosen(s, 20000)),
		catches:
			"the check is missing, asks for another capability or another user namespace; the pid is another one",
	},
	{
		name: "two_levels",
		title: "ask for pids in the own pid namespace and in its parent",
		probe: "clone3",
		program: "clone3=tid:20001/20002",
		subjects: acrossNamespaces,
		expect: expectAlloc(["free", "free"], (s) => chosen(s, 20001, 20002)),
		levels: 2,
		catches:
			"the outer level is not checked, or against the inner one's owner; the array's order is turned",
	},
	{
		name: "three_levels",
		title: "ask for pids in three pid namespaces, the own one first",
		probe: "clone3",
		program: "clone3=tid:20003/20004/20005",
		subjects: acrossNamespaces,
		expect: expectAlloc(["free", "free", "free"], (s) =>
			chosen(s, 20003, 20004, 20005),
		),
		levels: 3,
		catches: "a level of the array is not checked",
	},
	{
		name: "four_levels",
		title: "ask for pids in four pid namespaces, the own one first",
		probe: "clone3",
		program: "clone3=tid:20013/20014/20015/20016",
		subjects: (s) => acrossNamespaces(s) && s.pidOwners.length >= 3,
		expect: expectAlloc(["free", "free", "free", "free"], (s) =>
			chosen(s, 20013, 20014, 20015, 20016),
		),
		levels: 4,
		catches: "levels beyond the third are not checked",
	},
	{
		name: "refused_inner_freed",
		title:
			"pids at two levels, of which the outer refuses, then the inner one alone: it is still free",
		probe: "clone3",
		program: "clone3=tid:20400/20401 clone3=tid:20400",
		subjects: named(
			"userns_pidns-cap_checkpoint_restore",
			"userns_pidns-all",
			"nested-cap_checkpoint_restore",
		),
		expect: (s, facts) => {
			const outer = allocPid(s, facts, ["free", "free"], "");
			const inner = allocPid(s, facts, ["free"], chosen(s, 20400));
			return { ...outer, results: [...outer.results, ...inner.results] };
		},
		levels: 2,
		catches: "a pid that was refused stays taken",
	},
	{
		name: "counter_stays",
		boundaries: ["set_tid", "ns_last_pid"],
		title:
			"ask for a pid, had or refused, and look at the pid given last: it is the same as before",
		probe: "last_pid",
		program:
			"put=/proc/sys/kernel/ns_last_pid,23000 @ clone3=tid:20402 last_pid",
		subjects: named(
			"uid1000-none",
			"uid1000-cap_checkpoint_restore",
			"uid0-all",
		),
		expect: (s, facts) => {
			const asked = allocPid(s, facts, ["free"], chosen(s, 20402));
			return {
				...asked,
				results: [...asked.results, "0:23000"],
				reason: `${asked.reason}; a chosen pid leaves the counter of the others alone`,
			};
		},
		needs: ["ns_last_pid"],
		catches: "a chosen pid, or one refused, moves the counter of ordinary pids",
	},
	{
		name: "dropped_after_first",
		title: "ask for a pid, drop all capabilities, ask for another",
		probe: "clone3",
		program: "clone3=tid:20403 caps=none clone3=tid:20404",
		subjects: few,
		expect: (s, facts) => {
			const first = allocPid(s, facts, ["free"], chosen(s, 20403));
			return { ...first, results: [...first.results, "EPERM"] };
		},
		catches: "who was allowed once is not asked again",
	},
	{
		name: "vfork",
		title: "choose the pid of a process that borrows its parent's memory",
		probe: "clone3",
		program: "clone3=tid:20405,flags:vfork",
		subjects: few,
		expect: expectAlloc(["free"], () => "20405"),
		catches: "vfork()ed processes are not checked",
	},
	{
		name: "too_many_levels",
		title: "ask for pids in more pid namespaces than there are",
		probe: "clone3",
		program: "clone3=tid:20006/20007/20008/20009/20010",
		subjects: few,
		expect: expectAlloc(["free", "free", "free", "free", "free"], () => ""),
		catches: "the array's size is not checked, or after the capability",
	},
	{
		name: "own_pid",
		title: "ask for the subject's own pid",
		probe: "clone3",
		program: "getpid=p clone3=tid:$p",
		subjects: wide,
		expect: expectAlloc(["taken"], () => ""),
		catches: "EEXIST tells someone without the capability which pids are taken",
	},
	{
		name: "pid_1",
		title: "ask for pid 1, which is taken",
		probe: "clone3",
		program: "clone3=tid:1",
		subjects: few,
		expect: expectAlloc(["taken"], () => ""),
		catches: "pid 1 is treated apart",
	},
	{
		name: "last_tid",
		title: "ask for pid_max-1",
		probe: "clone3",
		program: "number=m,/proc/sys/kernel/pid_max,-1 clone3=tid:$m,less:$m",
		subjects: few,
		expect: expectAlloc(["free"], () => "+0"),
		catches: "the last pid can't be had, or another one comes",
	},
	{
		name: "low_tid",
		title: "ask for a pid below 300",
		probe: "clone3",
		program: "clone3=tid:250",
		subjects: at("pidns", "userns_pidns"),
		expect: expectAlloc(["free"], (s) => chosen(s, 250)),
		catches: "low pids are kept back",
	},
	{
		name: "taken_then_refused",
		title: "the own pid at the inner level, a free one at the outer",
		probe: "clone3",
		program: "getpid=p clone3=tid:$p/20011",
		subjects: at("pidns", "userns_pidns", "nested"),
		expect: expectAlloc(["taken", "free"], () => ""),
		levels: 2,
		catches:
			"a level is allocated before all are checked, or the other way round",
	},
	{
		name: "taken_then_out_of_range",
		title: "the own pid at the inner level, 0 at the outer",
		probe: "clone3",
		program: "getpid=p clone3=tid:$p/0",
		subjects: at("pidns", "userns_pidns", "nested"),
		expect: expectAlloc(["taken", "out_of_range"], () => ""),
		levels: 2,
		catches:
			"a level is allocated before all are checked, or the other way round",
	},
	{
		name: "free_then_out_of_range",
		title: "a free pid at the inner level, 0 at the outer",
		probe: "clone3",
		program: "clone3=tid:20012/0",
		subjects: at("pidns", "userns_pidns", "nested"),
		expect: expectAlloc(["free", "out_of_range"], () => ""),
		levels: 2,
		catches: "the outer level's range is not checked",
	},
	pidMaxes(
		"outer_pid_max",
		"the outer of two pid namespaces has the lower pid_max: it bounds the outer level alone",
		// A 32-bit kernel has no pid above 32768.
		[25000, 32000],
		"20500/28000",
		[28001, 20501],
	),
	pidMaxes(
		"inner_pid_max",
		"the inner of two pid namespaces has the lower pid_max: it bounds the inner level alone",
		[32000, 25000],
		"28002/20502",
		[20503, 28003],
	),
	{
		name: "dead_namespace",
		title:
			"in a pid namespace whose first process has ended, ask for pids, for the first one again, for any, and without the capability; then outside for the pid that was asked for there",
		probe: "clone3",
		program:
			"child { unshare=pid child { } clone3=tid:20519/20510 clone3=tid:1 clone3 clone3=tid:0 caps=none clone3=tid:20519 clone3 } clone3=tid:20510",
		subjects: unsharesPid,
		expect: (s, facts) => {
			const outside = allocPid(s, facts, ["free"], chosen(s, 20510));
			const mayOutside = !outside.results.includes("EPERM");
			return {
				results: [
					mayOutside ? "ENOMEM" : "EPERM",
					"ENOMEM",
					"ENOMEM",
					"EINVAL",
					"EPERM",
					"ENOMEM",
					...outside.results,
				],
				reason:
					"range and capability are checked first; then no process is made in a pid namespace that lost its first one, and the pids asked for are given back",
				cite: "pid_dead_namespace",
			};
		},
		needs: ["pid_ns"],
		catches:
			"a pid is chosen in a dead namespace, the capability is not asked for there, or the outer pid stays taken",
	},
	refused("tid_0", "tid:0", "EINVAL", "ask for pid 0", "set_tid_range"),
	refused(
		"tid_negative",
		"tid:-5",
		"EINVAL",
		"ask for pid -5",
		"set_tid_range",
	),
	refused(
		"tid_pid_max",
		"tid:$m",
		"EINVAL",
		"ask for pid_max",
		"set_tid_range",
		"number=m,/proc/sys/kernel/pid_max ",
	),
	refused(
		"tid_int_max",
		"tid:2147483647",
		"EINVAL",
		"ask for pid 2^31-1",
		"set_tid_range",
	),
	refused(
		"size_33",
		"tid:20000,tidsize:33",
		"EINVAL",
		"an array of 33 elements, more than there can be namespaces",
		"clone3_args",
	),
	refused(
		"size_without_array",
		"tidsize:1",
		"EINVAL",
		"set_tid_size 1 without an array",
		"clone3_args",
	),
	refused(
		"array_without_size",
		"tid:20000,tidsize:0",
		"EINVAL",
		"an array with set_tid_size 0",
		"clone3_args",
	),
	refused(
		"bad_pointer",
		"tid:20000,tidptr:bad",
		"EFAULT",
		"an array at a bad address",
		"clone3_args",
	),
	{
		...refused(
			"bad_pointer_bad_signal",
			"tid:20000,tidptr:bad,exit:99",
			"EINVAL",
			"a bad address and a bad exit signal",
			"clone3_args",
		),
		expect: (_s, facts) =>
			has("clone_signal_late", facts.version)
				? error(
						"EFAULT",
						"the array is copied before the exit signal is checked",
						"clone_signal_late",
					)
				: error(
						"EINVAL",
						"the exit signal is checked before the array is copied",
						"clone3_args",
					),
	},
	refused(
		"bad_signal",
		"tid:20000,exit:99",
		"EINVAL",
		"a bad exit signal",
		"clone3_args",
	),
	refused(
		"size_63",
		"tid:20000,size:63",
		"EINVAL",
		"a struct clone_args of 63 bytes, less than the first version",
		"clone3_args",
	),
	refused(
		"size_72",
		"tid:20000,size:72",
		"EINVAL",
		"a struct clone_args of 72 bytes: the array without its size",
		"clone3_args",
	),
	refused(
		"tail_not_zero",
		"tid:20000,size:4096,tail:4000",
		"E2BIG",
		"a larger struct with a byte that is not zero",
		"clone3_args",
	),
	{
		...refused(
			"size_beyond_page",
			"tid:20000,size:$b",
			"E2BIG",
			"a struct larger than a page",
			"clone3_args",
			"page=b,1 ",
		),
	},
	sized("size_80", 80, "a struct of 80 bytes, as of 5.5"),
	sized("size_88", 88, "a struct of 88 bytes, as of 5.7"),
	sized("size_4096", 4096, "a struct of a page with zeroes behind"),
	{
		name: "size_64",
		title:
			"a struct of 64 bytes, from before set_tid: the array is not seen, the pid is an ordinary one",
		probe: "clone3",
		program: "clone3=tid:20101,size:64",
		subjects: few,
		expect: (s) => ({
			results: [`0:!${chosen(s, 20101)}`],
			reason:
				"what lies behind the size is not read, so no capability is needed",
			cite: "clone3_args",
		}),
		catches: "bytes behind the given size are read",
	},
	{
		name: "no_set_tid",
		title: "clone3 without set_tid: anyone may",
		probe: "clone3",
		program: "clone3",
		subjects: wide,
		expect: (s) => ({
			results: [`0:${pidsAt(s, "*")}`],
			reason: "no pid is chosen",
			cite: "clone3_args",
		}),
		levels: 0,
		catches: "the capability is asked for without set_tid",
	},
	{
		name: "thread",
		title: "choose the id of a thread",
		probe: "clone3",
		program: "clone3=tid:20102,flags:thread",
		subjects: wide,
		expect: expectAlloc(["free"], () => "20102"),
		catches: "threads' ids are not checked, or can't be chosen",
	},
	{
		name: "thread_without_capability",
		title:
			"a thread drops its capabilities and asks for a pid, then the thread that kept them asks",
		probe: "clone3",
		program: "thread { caps=none clone3=tid:20103 } clone3=tid:20104",
		subjects: few,
		expect: (s, facts) => {
			const own = allocPid(s, facts, ["free"], chosen(s, 20104));
			return {
				...own,
				results: ["EPERM", ...own.results],
				reason: `${own.reason}; credentials belong to a thread`,
			};
		},
		catches: "the process's credentials count instead of the thread's",
	},
	{
		name: "permitted_only",
		title: "the capability is permitted but not effective",
		probe: "clone3",
		program: "eff=none clone3=tid:20105",
		subjects: few,
		expect: always(
			["EPERM"],
			"only effective capabilities count",
			"set_tid_cap",
		),
		catches: "the permitted set is looked at instead of the effective one",
	},
	newpid(
		"newpid_1",
		"1",
		(s) => ({
			results: [`0:${pidsAt(s, "*")}/1`],
			reason: REASONS.granted,
			cite: "set_tid_cap",
		}),
		0,
	),
	newpid(
		"newpid_2",
		"2",
		() =>
			error(
				"EINVAL",
				"the first process of a pid namespace has pid 1",
				"set_tid_range",
			),
		0,
	),
	newpid(
		"newpid_1_free",
		"1/20200",
		(s) =>
			ownsPidns(s)
				? {
						results: [`0:${chosen(s, 20200)}/1`],
						reason: REASONS.granted,
						cite: "set_tid_cap",
					}
				: error(
						"EPERM",
						`${REASONS.denied}: the outer one's is its parent`,
						"set_tid_cap",
					),
		1,
	),
	newpid(
		"newpid_1_taken",
		"1/1",
		(s) =>
			ownsPidns(s)
				? error("EEXIST", REASONS.taken, "set_tid_exists")
				: error("EPERM", REASONS.denied, "set_tid_cap"),
		1,
	),
	noReaper("no_reaper_1", false, 1, ""),
	noReaper("no_reaper_5", false, 5, ""),
	noReaper("no_reaper_1_dropped", true, 1, ""),
	noReaper("no_reaper_5_dropped", true, 5, ""),
	noReaper("no_reaper_5_free", false, 5, "/20300"),
	{
		name: "newuser_newpid_1",
		title:
			"CLONE_NEWUSER and CLONE_NEWPID with set_tid [1]: the maker of the user namespace owns it",
		probe: "clone3",
		program: "clone3=tid:1,flags:newuser+newpid",
		subjects: both(at("uid1000", "userns"), (s) => !s.name.endsWith("all")),
		expect: (s) => ({
			results: [`0:${pidsAt(s, "*")}/1`],
			reason:
				"seen from the parent namespace, the owner of a user namespace has all capabilities in it",
			cite: "owner_rule",
		}),
		needs: ["user_ns", "pid_ns", "unprivileged_userns"],
		levels: 0,
		catches:
			"the capability is asked for in the caller's user namespace instead of the owner's",
	},
	{
		name: "newuser_newpid_1_free",
		title:
			"CLONE_NEWUSER and CLONE_NEWPID with set_tid [1, free]: the outer pid namespace is not the caller's to choose in",
		probe: "clone3",
		program: "clone3=tid:1/20201,flags:newuser+newpid",
		subjects: both(at("uid1000", "userns"), (s) => !s.name.endsWith("all")),
		expect: (s, facts) =>
			mayCheckpointRestore(s, s.pidOwners.at(-1) ?? 0, facts)
				? {
						results: [`0:${chosen(s, 20201)}/1`],
						reason: REASONS.granted,
						cite: "set_tid_cap",
					}
				: error("EPERM", REASONS.denied, "set_tid_cap"),
		needs: ["user_ns", "pid_ns", "unprivileged_userns"],
		levels: 1,
		catches: "a level of the array is not checked",
	},
	{
		name: "same_pid_twice",
		title: "take a pid, let the process end, take the same pid again",
		probe: "clone3",
		program: "clone3=tid:20106 clone3=tid:20106",
		subjects: named(
			"uid0-all",
			"uid1000-cap_checkpoint_restore",
			"userns_pidns-cap_checkpoint_restore",
		),
		expect: (s) => ({
			results: [`0:${chosen(s, 20106)}`, `0:${chosen(s, 20106)}`],
			reason: "a pid is free again once its process is reaped",
			cite: "set_tid_cap",
		}),
		catches: "a chosen pid is lost when its process ends",
	},
];

export const SET_TID: Suite = {
	name: "set_tid",
	description: "clone3() with set_tid: a process or thread with a chosen pid",
	needs: ["clone3"],
	statements: SET_TID_STATEMENTS,
	rows: [...ROWS, ...FLAG_ROWS].map((row) => ({ levels: 1, ...row })),
};
