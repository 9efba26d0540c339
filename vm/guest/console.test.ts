import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import { ConsoleLog, classify, cleanLine } from "./console.js";

const COMPLAINTS: readonly (readonly [string, string])[] = [
	["panic", "[    2.2] Kernel panic - not syncing: sysrq triggered crash"],
	["oops", "[    2.2] BUG: unable to handle page fault for address: ffffb8"],
	["oops", "BUG: kernel NULL pointer dereference, address: 0000000000000000"],
	["oops", "[    2.2] Oops: 0002 [#1] PREEMPT SMP NOPTI"],
	[
		"oops",
		"[ 1.0] Unable to handle kernel paging request at virtual address 0",
	],
	["oops", "[ 1.0] Internal error: Oops: 96000004 [#1] SMP"],
	["oops", "general protection fault, probably for non-canonical address"],
	["bug", "[    1.5] kernel BUG at mm/slub.c:321!"],
	["bug", "BUG: sleeping function called from invalid context at x.c:1"],
	[
		"warning",
		"[ 3.1] WARNING: CPU: 0 PID: 1 at kernel/pid.c:12 alloc_pid+0x1/0x2",
	],
	[
		"warning",
		"[ 0.1] WARNING: kernel/sched/core.c:8511 at sched_init+0x20/0x410, CPU#0: swapper/0/0",
	],
	["warning", "[ 0.1] WARNING: at foo+0x20/0x410 [bar], CPU#1: init/1"],
	["warning", "WARNING: at kernel/fork.c:12 copy_process+0x1/0x2()"],
	["lockup", "BUG: workqueue lockup - pool cpus=0 node=0 stuck for 34s!"],
	["lockup", "watchdog: BUG: soft lockup - CPU#0 stuck for 23s! [init:1]"],
	["stall", "rcu: INFO: rcu_preempt self-detected stall on CPU"],
	["stall", "rcu: INFO: rcu_sched detected expedited stalls on CPUs: { 0- }"],
	["hung-task", "INFO: task kworker/0:1:12 blocked for more than 120 seconds."],
	["kasan", "BUG: KASAN: use-after-free in foo+0x1/0x2"],
	["kcsan", "BUG: KCSAN: data-race in foo / bar"],
	["ubsan", "UBSAN: shift-out-of-bounds in fs/x.c:1:2"],
	["kfence", "BUG: KFENCE: memory corruption in foo+0x1/0x2"],
	["lockdep", "WARNING: possible recursive locking detected"],
];

test("each kind of complaint is known", async () => {
	for (const [kind, line] of COMPLAINTS)
		assert.equal(classify(line), kind, line);
});

test("ordinary lines are no complaints", async () => {
	for (const line of [
		"[    0.0] Linux version 6.1.0 (debian) #1 SMP Debian 6.1.192-2",
		"[    0.0] Kernel command line: console=ttyS0 oops=panic panic=-1",
		"[    1.1] Spectre V2 : Mitigation: Retpolines",
		"[    1.1] rcu: Hierarchical SRCU implementation.",
		"[    1.2] WARNING: this is only a word",
		"[    1.2] debug: BUGS are elsewhere",
		"[    1.3] INFO: NMI handler (perf) took too long to run: 1.2 msecs",
	])
		assert.equal(classify(line), undefined, line);
});

test("a line made to be hard to read is read as fast as another", async () => {
	const started = performance.now();
	for (const piece of [
		"WARNING: ",
		"WARNING: at a.c: ",
		"WARNING: CPU: 0 PID: ",
		"WARNING: :1:1:1:1",
		"rcu ",
		"INFO: task 1 blocked for more than ",
		"INFO: NMI handler ",
		"\x1b[",
		"[] crcap: case ",
	])
		for (let i = 0; i < 40; i++) {
			const line = piece.repeat(4096 / piece.length);
			assert.ok(new ConsoleLog().feed(Buffer.from(`${line}\n`)).length < 2);
		}
	assert.ok(performance.now() - started < 4000);
});

test("a flood of one kind hides no other, and one in a case not the next case's", async () => {
	const log = new ConsoleLog();
	const say = (line: string) => log.feed(Buffer.from(`${line}\n`));
	say("crcap: case 1");
	for (let i = 0; i < 500; i++) say("UBSAN: x");
	for (let i = 0; i < 500; i++) say("BUG: x");
	assert.equal(say("Kernel panic - not syncing: x").length, 1);
	assert.ok(log.findings.length <= 401);
	for (let n = 2; n < 5000; n++) {
		say(`crcap: case ${n}`);
		assert.equal(say("UBSAN: y").length, 1);
		assert.equal(say("BUG: KASAN: use-after-free in foo").length, 1);
	}
	const long = "x".repeat(4000);
	for (let n = 5000; n < 9000; n++) say(`crcap: case ${n}\nBUG: ${long}`);
	const kept = log.findings.reduce((sum, { line }) => sum + line.length, 0);
	assert.ok(kept < 6_000_000, `${kept} bytes`);
});

test("lines are found wherever the stream is cut", async () => {
	const text = COMPLAINTS.map(([, line]) => `${line}\r\n`).join("");
	fc.assert(
		fc.property(
			fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
			(cuts) => {
				const log = new ConsoleLog();
				let at = 0;
				for (let i = 0; at < text.length; i++) {
					const size = cuts[i % cuts.length] as number;
					log.feed(Buffer.from(text.slice(at, at + size)));
					at += size;
				}
				assert.deepEqual(
					log.findings.map((finding) => finding.kind),
					COMPLAINTS.map(([kind]) => kind),
				);
			},
		),
	);
});

test("complaints belong to the case whose marker stood last", async () => {
	const log = new ConsoleLog();
	log.feed(
		Buffer.from(
			"[ 1.0] boot\n[ 1.1] crcap: case 7\n[ 1.2] BUG: x\n[ 1.3] more\n[ 1.4] crcap: case 8\n[ 1.5] quiet\n",
		),
	);
	assert.deepEqual(log.findings, [
		{ kind: "bug", line: "[ 1.2] BUG: x", caseN: 7 },
	]);
	assert.deepEqual(log.forCase(7), ["[ 1.2] BUG: x", "[ 1.3] more"]);
	assert.deepEqual(log.forCase(8), ["[ 1.5] quiet"]);
	assert.deepEqual(log.forCase(9), []);
});

test("what a terminal would obey does not get through", async () => {
	assert.equal(
		cleanLine(
			Buffer.from(
				"\x1b[31mred\x1b[0m \x1b]0;title\x07ok\x00\x1e\xff\r",
				"latin1",
			),
		),
		"red ok\\x00\\x1e\\xff",
	);
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
			const log = new ConsoleLog();
			log.feed(bytes);
			log.end();
			for (const line of log.tail(1000)) assert.match(line, /^[\x20-\x7e…]*$/);
		}),
	);
});

test("an endless line and an endless log stay within bounds", async () => {
	const log = new ConsoleLog();
	for (let i = 0; i < 300; i++) log.feed(Buffer.alloc(4096, "x"));
	log.feed(Buffer.from("\nnext\n"));
	assert.deepEqual(log.tail(1), ["next"]);
	assert.ok((log.tail(2)[0] as string).length < 5000);
	for (let i = 0; i < 30_000; i++) log.feed(Buffer.from(`line ${i}\n`));
	assert.ok(log.since(0, 1e9).length <= 5000);
	assert.deepEqual(log.tail(2), ["line 29998", "line 29999"]);
});

test("since() gives what came after a mark, also when older lines were let go", async () => {
	const log = new ConsoleLog();
	for (let i = 0; i < 5200; i++) log.feed(Buffer.from(`a ${i}\n`));
	const mark = log.mark();
	log.feed(Buffer.from("b 1\nb 2\n"));
	assert.deepEqual(log.since(mark), ["b 1", "b 2"]);
	assert.deepEqual(log.since(mark, 1), ["b 2"]);
});

test("evidence holds the kernel's death and the last lines", async () => {
	const log = new ConsoleLog();
	for (let i = 0; i < 50; i++) log.feed(Buffer.from(`before ${i}\n`));
	log.feed(Buffer.from("BUG: x\n"));
	for (let i = 0; i < 99; i++) log.feed(Buffer.from(`after ${i}\n`));
	const lines = log.evidence(20);
	assert.deepEqual(lines.slice(0, 5), [
		"before 47",
		"before 48",
		"before 49",
		"BUG: x",
		"after 0",
	]);
	assert.equal(lines.at(-1), "after 98");
	assert.equal(lines.length, 20);
	assert.deepEqual(log.evidence(200).length, 150);
});

test("a second banner is counted: the guest booted again", async () => {
	const log = new ConsoleLog();
	log.feed(
		Buffer.from(
			"[    0.000000] Linux version 6.1.0 (x)\nLinux version 6.1.0\n",
		),
	);
	log.feed(Buffer.from("[ 1.0] uname says Linux version 6.1.0\n"));
	assert.equal(log.banners, 2);
});
