/** What a guest, and QEMU around it, can say. */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import fc from "fast-check";
import { TaintWatch } from "../runner/splats/taint.js";
import { readFactLines } from "../runner/targets/factLines.js";
import { EvidenceError } from "../suites/model/errors.js";
import {
	formatReadback,
	formatResults,
	parseObservation,
} from "../suites/model/observation.js";
import { VmError } from "../vm/base/errors.js";
import { Channel } from "../vm/channel/channel.js";
import { encodeFrame, FrameReader, MAX_PAYLOAD } from "../vm/channel/frames.js";
import { RequestCatalogue } from "../vm/channel/requestCatalogue.js";
import { ConsoleLog } from "../vm/guest/console.js";
import { FactReader, parseHello } from "../vm/guest/facts.js";
import { Qmp } from "../vm/qemu/qmp.js";
import { cutUp, damagedBytes, damagedText, sizes, wordsOf } from "./inputs.js";
import { type FuzzTarget, target } from "./target.js";

const OBSERVATIONS = [
	"obs 0 us=123 end=ok who=uid:1000,eff:0 r=open:0 r=write:EPERM",
	"obs 1 us=9 end=subject at=caps why=caps=all%3A%20EPERM",
	"obs 2 us=10000000 end=deadline who=*0 r=clone3:0:20001~20000",
	"obs 3 us=1 end=signal:11 kids=3 taken=300/301 r=fork:-",
	"obs 4 us=1 end=ok taint=512 who=uid:0,gid:5,eff:1ffffffffff,depth:2 r=x:E4095:%41",
];
const PAYLOADS = [
	...OBSERVATIONS,
	"hello proto=1 crprobe=0.1.0 arch=x86_64",
	"fact release=6.1.0",
	"ready",
	"rate 100 5000 77",
	"bad 0",
	"gone",
	"bye 5",
];
const FRAMES = [
	PAYLOADS.map((payload, seq) => encodeFrame(seq, payload)).join(""),
	`${encodeFrame(0, OBSERVATIONS[0] ?? "")}noise\n${encodeFrame(1, "ready")}`,
];
const LONGEST_FRAME = encodeFrame(0, "x".repeat(MAX_PAYLOAD));
const CONSOLE = [
	"[    0.000000] Linux version 6.1.0 (a@b) #1 SMP\r\n[    1.0] crcap: case 7\r\nBUG: KASAN: use-after-free in f+0x1/0x2\n",
	"WARNING: CPU: 0 PID: 1 at kernel/pid.c:12 alloc_pid+0x1/0x2\n\x1b[31mred\x1b[0m\x1b]0;t\x07\nINFO: task a:1 blocked for more than 120 seconds.\n",
	"crcap: case 1\nlist_del corruption\nrefcount_t: underflow; use-after-free.\ncrcap: case 2\nKernel panic - not syncing: x\n",
];
const MONITOR = [
	'{"event":"SHUTDOWN","data":{"guest":true,"reason":"guest-reset"}}\n',
	'{"return":"RAX=0\\r\\nRBX=1","id":1}\n{"return":{},"id":2}\n',
	'{"QMP":{"version":{}}}\nnull\n[]\n',
];
const CATALOGUE =
	"subject 0 uid=1000 caps=none --=uid:1000\nsubject 1 uid=0\nprogram 0 open=a write=b\nprogram 1 @ fork\ncase 0 0\ncase 1 1\n";

/** What a reader makes of these bytes. */
function framesIn(bytes: Buffer, chunks: readonly number[]): string[] {
	const reader = new FrameReader();
	const items = [...cutUp(bytes, chunks)].flatMap((chunk) =>
		reader.feed(chunk),
	);
	return items.flatMap((item) =>
		item.kind === "frame" ? [`${item.seq} ${item.payload}`] : [],
	);
}

export const GUEST_TARGETS: readonly FuzzTarget[] = [
	target(
		"frames, whole and in any pieces alike",
		12,
		fc.tuple(damagedBytes(FRAMES), sizes),
		([bytes, chunks]) =>
			assert.deepEqual(framesIn(bytes, chunks), framesIn(bytes, [1 << 20])),
	),
	target(
		"a frame of the longest payload",
		0.2,
		damagedBytes([LONGEST_FRAME]),
		(bytes) => {
			framesIn(bytes, [1000]);
		},
	),
	target(
		"the channel, asked or not",
		8,
		fc.tuple(damagedBytes(FRAMES), sizes, fc.boolean()),
		([bytes, chunks, own]) => {
			const channel = new Channel(new RequestCatalogue(CATALOGUE), own);
			channel.attach(["case 0 100 0 =0", "case 1 100 1 =1", "rate 100"]);
			let violated = false;
			for (const chunk of cutUp(bytes, chunks)) {
				for (const event of [...channel.feed(chunk), ...channel.nudge()]) {
					assert.ok(!(violated && event.type === "payload"));
					violated ||= event.type === "violation";
				}
				assert.ok(channel.drain().length < 100_000);
			}
		},
	),
	target(
		"the console, whole and in any pieces alike",
		6,
		fc.tuple(damagedBytes(CONSOLE), sizes),
		([bytes, chunks]) => {
			const whole = new ConsoleLog();
			whole.feed(bytes);
			whole.end();
			const pieces = new ConsoleLog();
			for (const chunk of cutUp(bytes, chunks)) pieces.feed(chunk);
			pieces.end();
			assert.deepEqual(pieces.findings, whole.findings);
			assert.deepEqual(pieces.tail(1000), whole.tail(1000));
			for (const line of whole.tail(1000))
				assert.match(line, /^[\x20-\x7e…]*$/);
		},
	),
	target("the agent's first words", 10, damagedText(PAYLOADS), (text) => {
		const facts = new FactReader();
		parseHello(text);
		facts.add(text);
		assert.equal(Object.getPrototypeOf(facts.toRecord()), null);
	}),
	target(
		"observations",
		14,
		fc.oneof(
			damagedText(OBSERVATIONS),
			wordsOf([
				"obs 1",
				" us=1",
				" end=ok",
				" r=",
				"open:",
				"0",
				":",
				"~",
				"%4",
				"/",
				" who=uid:1",
				"EPERM",
				"-1",
			]),
		),
		(text) => {
			const seen = parseObservation(text);
			formatReadback(seen.who ?? "");
			assert.match(formatResults(seen.results), /^[\x20-\x7e]*$/);
		},
		(error) => error instanceof EvidenceError,
	),
	target(
		"the kernel's flags in an answer",
		8,
		damagedText(OBSERVATIONS),
		(text) => {
			const { payload, findings } = new TaintWatch("0").take(text);
			assert.ok(findings.length <= 30 && payload.length <= text.length);
		},
	),
	target(
		"QEMU's monitor",
		2,
		fc.tuple(damagedBytes(MONITOR), sizes),
		([bytes, chunks]) => {
			const stream = new PassThrough();
			const qmp = new Qmp(stream);
			for (const chunk of cutUp(bytes, chunks)) stream.emit("data", chunk);
			assert.match(qmp.shutdown ?? "", /^[a-z-]*$/);
			stream.destroy();
		},
	),
	target(
		"stored facts",
		6,
		damagedText(["fact release=6.1.0\nfact __proto__=x\nfact a=%0A%zz%\n"]),
		(text) => assert.equal(Object.getPrototypeOf(readFactLines(text)), null),
	),
	target(
		"the request catalogue, and what is asked by it",
		4,
		fc.tuple(
			damagedText([CATALOGUE]),
			wordsOf(["case ", "0 ", "1 ", "100 ", "=0", "=1", "2"]),
		),
		([text, request]) => {
			const catalogue = new RequestCatalogue(text);
			for (const { data } of catalogue.entries) assert.ok(data.length < 1e6);
			for (const batch of catalogue.batches(["case 0 100 0 =0", request]))
				assert.ok(batch.requests.length > 0);
		},
		(error) => error instanceof VmError,
	),
];
