import assert from "node:assert/strict";
import { test } from "tap";
import { ConsoleLog, type Finding } from "../../vm/index.js";
import { splatPolicy } from "../request/splats.js";
import { complaintOf, spoilsBoot } from "./consoleFindings.js";
import { NO_SPLATS, SPLATS } from "./splats.test.data.js";

const DEFAULT = splatPolicy();

/** A console on which a case prints these lines. */
function consoleOf(lines: readonly string[]): ConsoleLog {
	const log = new ConsoleLog();
	for (const line of ["[ 1.0] crcap: case 5", ...lines])
		log.feed(Buffer.from(`${line}\r\n`));
	return log;
}

for (const { kind, form, lines } of SPLATS)
	test(`${kind}, as ${form} prints it, is laid at its case with its first lines`, async () => {
		const log = consoleOf(lines);
		assert.equal(log.findings[0]?.kind, kind);
		assert.equal(log.findings[0]?.caseN, 5);
		const complaint = complaintOf(5, log.findings, log.forCase(5), DEFAULT);
		const weight = kind === "panic" ? "crash" : DEFAULT[kind];
		assert.equal(complaint?.weight, weight);
		const from = lines.indexOf(complaint?.lines[0] ?? "");
		assert.ok(from >= 0);
		assert.deepEqual(complaint?.lines, lines.slice(from));
	});

test("each kind has a splat on record, but for flags that no line explains", async () => {
	const kinds = new Set<string>(SPLATS.map(({ kind }) => kind));
	const wanted = ["panic", ...Object.keys(DEFAULT)];
	assert.deepEqual(
		wanted.filter((kind) => !kinds.has(kind)),
		["taint"],
	);
});

test("a kernel's ordinary words are no splats", async () => {
	assert.deepEqual(consoleOf(NO_SPLATS).findings, []);
});

test("what the user notes fails no case, and what the user fails does; a panic is a crash in any case", async () => {
	for (const { kind, lines } of SPLATS)
		for (const weight of ["note", "fail"] as const) {
			const log = consoleOf(lines);
			const policy = splatPolicy([weight]);
			const complaint = complaintOf(5, log.findings, [], policy);
			assert.equal(complaint?.weight, kind === "panic" ? "crash" : weight);
		}
});

test("the worst of several gives the complaint its line", async () => {
	const log = consoleOf([
		"WARNING: CPU: 0 PID: 77 at kernel/pid.c:190 alloc_pid+0x3a/0x3f0",
		"BUG: KASAN: slab-out-of-bounds in alloc_pid+0x1f0/0x5a0",
		"Kernel panic - not syncing: kasan.fault=panic set ...",
	]);
	const lines = log.forCase(5);
	const { findings } = log;
	const [, kasan, panic] = lines;
	assert.equal(complaintOf(5, findings, lines, DEFAULT)?.lines[0], panic);
	const two = findings.slice(0, 2);
	assert.equal(complaintOf(5, two, lines, DEFAULT)?.lines[0], kasan);
});

test("before the first case only a broken kernel counts", async () => {
	const at = (kind: Finding["kind"]): Finding => ({ kind, line: `${kind}!` });
	for (const kind of ["oops", "bug", "kasan"] as const) {
		assert.ok(spoilsBoot(at(kind), DEFAULT));
		assert.ok(!spoilsBoot(at(kind), splatPolicy([`note=${kind}`])));
		assert.equal(complaintOf(null, [at(kind)], [], DEFAULT)?.weight, "fail");
	}
	for (const kind of ["lockdep", "refcount", "warning"] as const) {
		assert.ok(!spoilsBoot(at(kind), splatPolicy(["fail"])));
		assert.equal(complaintOf(null, [at(kind)], [], DEFAULT)?.weight, "note");
	}
	assert.equal(complaintOf(null, [], [], DEFAULT), undefined);
});
