/** What kernels print of their own trouble, in the form in which they print it: the kind, and the first lines. */
import type { FindingKind } from "../../vm/index.js";

export interface Splat {
	readonly kind: FindingKind;
	/** The source of the format. */
	readonly form: string;
	readonly lines: readonly string[];
}

export const SPLATS: readonly Splat[] = [
	{
		kind: "panic",
		form: "kernel/panic.c panic()",
		lines: [
			"[    4.216001] Kernel panic - not syncing: Fatal exception",
			"[    4.216733] Kernel Offset: disabled",
		],
	},
	{
		kind: "oops",
		form: "arch/x86/mm/fault.c show_fault_oops()",
		lines: [
			"[    4.101772] BUG: kernel NULL pointer dereference, address: 0000000000000008",
			"[    4.101905] #PF: supervisor read access in kernel mode",
			"[    4.102030] #PF: error_code(0x0000) - not-present page",
			"[    4.102440] Oops: 0000 [#1] PREEMPT SMP KASAN NOPTI",
			"[    4.102655] CPU: 0 PID: 77 Comm: crprobe Not tainted 6.1.0 #1",
		],
	},
	{
		kind: "oops",
		form: "arch/arm64/mm/fault.c die_kernel_fault()",
		lines: [
			"[    6.510031] Unable to handle kernel paging request at virtual address dead000000000110",
			"[    6.510902] Internal error: Oops: 0000000096000044 [#1] SMP",
		],
	},
	{
		kind: "oops",
		form: "arch/riscv/kernel/traps.c die()",
		lines: ["[    6.510902] Oops [#1]", "[    6.511001] Modules linked in:"],
	},
	{
		kind: "oops",
		form: "arch/x86/kernel/traps.c exc_general_protection()",
		lines: [
			"[    3.010101] general protection fault, probably for non-canonical address 0xdead000000000122: 0000 [#1] PREEMPT SMP",
		],
	},
	{
		kind: "bug",
		form: "lib/bug.c report_bug()",
		lines: [
			"[    3.200010] ------------[ cut here ]------------",
			"[    3.200141] kernel BUG at kernel/pid.c:171!",
			"[    3.200300] invalid opcode: 0000 [#1] PREEMPT SMP NOPTI",
		],
	},
	{
		kind: "bug",
		form: "kernel/sched/core.c __might_resched()",
		lines: [
			"[    3.300010] BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580",
			"[    3.300141] in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 77, name: crprobe",
		],
	},
	{
		kind: "bug",
		form: "mm/page_alloc.c bad_page()",
		lines: ["[    3.300010] BUG: Bad page state in process crprobe  pfn:04a1b"],
	},
	{
		kind: "bug",
		form: "mm/slub.c slab_bug()",
		lines: [
			"[    3.300010] =============================================================================",
			"[    3.300012] BUG kmalloc-96 (Not tainted): Right Redzone overwritten",
		],
	},
	{
		kind: "warning",
		form: "kernel/panic.c __warn(), to 6.17",
		lines: [
			"[    3.400010] ------------[ cut here ]------------",
			"[    3.400141] WARNING: CPU: 0 PID: 77 at kernel/pid.c:190 alloc_pid+0x3a/0x3f0",
			"[    3.400300] Modules linked in:",
		],
	},
	{
		kind: "warning",
		form: "kernel/panic.c __warn(), from 6.18",
		lines: [
			"[    3.400141] WARNING: kernel/pid.c:190 at alloc_pid+0x3a/0x3f0, CPU#0: crprobe/77",
		],
	},
	{
		kind: "lockdep",
		form: "kernel/locking/lockdep.c print_circular_bug_header()",
		lines: [
			"[    3.500010] ======================================================",
			"[    3.500011] WARNING: possible circular locking dependency detected",
			"[    3.500012] 6.1.0 #1 Not tainted",
			"[    3.500014] ------------------------------------------------------",
			"[    3.500015] crprobe/77 is trying to acquire lock:",
		],
	},
	{
		kind: "lockdep",
		form: "kernel/locking/lockdep.c print_deadlock_bug()",
		lines: [
			"[    3.500010] ============================================",
			"[    3.500011] WARNING: possible recursive locking detected",
		],
	},
	{
		kind: "lockdep",
		form: "kernel/locking/lockdep.c print_usage_bug()",
		lines: ["[    3.500011] WARNING: inconsistent lock state"],
	},
	{
		kind: "lockdep",
		form: "kernel/locking/lockdep.c print_bad_irq_dependency()",
		lines: [
			"[    3.500011] WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected",
		],
	},
	{
		kind: "lockdep",
		form: "kernel/locking/lockdep.c print_irq_inversion_bug()",
		lines: [
			"[    3.500011] WARNING: possible irq lock inversion dependency detected",
		],
	},
	{
		kind: "lockdep",
		form: "kernel/locking/lockdep.c print_unlock_imbalance_bug()",
		lines: ["[    3.500011] WARNING: bad unlock balance detected!"],
	},
	{
		kind: "lockdep",
		form: "kernel/locking/lockdep.c lockdep_sys_exit()",
		lines: ["[    3.500011] WARNING: lock held when returning to user space!"],
	},
	{
		kind: "lockdep",
		form: "kernel/locking/lockdep.c print_freed_lock_bug()",
		lines: ["[    3.500011] WARNING: held lock freed!"],
	},
	{
		kind: "lockdep",
		form: "kernel/locking/lockdep.c print_lock_invalid_wait_context()",
		lines: ["[    3.500011] [ BUG: Invalid wait context ]"],
	},
	{
		kind: "lockdep",
		form: "kernel/locking/lockdep.c register_lock_class()",
		lines: ["[    3.500011] INFO: trying to register non-static key."],
	},
	{
		kind: "lockdep",
		form: "kernel/locking/lockdep.c lockdep_rcu_suspicious()",
		lines: [
			"[    3.600010] =============================",
			"[    3.600011] WARNING: suspicious RCU usage",
			"[    3.600014] kernel/pid.c:315 suspicious rcu_dereference_check() usage!",
		],
	},
	{
		kind: "kasan",
		form: "mm/kasan/report.c print_error_description()",
		lines: [
			"[    3.700010] ==================================================================",
			"[    3.700011] BUG: KASAN: slab-out-of-bounds in alloc_pid+0x1f0/0x5a0",
			"[    3.700012] Read of size 8 at addr ffff888004a1b0c8 by task crprobe/77",
		],
	},
	{
		kind: "kmsan",
		form: "mm/kmsan/report.c kmsan_report()",
		lines: ["[    3.700011] BUG: KMSAN: uninit-value in alloc_pid+0x1f0/0x5a0"],
	},
	{
		kind: "kfence",
		form: "mm/kfence/report.c kfence_report_error()",
		lines: [
			"[    3.700011] BUG: KFENCE: out-of-bounds read in alloc_pid+0x1f0/0x5a0",
			"[    3.700014] Out-of-bounds read at 0x0000000027d5e5ad (1B left of kfence-#2):",
		],
	},
	{
		kind: "kcsan",
		form: "kernel/kcsan/report.c print_report()",
		lines: ["[    3.700011] BUG: KCSAN: data-race in alloc_pid / free_pid"],
	},
	{
		kind: "ubsan",
		form: "lib/ubsan.c ubsan_prologue()",
		lines: [
			"[    3.800010] ================================================================================",
			"[    3.800011] UBSAN: array-index-out-of-bounds in kernel/pid.c:190:21",
			"[    3.800012] index 33 is out of range for type 'upid [32]'",
		],
	},
	{
		kind: "refcount",
		form: "lib/refcount.c refcount_warn_saturate()",
		lines: [
			"[    3.900010] ------------[ cut here ]------------",
			"[    3.900011] refcount_t: underflow; use-after-free.",
			"[    3.900014] WARNING: CPU: 0 PID: 77 at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110",
		],
	},
	{
		kind: "refcount",
		form: "lib/refcount.c refcount_warn_saturate()",
		lines: ["[    3.900011] refcount_t: saturated; leaking memory."],
	},
	{
		kind: "list",
		form: "lib/list_debug.c __list_del_entry_valid()",
		lines: [
			"[    4.000010] ------------[ cut here ]------------",
			"[    4.000011] list_del corruption, ffff888004a1b0c8->next is LIST_POISON1 (dead000000000100)",
			"[    4.000014] WARNING: CPU: 0 PID: 77 at lib/list_debug.c:55 __list_del_entry_valid+0x9a/0xd0",
		],
	},
	{
		kind: "list",
		form: "lib/list_debug.c __list_add_valid()",
		lines: [
			"[    4.000011] list_add double add: new=ffff888004a1b0c8, prev=ffffffff82a1b0c8, next=ffff888004a1b0c8.",
		],
	},
	{
		kind: "stall",
		form: "kernel/rcu/tree_stall.h print_cpu_stall()",
		lines: [
			"[   25.100010] rcu: INFO: rcu_preempt self-detected stall on CPU",
			"[   25.100141] rcu:     0-....: (5249 ticks this GP) idle=1a2/1/0x4000000000000002",
		],
	},
	{
		kind: "stall",
		form: "kernel/rcu/tree_stall.h print_other_cpu_stall()",
		lines: [
			"[   25.100010] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:",
		],
	},
	{
		kind: "hung-task",
		form: "kernel/hung_task.c check_hung_task()",
		lines: [
			"[  242.100010] INFO: task crprobe:77 blocked for more than 120 seconds.",
			"[  242.100141]       Not tainted 6.1.0 #1",
		],
	},
	{
		kind: "lockup",
		form: "kernel/watchdog.c watchdog_timer_fn()",
		lines: [
			"[   48.100010] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [crprobe:77]",
		],
	},
	{
		kind: "lockup",
		form: "kernel/watchdog_hld.c watchdog_overflow_callback()",
		lines: [
			"[   48.100010] NMI watchdog: Watchdog detected hard LOCKUP on cpu 0",
		],
	},
];

/** What looks like a complaint, and is a kernel's ordinary word. */
export const NO_SPLATS: readonly string[] = [
	"[    0.000000] Kernel command line: console=ttyS0 oops=panic panic=-1 BUG: x",
	"[    0.100000] rcu: RCU lockdep checking is enabled.",
	"[    0.100000] Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar",
	"[    0.200000] kasan: KernelAddressSanitizer initialized (generic)",
	"[    0.200000] kcsan: enabled early",
	"[    0.200000] kfence: initialized - using 2097152 bytes for 255 objects",
	"[    0.300000] INFO: lockdep is turned off.",
	"[    0.300000] BUG: MAX_LOCKDEP_CHAINS too low!",
	"[    0.400000] list_del is only a word",
	"[    0.500000] Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible",
];
