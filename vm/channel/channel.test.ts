import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Channel, type ChannelEvent } from "./channel.js";
import { crc32, crcHex } from "./crc32.js";
import { encodeFrame, type FrameItem, FrameReader } from "./frames.js";
import { encodeLine, WINDOW } from "./lines.js";
import { Book, writeBook } from "./requestCatalogue.js";

/** The agent's side of the protocol, as its document tells it. */
class AgentModel {
	obeyed: string[] = [];
	readonly #book: Book;
	readonly #told: string[] = [];
	#frames: string[] = [];
	#want = 0;
	#complained = -1;
	#held = "";
	#out = "";
	maxHeld = 0;

	constructor(book = new Book()) {
		this.#book = book;
	}

	say(payload: string): void {
		const wire = encodeFrame(this.#frames.length, payload);
		this.#frames.push(wire);
		this.#out += wire;
	}

	drain(): string {
		const out = this.#out;
		this.#out = "";
		return out;
	}

	feed(bytes: string): void {
		this.#held += bytes;
		this.maxHeld = Math.max(this.maxHeld, this.#held.length);
		for (
			let at = this.#held.indexOf("\n");
			at >= 0;
			at = this.#held.indexOf("\n")
		) {
			const line = this.#held.slice(0, at);
			this.#held = this.#held.slice(at + 1);
			this.#line(line);
		}
	}

	#line(line: string): void {
		const match = /^(r|\d+) ([0-9a-f]{8}) (.*)$/.exec(line);
		if (match && crcHex(`${match[1]} ${match[3]}`) === match[2]) {
			const text = match[3] as string;
			if (match[1] === "r") {
				const frame = this.#frames[Number(text.split(" ")[1])];
				if (frame) this.#out += frame;
				return;
			}
			const num = Number(match[1]);
			if (num < this.#want) return;
			if (num === this.#want) {
				this.#want++;
				this.#obey(text);
				return;
			}
		}
		if (this.#complained === this.#want) return;
		this.#complained = this.#want;
		this.say(`bad ${this.#want}`);
	}

	#obey(text: string): void {
		const [word, n, deadline, subject] = text.split(" ");
		if (word === "cases") {
			for (const [i, pair] of this.#pairs(subject ?? "").entries())
				this.#obey(`case ${Number(n) + i} ${deadline} ${pair}`);
			return;
		}
		this.obeyed.push(text);
		if (word === "case")
			this.say(`obs ${n} end=ok${this.#who(subject ?? "-")}`);
		else if (word === "rate") this.say(`rate ${n} 7`);
	}

	/** Cases of the book as they would be sent, by their places. */
	#pairs(places: string): string[] {
		const [, cases] = this.#book.entries;
		const data = cases?.type === "file" ? Buffer.from(cases.data) : "";
		return places.split(",").flatMap((stretch) => {
			const [first = 0, last = first] = stretch.split("-").map(Number);
			return Array.from({ length: last - first + 1 }, (_, i) => {
				const record = data.toString("latin1").slice((first + i) * 10);
				return `${Number(record.slice(0, 4))} =${Number(record.slice(5, 9))}`;
			});
		});
	}

	#who(subject: string): string {
		if (subject === "-") return "";
		const before = this.#told.indexOf(subject);
		if (before >= 0) return ` who=*${before} r=x:0`;
		this.#told.push(subject);
		return ` who=${subject} r=x:0`;
	}
}

function frames(items: FrameItem[]): string[] {
	return items.flatMap((item) =>
		item.kind === "frame" ? [`${item.seq} ${item.payload}`] : [],
	);
}

function noise(items: FrameItem[]): string {
	return items
		.map((item) => (item.kind === "noise" ? item.bytes.toString("latin1") : ""))
		.join("");
}

const printable = fc.string({
	unit: fc.integer({ min: 0x20, max: 0x7e }).map((n) => String.fromCharCode(n)),
	maxLength: 300,
});

test("the CRC is the one everybody knows", () => {
	assert.equal(crc32("123456789"), 0xcbf43926);
	assert.equal(crcHex(""), "00000000");
});

test("frames are found wherever a stream is cut, and the rest is console output", () => {
	fc.assert(
		fc.property(
			fc.array(fc.tuple(printable, printable), { maxLength: 8 }),
			fc.array(fc.integer({ min: 1, max: 40 }), {
				minLength: 1,
				maxLength: 50,
			}),
			fc.boolean(),
			(pieces, cuts, crlf) => {
				const stream = pieces
					.map(([text, payload], seq) => {
						const frame = encodeFrame(seq, payload);
						return `${text}\n${crlf ? frame.replace("\n", "\r\n") : frame}`;
					})
					.join("");
				const reader = new FrameReader();
				const items: FrameItem[] = [];
				let at = 0;
				for (let i = 0; at < stream.length; i++) {
					const size = cuts[i % cuts.length] as number;
					items.push(
						...reader.feed(Buffer.from(stream.slice(at, at + size), "latin1")),
					);
					at += size;
				}
				assert.deepEqual(
					frames(items),
					pieces.map(([, payload], seq) => `${seq} ${payload}`),
				);
				assert.equal(
					noise(items),
					pieces.map(([text]) => `${text}\n`).join(""),
				);
			},
		),
	);
});

test("any bytes are survived, and a sound frame after them is found", () => {
	fc.assert(
		fc.property(
			fc.array(
				fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
			),
			(chunks) => {
				const reader = new FrameReader();
				for (const chunk of chunks) reader.feed(chunk);
				const last = [
					...reader.feed(Buffer.from(encodeFrame(5, "the end"))),
					...reader.giveUp(),
				];
				assert.ok(frames(last).includes("5 the end"));
			},
		),
	);
});

test("a kernel message in the midst of a frame breaks that frame only", () => {
	const reader = new FrameReader();
	const frame = encodeFrame(0, "obs 0 end=ok");
	const items = reader.feed(
		Buffer.from(
			`${frame.slice(0, 9)}[ 1.0] usb 1-1: new\r\n${frame.slice(9)}${encodeFrame(1, "obs 1 end=ok")}`,
		),
	);
	assert.deepEqual(frames(items), ["1 obs 1 end=ok"]);
	assert.ok(items.some((item) => item.kind === "broken"));
	assert.match(noise(items), /usb 1-1: new/);
});

/** Flips, drops and inserts bytes, as long as the budget lasts. */
class Corrupter {
	#random: () => number;
	#rate: number;
	budget: number;

	constructor(seed: number, rate: number, budget: number) {
		let state = seed >>> 0 || 1;
		this.#random = () => {
			state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
			return state / 2 ** 32;
		};
		this.#rate = rate;
		this.budget = budget;
	}

	spoil(text: string): string {
		let out = "";
		for (const char of text) {
			if (this.budget <= 0 || this.#random() >= this.#rate) {
				out += char;
				continue;
			}
			this.budget--;
			const kind = this.#random();
			if (kind < 0.3)
				out += String.fromCharCode(
					char.charCodeAt(0) ^ (1 << Math.floor(this.#random() * 8)),
				);
			else if (kind < 0.6) out += "";
			else if (kind < 0.8) out += `${char}\x1e`;
			else out += `[ 1.5] printk\r\n${char}`;
		}
		return out;
	}
}

interface Talk {
	replies: string[];
	violations: string[];
	obeyed: string[];
	rounds: number;
	channel: Channel;
}

/** Lets both sides talk through the corrupter until all is answered. */
function talk(lines: string[], corrupter: Corrupter, book = new Book()): Talk {
	const agent = new AgentModel(book);
	const channel = new Channel(book);
	const replies: string[] = [];
	const violations: string[] = [];
	const take = (events: ChannelEvent[]) => {
		for (const event of events) {
			if (event.type === "payload" && event.answers !== undefined)
				replies.push(`${event.answers} => ${event.payload}`);
			if (event.type === "violation") violations.push(event.what);
		}
	};
	agent.say("hello proto=1 crprobe=1 arch=x");
	agent.say("ready");
	channel.feed(Buffer.from(agent.drain()));
	channel.attach(lines);
	let rounds = 0;
	while (!channel.idle && rounds++ < 2000 && violations.length === 0) {
		const down = channel.drain();
		if (down === "") take(channel.nudge());
		agent.feed(corrupter.spoil(down));
		take(channel.feed(Buffer.from(corrupter.spoil(agent.drain()), "latin1")));
	}
	return { replies, violations, obeyed: agent.obeyed, rounds, channel };
}

/** A book with these programs under the numbers that they are. */
function bookOf(pairs: { subject: string; program: string }[]): Book {
	const lines = pairs.map(
		({ subject, program }) => `case ${subject} ${program}`,
	);
	return new Book(["subject 0 x", ...lines].join("\n"));
}

test("no reply is lost, doubled or reordered, whatever the line does to the bytes", () => {
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
					// Some are in the book, in stretches, and some with their steps.
					const known = gap > 1 && n % (gap * 3) !== 0;
					const steps = known ? `=${n}` : "x".repeat(n * 3);
					lines.push(`case ${n} ${n < 99 ? 99 : 1000} ${subject} ${steps}`);
					pairs.push({ subject: `${subject}`, program: `${n}` });
				}
				const book = bookOf(pairs);
				const { replies, violations, obeyed } = talk(
					lines,
					new Corrupter(seed, rate, 200),
					book,
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

test("subjects alone do not fill the window for ever", () => {
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

test("cases of the book are asked for by their places, others as they are", () => {
	const pairs = [..."abcdef"].map((program) => ({ subject: "x", program }));
	const channel = new Channel(new Book(writeBook(pairs)));
	const ask = (n: number, program: number, deadline = 5) =>
		`case ${n} ${deadline} 0 =${program}`;
	const wanted = [
		[ask(0, 0), ask(1, 1), ask(2, 2), ask(3, 5), ask(4, 3)],
		// Numbers or deadlines that jump begin a line of their own.
		[ask(6, 4)],
		[ask(7, 5, 9)],
	];
	const other = ["case 8 5 0 try", "case 9 5 - =1", "quit"];
	channel.attach([...wanted.flat(), ...other]);
	assert.equal(
		channel.drain(),
		["cases 0 5 0-2,5,3", "cases 6 5 4", "cases 7 9 5", ...other]
			.map((text, num) => encodeLine(num, text))
			.join(""),
	);
	for (const [n] of wanted.flat().entries())
		channel.feed(Buffer.from(encodeFrame(n, `obs ${n < 5 ? n : n + 1} x`)));
	assert.equal(channel.running, other[0]);
});

test("one line asks for so many answers at most", () => {
	const pairs = Array.from({ length: 150 }, (_, n) => ({
		subject: "x",
		program: `${n}`,
	}));
	const channel = new Channel(new Book(writeBook(pairs)));
	channel.attach(pairs.map((_, n) => `case ${n} 5 0 =${n}`));
	assert.deepEqual(
		channel
			.drain()
			.split("\n")
			.map((line) => line.slice(line.indexOf("cases"))),
		["cases 0 5 0-63", "cases 64 5 64-127", "cases 128 5 128-149", ""],
	);
});

test("a book that is broken or too full is still read for what it holds", () => {
	const pairs = Array.from({ length: 2100 }, (_, n) => ({
		subject: `who=${n % 3}`,
		program: `what=${n}`,
	}));
	const book = new Book(`nonsense\n\n${writeBook(pairs)}case 1`);
	assert.deepEqual(
		[...book.names("subject")],
		[0, 1, 2].map((n) => [`who=${n}`, n]),
	);
	assert.equal(book.names("program").size, 2048);
	const [names, cases] = book.entries;
	assert.ok(names?.type === "file" && cases?.type === "file");
	assert.equal(cases.data.length, 10 * 2048);
	assert.equal(Buffer.from(cases.data).toString().slice(10, 20), "0001 0001\n");
	assert.match(Buffer.from(names.data).toString(), /^subject 0 who=0\n/);
	assert.deepEqual(new Book().entries, []);
});

test("no more than a window of unanswered bytes is under way", () => {
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
	assert.equal(second.split("\n").length, 2, "one answer makes room for one");
});

test("what the agent may not say is called a violation", () => {
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

test("once the agent is ready, it has nothing to say but replies", () => {
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

test("the agent's `bad` is obeyed at once: all lines from there on go again", () => {
	const channel = new Channel();
	channel.attach(["case 0 5 - a", "case 1 5 - b", "case 2 5 - c"]);
	const lines = channel.drain().split("\n");
	channel.feed(Buffer.from(encodeFrame(0, "obs 0 end=ok")));
	channel.feed(Buffer.from(encodeFrame(1, "bad 1")));
	assert.equal(channel.drain(), `${lines[1]}\n${lines[2]}\n`);
	assert.equal(channel.stats.resent, 2);
});

test("a gap is asked for at once, and what came early is not asked for again", () => {
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

test("lines that may not travel are refused before they do", () => {
	assert.throws(() => encodeLine(0, "case 0\nquit"), /printable/);
	assert.throws(() => encodeLine(0, "x".repeat(4000)), /at most 4000/);
	assert.equal(
		encodeLine("r", "resend 3"),
		`r ${crcHex("r resend 3")} resend 3\n`,
	);
});

test("the request that is being run is the oldest without an answer", () => {
	const channel = new Channel();
	channel.attach(["subject a x", "case 0 5 a y", "case 1 5 a z"]);
	assert.equal(channel.running, "case 0 5 a y");
	channel.feed(Buffer.from(encodeFrame(0, "obs 0 end=ok")));
	assert.equal(channel.running, "case 1 5 a z");
	channel.feed(Buffer.from(encodeFrame(1, "obs 1 end=ok")));
	assert.equal(channel.running, undefined);
	assert.ok(channel.idle);
});
