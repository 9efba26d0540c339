import assert from "node:assert/strict";
import { Duplex, PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "tap";
import { encodeFrame } from "../channel/frames.js";
import { RequestCatalogue } from "../channel/requestCatalogue.js";
import type { QemuExit } from "../qemu/process.js";
import { Qmp } from "../qemu/qmp.js";
import { AgentConnection } from "./agentConnection.js";
import type { Timers } from "./runningClock.js";

/** Both ends of a line. */
function line(): [Duplex, Duplex] {
	const there = new PassThrough();
	const back = new PassThrough();
	return [
		Duplex.from({ readable: back, writable: there }),
		Duplex.from({ readable: there, writable: back }),
	];
}

/** What runs at a time, and again after each interval where there is one. */
interface Timer {
	at: number;
	readonly every?: number;
	readonly run: () => void;
}

/** Timers whose time passes when it is told to. */
class FakeTimers implements Timers {
	readonly #due: Timer[] = [];
	#now = 0;

	every(ms: number, run: () => void): () => void {
		const timer = { at: this.#now + ms, every: ms, run };
		this.#due.push(timer);
		return () => this.#remove(timer);
	}

	after(ms: number, run: () => void): void {
		this.#due.push({ at: this.#now + ms, run });
	}

	pass(ms: number): void {
		const end = this.#now + ms;
		for (;;) {
			const [next] = this.#due.sort((a, b) => a.at - b.at);
			if (next === undefined || next.at > end) break;
			this.#now = next.at;
			if (next.every === undefined) this.#remove(next);
			else next.at += next.every;
			next.run();
		}
		this.#now = end;
	}

	#remove(timer: Timer): void {
		const at = this.#due.indexOf(timer);
		if (at >= 0) this.#due.splice(at, 1);
	}
}

/** A connection to a guest that says what it is told to, and ticks that pass when they are told to. */
class Fake {
	readonly connection: AgentConnection;
	readonly #guest: Record<"console" | "results" | "qmp", Duplex>;
	readonly #timers = new FakeTimers();
	#frames = 0;

	constructor() {
		const [console, consoleFar] = line();
		const [results, resultsFar] = line();
		const [qmp, qmpFar] = line();
		this.#guest = { console: consoleFar, results: resultsFar, qmp: qmpFar };
		let end = (_: QemuExit) => {};
		const exited = new Promise<QemuExit>((resolve) => {
			end = resolve;
		});
		this.connection = new AgentConnection(
			{
				pid: 1,
				console,
				results,
				input: results,
				free: null,
				qmp: new Qmp(qmp),
				stderr: () => "",
				onStderr: () => {},
				exited,
				kill: () => end({ code: null, signal: "SIGKILL" }),
			},
			{
				slackMs: 0,
				catalogue: new RequestCatalogue(),
				timers: this.#timers,
			},
		);
		resultsFar.resume();
		qmpFar.on("data", (bytes: Buffer) => {
			const id = /info registers.*"id":(\d+)/.exec(String(bytes))?.[1];
			if (id !== undefined)
				qmpFar.write(`{"return":"RIP=0\\r\\nRSP=1\\r\\n","id":${id}}\n`);
		});
	}

	async say(payload: string): Promise<void> {
		this.#guest.results.write(encodeFrame(this.#frames++, payload));
		await turn();
	}

	async print(line: string): Promise<void> {
		this.#guest.console.write(`${line}\n`);
		await turn();
	}

	async wait(seconds: number): Promise<void> {
		this.#timers.pass(seconds * 1000);
		await turn();
	}
}

test("only answers keep a guest alive, and a hang ends with the registers", async () => {
	const fake = new Fake();
	await fake.say("ready");
	await fake.print("last words");
	fake.connection.send(["case 0 2000 - x", "case 1 2000 - y"]);
	await fake.wait(1.9);
	await fake.say("obs 0 end=ok");
	await fake.wait(1.9);
	// Asked for again, and again: not an answer.
	await fake.say("bad 1");
	await fake.wait(0.3);
	await turn();
	const end = await fake.connection.ended;
	assert.equal(end.kind, "hang");
	assert.equal(end.reason, "the guest was silent for 2 s");
	assert.equal(end.runningCase, 1);
	assert.deepEqual(end.consoleTail, ["last words", "RIP=0", "RSP=1"]);
});

test("a guest that goes on with its facts after `ready` breaks the protocol", async () => {
	const fake = new Fake();
	await fake.say("fact x=1");
	await fake.say("ready");
	fake.connection.send(["case 0 2000 - x"]);
	await fake.say("fact x=1");
	const end = await fake.connection.ended;
	assert.equal(end.kind, "broken-channel");
	assert.match(end.reason, /"fact x=1" came where only replies were due/);
});

test("one listener is told of the guest's words, until it stops or another one listens", async () => {
	const fake = new Fake();
	const heard: string[] = [];
	const as = (name: string) =>
		fake.connection.listen({
			payload: (payload) => heard.push(`${name} ${payload}`),
			progress: () => heard.push(`${name} progress`),
		});
	await fake.say("fact a=1");
	const stopFirst = as("first");
	await fake.say("fact b=1");
	const stopSecond = as("second");
	stopFirst();
	await fake.say("fact c=1");
	stopSecond();
	await fake.say("fact d=1");
	assert.deepEqual(heard, [
		"first fact b=1",
		"first progress",
		"second fact c=1",
		"second progress",
	]);
	fake.connection.kill({ kind: "killed", reason: "enough" });
	await fake.connection.ended;
});
