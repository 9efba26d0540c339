#!/usr/bin/node
/**
 * What a guest's Node.js runs for CRIU to checkpoint: it counts in its heap, in code that is compiled as it runs, and writes
 * down who it is through its threads. The record is struct cr_hand of native/criu/criu.h.
 */
import { readlinkSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";

/** The program waits this long between two numbers, milliseconds. */
const PAUSE = 2;

const counters = Array.from({ length: 1000 }, () => 0);

/**
 * Counts on in every counter, and returns what they have come to.
 * @throws Error where they differ: this memory is not what it was
 */
function count(): number {
	for (let i = 0; i < counters.length; i++)
		counters[i] = (counters[i] ?? Number.NaN) + 1;
	const [first = Number.NaN] = counters;
	if (!counters.every((one) => one === first))
		throw new Error("the counters differ");
	return first;
}

/** As the kernel has them now: `process.pid` is what it was at the start. */
function ids(): [pid: number, tid: number] {
	const [pid, , tid] = readlinkSync("/proc/thread-self").split("/");
	return [Number(pid), Number(tid)];
}

const [, , path = ""] = process.argv;
const born = process.hrtime.bigint();
const file = await open(path, "wx+", 0o600);
for (;;) {
	const [pid, tid] = ids();
	const exe = await stat("/proc/self/exe", { bigint: true });
	const record = BigUint64Array.of(
		...[BigInt(pid), BigInt(tid), born],
		...[exe.dev, exe.ino, BigInt(count())],
	);
	await file.write(new Uint8Array(record.buffer), 0, record.byteLength, 0);
	await setTimeout(PAUSE);
}
