import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import { Channel } from "./channel.js";
/** The agent's side of the protocol, as its document tells it. */
import { Corrupter, catalogueOf, talk } from "./channel.test.helper.js";
import { crcHex } from "./crc32.js";
import { encodeFrame } from "./frames.js";
import { encodeLine, WINDOW } from "./lines.js";

test("no reply is lost, doubled or reordered, whatever the line does to the bytes", async () => {
	fc.assert(
		fc.property(
			fc.integer(),
			fc.constantFrom(0, 0.001, 0.01, 0.05),
			fc.integer({ min: 1, max: 200 }),
			fc.integer({ min: 1, max: 9 }),
			(seed, rate, count, gap) => {
				const lines: string[] = [];
				const pairs = [];
				for (let n = 0; n < count; n++) {
					const subject = n - (n % 7);
					if (n % 7 === 0) lines.push(`subject ${n} caps=${n}`);
					// Some are in the catalogue, in stretches, and some with their steps.
					const known = gap > 1 && n % (gap * 3) !== 0;
					const steps = known ? `=${n}` : "x".repeat(n * 3);
					lines.push(`case ${n} ${n < 99 ? 99 : 1000} ${subject} ${steps}`);
					pairs.push({ subject: `${subject}`, program: `${n}` });
				}
				const catalogue = catalogueOf(pairs);
				const { replies, violations, obeyed } = talk(
					lines,
					new Corrupter(seed, rate, 200),
					catalogue,
				);
				assert.deepEqual(violations, []);
				assert.deepEqual(obeyed, lines);
				assert.deepEqual(
					replies,
					lines
						.filter((line) => line.startsWith("case"))
						.map((line) => {
							const [, n, , subject] = line.split(" ");
							return `${line} => obs ${n} end=ok who=${subject} r=x:0`;
						}),
				);
			},
		),
		{ numRuns: 300 },
	);
});

test("subjects alone do not fill the window for ever", async () => {
	const lines = Array.from(
		{ length: 40 },
		(_, i) => `subject s${i} ${"x".repeat(300)}`,
	);
	const { obeyed, violations } = talk(
		[...lines, "case 0 1000 s1 y"],
		new Corrupter(1, 0, 0),
	);
	assert.deepEqual(violations, []);
	assert.deepEqual(
		obeyed.filter((line) => !line.startsWith("rate")),
		[...lines, "case 0 1000 s1 y"],
	);
});

test("no more than a window of unanswered bytes is under way", async () => {
	const channel = new Channel();
	channel.attach(
		Array.from(
			{ length: 500 },
			(_, i) => `case ${i} 1000 - ${"y".repeat(100)}`,
		),
	);
	const first = channel.drain();
	assert.ok(
		first.length > WINDOW / 2 && first.length <= WINDOW,
		`${first.length}`,
	);
	channel.feed(Buffer.from(encodeFrame(0, "obs 0 end=ok")));
	const second = channel.drain();
	assert.equal(second.split("\n").length, 2, "one answer makes space for one");
});

test("what the agent may not say is called a violation", async () => {
	for (const payload of [
		"obs 1 end=ok",
		"obs 0 end=ok who=*0",
		"obs 0 end=ok who=*x",
		"rate 5 1",
		"bad 99",
		"bad -1",
		"bye 3",
	]) {
		const channel = new Channel();
		channel.attach(["case 0 1000 - x"]);
		const events = channel.feed(Buffer.from(encodeFrame(0, payload)));
		assert.equal(events[0]?.type, "violation", payload);
		const after = channel.feed(Buffer.from(encodeFrame(1, "obs 0 end=ok")));
		assert.deepEqual(after, [], "nothing is believed after it");
	}
	const leap = new Channel();
	assert.equal(
		leap.feed(Buffer.from(encodeFrame(4_000_000_000, "hello")))[0]?.type,
		"violation",
	);
});

test("a frame that the agent no longer keeps is a broken channel, not a silent guest", async () => {
	const channel = new Channel();
	const reader = (seq: number, payload: string) =>
		Buffer.from(encodeFrame(seq, payload), "latin1");
	channel.feed(reader(0, "ready"));
	channel.attach(["case 0 1000 - x", "case 1 1000 - x"]);
	channel.drain();
	channel.feed(reader(2, "obs 1 us=1"));
	const events = channel.feed(reader(1, "gone"));
	assert.deepEqual(events, [
		{
			type: "violation",
			what: "frame 1 was lost, and the agent does not keep it any more",
		},
	]);
});

test("once the agent is ready, it has nothing to say but replies", async () => {
	for (const payload of ["fact x=1", "hello", "ready", "gossip", ""]) {
		const channel = new Channel();
		const said = ["hello", "gossip", "fact x=1", "ready", payload];
		const events = channel.feed(
			Buffer.from(said.map((one, seq) => encodeFrame(seq, one)).join("")),
		);
		assert.deepEqual(
			events.map(({ type }) => type),
			["payload", "payload", "payload", "payload", "violation"],
			payload,
		);
	}
});

test("the agent's `bad` is obeyed at once: all lines from there on go again", async () => {
	const channel = new Channel();
	channel.attach(["case 0 5 - a", "case 1 5 - b", "case 2 5 - c"]);
	const lines = channel.drain().split("\n");
	channel.feed(Buffer.from(encodeFrame(0, "obs 0 end=ok")));
	channel.feed(Buffer.from(encodeFrame(1, "bad 1")));
	assert.equal(channel.drain(), `${lines[1]}\n${lines[2]}\n`);
	assert.equal(channel.stats.resent, 2);
});

test("a gap is asked for at once, and what came early is not asked for again", async () => {
	const channel = new Channel();
	channel.feed(Buffer.from(encodeFrame(0, "hello")));
	channel.feed(
		Buffer.from(encodeFrame(3, "ready") + encodeFrame(2, "fact a=b")),
	);
	assert.equal(
		channel.drain(),
		encodeLine("r", "resend 1") + encodeLine("r", "resend 2"),
	);
	const events = channel.feed(Buffer.from(encodeFrame(1, "fact c=d")));
	assert.deepEqual(
		events.map((event) => (event.type === "payload" ? event.payload : event)),
		["fact c=d", "fact a=b", "ready"],
	);
	assert.equal(channel.drain(), "");
});

test("lines that may not travel are refused before they do", async () => {
	assert.throws(() => encodeLine(0, "case 0\nquit"), /printable/);
	assert.throws(() => encodeLine(0, "x".repeat(4000)), /at most 4000/);
	assert.equal(
		encodeLine("r", "resend 3"),
		`r ${crcHex("r resend 3")} resend 3\n`,
	);
});

test("the request that is being run is the oldest without an answer", async () => {
	const channel = new Channel();
	channel.attach(["subject a x", "case 0 5 a y", "case 1 5 a z"]);
	assert.equal(channel.running, "case 0 5 a y");
	channel.feed(Buffer.from(encodeFrame(0, "obs 0 end=ok")));
	assert.equal(channel.running, "case 1 5 a z");
	channel.feed(Buffer.from(encodeFrame(1, "obs 1 end=ok")));
	assert.equal(channel.running, undefined);
	assert.ok(channel.idle);
});

/** What a channel says of these frames, after `ready` and with three cases under way. */
function violationOf(
	...said: readonly (readonly [seq: number, payload: string])[]
): string | undefined {
	const channel = new Channel();
	channel.attach(["case 0 5 - a", "case 1 5 - b", "quit"]);
	const all = [[0, "ready"] as const, ...said];
	const events = channel.feed(
		Buffer.from(all.map(([seq, text]) => encodeFrame(seq, text)).join("")),
	);
	const found = events.find((event) => event.type === "violation");
	return found?.type === "violation" ? found.what : undefined;
}

test("a goodbye names the number of answers, and is the last word", async () => {
	const answers = [
		[1, "obs 0 end=ok"],
		[2, "obs 1 end=ok"],
	] as const;
	assert.equal(violationOf(...answers, [3, "bye 2"]), undefined);
	for (const wrong of ["bye 1", "bye 3", "bye", "bye 2 more", "bye -1"])
		assert.match(violationOf(...answers, [3, wrong]) ?? "", /goodbye was/);
	assert.match(
		violationOf(...answers, [3, "bye 2"], [4, "obs 2 end=ok"]) ?? "",
		/came after the goodbye/,
	);
});

test("a frame that comes again is the same, and not more often than it was asked for", async () => {
	const first = [1, "obs 0 end=ok"] as const;
	assert.equal(violationOf(first, first, [0, "ready"], [1, "gone"]), undefined);
	assert.match(violationOf(first, [1, "obs 0 end=died"]) ?? "", /frame 1 came/);
	assert.match(
		violationOf([3, "obs 1 end=ok"], [3, "obs 1 end=died"]) ?? "",
		/frame 3 came again with other content/,
	);
	const flood = Array.from({ length: 1000 }, () => first);
	assert.match(violationOf(first, ...flood) ?? "", /frames came again/);
});

test("a line is asked for again once", async () => {
	assert.equal(violationOf([1, "bad 0"], [2, "bad 1"]), undefined);
	assert.match(
		violationOf([1, "bad 1"], [2, "bad 1"]) ?? "",
		/a second time for the same line/,
	);
});

test("nothing but broken frames is a violation, whatever came before", async () => {
	for (const heard of [true, false]) {
		const channel = new Channel();
		if (heard) channel.feed(Buffer.from(encodeFrame(0, "hello")));
		const events = channel.feed(Buffer.alloc(64 * 1024, 0x1e));
		assert.deepEqual(
			events.map(({ type }) => type).filter((type) => type !== "noise"),
			["violation"],
		);
		assert.ok(channel.drain().length < 1000);
	}
});

test("the channel of a resumed guest goes on where the saved one stood", async () => {
	const said = ["hello", "fact a=1", "ready"];
	const channel = new Channel(undefined, true, said);
	channel.attach(["resumed 77 1 00", "case 0 1000 - --"]);
	assert.match(channel.drain(), /^0 [0-9a-f]{8} resumed 77 1 00\n1 /);
	// What was said before may come again, and is the same.
	assert.deepEqual(channel.feed(Buffer.from(encodeFrame(1, "fact a=1"))), []);
	const frames = [
		encodeFrame(3, "resumed 77 clock=0"),
		encodeFrame(4, "obs 0 x"),
	];
	assert.deepEqual(
		channel
			.feed(Buffer.from(frames.join("")))
			.map((event) => (event.type === "payload" ? event.payload : event.type)),
		["resumed 77 clock=0", "obs 0 x"],
	);
	channel.attach(["quit"]);
	channel.drain();
	const bye = channel.feed(Buffer.from(encodeFrame(5, "bye 1")));
	assert.equal(bye[0]?.type, "payload");
	const other = new Channel(undefined, true, said);
	const [event] = other.feed(Buffer.from(encodeFrame(0, "hullo")));
	assert.equal(event?.type, "violation");
});

test("later frames show that one is lost for ever", async () => {
	const channel = new Channel();
	channel.feed(Buffer.from(encodeFrame(0, "ready")));
	assert.equal(channel.hole, undefined);
	channel.feed(Buffer.from(encodeFrame(2, "obs 1 end=ok")));
	assert.match(channel.hole ?? "", /frame 1 never came.* 1 later/);
});

test("half a frame before a silence is no sign of life, and what comes after it was asked for again is one", async () => {
	for (const ownPort of [true, false]) {
		const channel = new Channel(undefined, ownPort);
		channel.feed(Buffer.from(encodeFrame(0, "ready")));
		channel.feed(Buffer.from("\x1e1 12 00000000 obs 0"));
		channel.nudge();
		assert.equal(channel.hole, undefined);
		channel.feed(Buffer.from("kernel: x\n"));
		assert.equal(channel.hole !== undefined, ownPort);
		channel.feed(Buffer.from("\x1e1 1\x1e"));
		assert.match(channel.hole ?? "", /is no frame/);
		channel.feed(Buffer.from(encodeFrame(1, "bad 0")));
		assert.equal(channel.hole, undefined);
	}
});
