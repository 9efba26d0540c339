import assert from "node:assert/strict";
import { test } from "tap";
import {
	ConsoleLog,
	type GuestEnd,
	GuestLost,
	RequestCatalogue,
	VmError,
	writeRequestCatalogue,
} from "../../vm/index.js";
import type { Complaint } from "../splats/complaint.js";
import { type GuestPort, requestLines, runOnGuest } from "./qemuSession.js";
import type { CaseRequest } from "./target.js";

const END: GuestEnd = {
	kind: "bye",
	reason: "the agent said goodbye",
	consoleTail: [],
	findings: [],
	banners: 1,
	qemuStderr: "",
	registers: [],
	channel: { broken: 0, asked: 0, resent: 0, repeated: 0 },
};

function request(n: number, subjectProgram = "uid=1"): CaseRequest {
	return {
		n,
		deadlineMs: 100,
		subjectProgram,
		probeProgram: `try=${n}`,
		program: `${subjectProgram} try=${n}`,
	};
}

/** A guest whose console and replies a test scripts, in the order of their arrival. */
function guest(
	script: (
		say: (line: string) => void,
		reply: (payload: string) => void,
	) => void,
	end: Partial<GuestEnd> = {},
	atQuit: (say: (line: string) => void) => void = () => {},
): GuestPort {
	const console = new ConsoleLog();
	const say = (line: string): void => {
		console.feed(Buffer.from(`${line}\n`));
	};
	const ended = { ...END, ...end };
	return {
		console,
		facts: { tainted: "4096" },
		end: Promise.resolve(ended),
		async exchange(lines, onPayload) {
			for (const _ of lines);
			script(say, (payload) => onPayload(payload, ""));
			if (ended.kind !== "bye") throw new GuestLost(ended);
		},
		async quit() {
			atQuit(say);
			return ended;
		},
	};
}

/** Runs it and writes down what was told, in order. */
async function heard(
	port: GuestPort,
	requests = [0, 1, 2].map((n) => request(n)),
): Promise<{
	log: string[];
	complaints: Complaint[];
	how: string;
	lastBegun: number | undefined;
}> {
	const log: string[] = [];
	const complaints: Complaint[] = [];
	const end = await runOnGuest(port, requests, {
		reply: (payload) => log.push(payload),
		complaint(complaint) {
			complaints.push(complaint);
			log.push(`${complaint.weight} in ${complaint.n}`);
		},
	});
	return { log, complaints, how: end.how, lastBegun: end.lastBegun };
}

test("subjects and operations are named once, before the first case that needs them", async () => {
	const again = { ...request(8), probeProgram: "try=0" };
	const requests = [
		request(0),
		request(1),
		request(5, "uid=2"),
		request(7, ""),
		again,
	];
	assert.deepEqual(
		[...requestLines(requests)],
		[
			"subject 0 uid=1",
			"program 0 try=0",
			"case 0 100 0 =0",
			"program 1 try=1",
			"case 1 100 0 =1",
			"subject 1 uid=2",
			"program 2 try=5",
			"case 5 100 1 =2",
			"program 3 try=7",
			"case 7 100 - =3",
			"case 8 100 0 =0",
		],
	);
});

test("what is in the catalogue has its name there, the rest is named", async () => {
	const pairs = [request(0), request(1, "uid=2")].map((one) => ({
		subject: one.subjectProgram,
		program: one.probeProgram,
	}));
	const catalogue = new RequestCatalogue(writeRequestCatalogue(pairs));
	assert.deepEqual(
		[
			...requestLines([request(1, "uid=2"), request(3, "uid=9")], {
				catalogue,
			}),
		],
		[
			"case 1 100 1 =1",
			"subject 2 uid=9",
			"program 2 try=3",
			"case 3 100 2 =2",
		],
	);
});

test("a complaint comes before the reply of its case, though the console may be late", async () => {
	const port = guest((say, reply) => {
		say("crcap: case 0");
		reply("obs 0");
		reply("obs 1");
		say("crcap: case 1");
		say("[   1.0] BUG: kernel NULL pointer dereference, address: 0");
		say("RIP: 0010:it");
		say("crcap: case 2");
		reply("obs 2");
	});
	const { log, complaints } = await heard(port);
	assert.deepEqual(log, ["obs 0", "fail in 1", "obs 1", "obs 2"]);
	assert.deepEqual(complaints[0]?.lines, [
		"[   1.0] BUG: kernel NULL pointer dereference, address: 0",
		"RIP: 0010:it",
	]);
});

test("what the kernel's flags say newly is laid at its case, where the console says nothing of it", async () => {
	const port = guest((say, reply) => {
		say("crcap: case 0");
		reply("obs 0 end=ok taint=4224");
		say("crcap: case 1");
		say("WARNING: CPU: 0 PID: 1 at kernel/x.c:1 f+0x1/0x2");
		say("crcap: case 2");
		reply("obs 1 end=ok taint=4736");
		reply("obs 2 end=ok");
	});
	const { log, complaints } = await heard(port);
	assert.deepEqual(log, [
		"fail in 0",
		"obs 0 end=ok",
		"note in 1",
		"obs 1 end=ok",
		"obs 2 end=ok",
	]);
	assert.deepEqual(complaints[0]?.lines, [
		"/proc/sys/kernel/tainted: 4096 before, 4224 after (D: the kernel oopsed)",
	]);
	assert.equal(complaints[1]?.lines.length, 1);
	assert.match(complaints[1]?.lines[0] ?? "", /^WARNING: CPU/);
});

test("an answer that reads like a splat is none: only the console is the kernel's", async () => {
	const port = guest((say, reply) => {
		say("crcap: case 0");
		reply("obs 0 why=BUG:%20KASAN:%20x Kernel panic - not syncing: x");
		say("crcap: case 1");
	});
	const { log } = await heard(port);
	assert.equal(log.length, 1);
});

test("a console without markers holds nothing back for ever", async () => {
	const requests = Array.from({ length: 300 }, (_, n) => request(n));
	let during = 0;
	const log: string[] = [];
	const port = guest((_say, reply) => {
		for (const { n } of requests) reply(`obs ${n}`);
		during = log.length;
	});
	await runOnGuest(port, requests, {
		reply: (payload) => log.push(payload),
		complaint() {},
	});
	assert.ok(during > 200);
	assert.equal(log.length, 300);
});

test("a complaint before the first case is nobody's", async () => {
	const port = guest((say, reply) => {
		say("WARNING: CPU: 0 PID: 1 at kernel/x.c:1 f+0x1/0x2");
		say("crcap: case 0");
		reply("obs 0");
	});
	const { log } = await heard(port);
	assert.deepEqual(log, ["note in null", "obs 0"]);
});

test("what a dying guest still printed is told with its case", async () => {
	const port = guest(
		(say, reply) => {
			say("crcap: case 0");
			reply("obs 0");
			say("crcap: case 1");
		},
		{ kind: "panic", reason: "the kernel panicked" },
		(say) => say("Kernel panic - not syncing: why"),
	);
	const { log, how, lastBegun } = await heard(port);
	assert.deepEqual(log, ["obs 0", "crash in 1"]);
	assert.equal(how, "died");
	assert.equal(lastBegun, 1);
});

for (const forged of [999999999, 77]) {
	test(`a forged marker of case ${forged} moves nothing`, async () => {
		const port = guest(
			(say, reply) => {
				say("crcap: case 0");
				reply("obs 0");
				say("crcap: case 1");
				say(`crcap: case ${forged}`);
			},
			{ kind: "panic" },
		);
		const { log, lastBegun } = await heard(port);
		assert.deepEqual(log, ["obs 0"]);
		assert.equal(lastBegun, 1);
	});
}

test("a marker of a case that was not handed out yet, or is long past, moves nothing", async () => {
	const { console, ...rest } = guest(() => {}, { kind: "panic" });
	const port: GuestPort = {
		...rest,
		console,
		async exchange(lines, onPayload) {
			let handed = 0;
			for (const _ of lines) if (++handed > 4) break;
			const say = (line: string) => console.feed(Buffer.from(`${line}\n`));
			say("crcap: case 0");
			say("crcap: case 1");
			onPayload("obs 0", "");
			say("crcap: case 9");
			say("crcap: case 0");
			throw new GuestLost({ ...END, kind: "panic" });
		},
	};
	const { lastBegun } = await heard(
		port,
		Array.from({ length: 20 }, (_, n) => request(n)),
	);
	assert.equal(lastBegun, 1);
});

test("replies that still wait when the talk fails are not lost", async () => {
	const { console, ...rest } = guest(() => {});
	const port: GuestPort = {
		...rest,
		console,
		async exchange(lines, onPayload) {
			for (const _ of lines);
			onPayload("obs 0", "");
			onPayload("obs 1", "");
			throw new VmError("usage", "too long");
		},
	};
	const { log, how } = await heard(port);
	assert.deepEqual(log, ["obs 0", "obs 1"]);
	assert.equal(how, "lost");
});

test("a request that may not travel is no word about the guest", async () => {
	const port: GuestPort = {
		...guest(() => {}),
		exchange: () => Promise.reject(new VmError("usage", "too long")),
	};
	assert.equal((await heard(port)).how, "lost");
});

for (const [kind, how] of [
	["panic", "died"],
	["oops", "died"],
	["reboot", "died"],
	["poweroff", "died"],
	["hang", "hung"],
	["qemu-died", "lost"],
	["broken-channel", "lost"],
	["killed", "stopped"],
] as const) {
	test(`an end by ${kind}: ${how}`, async () => {
		assert.equal((await heard(guest(() => {}, { kind }))).how, how);
	});
}
