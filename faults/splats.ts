/** Misbehaviour that only a kernel built to find it complains of: planted in the configuration debug, one at a time, by crcap_splat=NAME. */
import type { CaseResult } from "../results/model/model.js";
import type { Fault, Finding } from "./table.js";

/** A fault that shows in what the kernel says while it answers rightly. */
export interface PlantedSplat extends Fault {
	/** What stands in the first line of the complaint. */
	readonly says: string;
	/** Or this, where the kernel finds it in another way. */
	readonly or?: string;
}

type Row = Pick<PlantedSplat, "part" | "kind" | "says" | "or" | "description">;

/** As in kernel/crcap_splat.c of the patch, and in its order. */
const ROWS: readonly Row[] = [
	{
		part: "set_tid",
		kind: "warning",
		says: "kernel/crcap_splat.c",
		description: "The check warns (WARN).",
	},
	{
		part: "set_tid",
		kind: "sleep_in_atomic",
		says: "BUG: sleeping function called from invalid context",
		description:
			"The check may sleep and holds a spinlock (DEBUG_ATOMIC_SLEEP).",
	},
	{
		part: "map_files",
		kind: "lock_order",
		says: "WARNING: possible circular locking dependency detected",
		description: "The check takes two locks in either order (PROVE_LOCKING).",
	},
	{
		part: "map_files",
		kind: "rcu_unprotected",
		says: "WARNING: suspicious RCU usage",
		description:
			"The check reads a pointer that RCU protects, outside of a read-side critical section (PROVE_RCU).",
	},
	{
		part: "exe_fd",
		kind: "out_of_bounds",
		says: "BUG: KASAN: slab-out-of-bounds in crcap_out_of_bounds",
		description: "The check reads behind the end of an object (KASAN).",
	},
	{
		part: "exe_fd",
		kind: "oops",
		says: "kernel BUG at kernel/crcap_splat.c",
		description: "The check ends in BUG(): the process that came to it dies.",
	},
	{
		part: "ipc_next_id",
		kind: "list_corrupt",
		says: "list_del corruption",
		description: "The check takes an entry off a list twice (DEBUG_LIST).",
	},
	{
		part: "ns_last_pid",
		kind: "shift",
		says: "UBSAN: shift-out-of-bounds in",
		description: "The check shifts an int by 40 bits (UBSAN_SHIFT).",
	},
	{
		part: "tty_lock",
		kind: "refcount",
		says: "refcount_t: underflow",
		description:
			"The check drops a reference that it does not hold (refcount_t).",
	},
	{
		part: "tty_lock",
		kind: "use_after_free",
		says: "BUG: KASAN: use-after-free in crcap_use_after_free",
		or: "BUG: KFENCE: use-after-free read in crcap_use_after_free",
		description:
			"The check reads an object that it has freed (KASAN, or KFENCE where it guards it).",
	},
	{
		part: "set_tid",
		kind: "guarded",
		says: "BUG: KFENCE: use-after-free read in crcap_guarded",
		description: "The check reads a freed object that KFENCE guards.",
	},
	{
		part: "set_tid",
		kind: "soft_lockup",
		says: "BUG: soft lockup",
		description:
			"The check keeps the processor for four seconds, once (SOFTLOCKUP_DETECTOR).",
	},
	{
		part: "ns_last_pid",
		kind: "rcu_stall",
		says: "rcu: INFO: rcu_preempt self-detected stall on CPU",
		or: "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks",
		description:
			"The check stays in a read-side critical section of RCU for twelve seconds, once.",
	},
	{
		part: "ns_last_pid",
		kind: "hung_task",
		says: "blocked for more than 1 seconds",
		description:
			"The check sleeps uninterruptibly for four seconds, once (DETECT_HUNG_TASK).",
	},
];

export const PLANTED_SPLATS: readonly PlantedSplat[] = ROWS.map((row) => ({
	...row,
	name: `${row.part}-${row.kind}`,
	caughtBy: `any case of ${row.part}: ${row.says}`,
	versions: ["6.1"],
}));

/** What a complaint's first line may hold; undefined where no splat is planted. */
export function saysOf(fault: Fault | null): readonly string[] | undefined {
	const planted = PLANTED_SPLATS.find((one) => one === fault);
	return planted && [planted.says, ...(planted.or ? [planted.or] : [])];
}

/** The cases that come to the check, and some that do not. Root's never misbehave: the agent is root, and does such things between cases. */
export const splatCases = ({ part }: Fault): readonly string[] => [
	`${part}.*.uid1000-*`,
	"controls.*.uid1000-none",
];

/** A case has caught it only where the console shows its complaint with that case; one that failed without it is none of its doing. */
export function withComplaint(
	finding: Finding,
	says: readonly string[],
	cases: readonly Pick<CaseResult, "id" | "console">[],
): Finding {
	const said = new Set(
		cases
			.filter(({ console = [] }) =>
				console.some((line) => says.some((text) => line.includes(text))),
			)
			.map(({ id }) => id),
	);
	const silent = finding.caught.filter((id) => !said.has(id));
	return {
		...finding,
		caught: finding.caught.filter((id) => said.has(id)),
		spread: [...silent, ...finding.spread],
		details: [
			...silent.map(
				(id) => `${id}: nothing on its console says "${says.join('" or "')}"`,
			),
			...finding.details,
		],
	};
}
