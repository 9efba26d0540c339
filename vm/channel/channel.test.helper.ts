import fc from "fast-check";
import { Channel, type ChannelEvent } from "./channel.js";
import { crcHex } from "./crc32.js";
import { encodeFrame, type FrameItem } from "./frames.js";
import { RequestCatalogue } from "./requestCatalogue.js";

/** The agent's side of the protocol, as its document tells it. */

export class AgentModel {
	obeyed: string[] = [];
	readonly #catalogue: RequestCatalogue;
	readonly #readBacks: string[] = [];
	#frames: string[] = [];
	#want = 0;
	#complained = -1;
	#held = "";
	#out = "";
	maxHeld = 0;

	constructor(catalogue = new RequestCatalogue()) {
		this.#catalogue = catalogue;
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

	/** Cases of the catalogue as they would be sent, by their numbers. */
	#pairs(numbers: string): string[] {
		const [, cases] = this.#catalogue.entries;
		const data = cases?.type === "file" ? Buffer.from(cases.data) : "";
		return numbers.split(",").flatMap((stretch) => {
			const [first = 0, last = first] = stretch.split("-").map(Number);
			return Array.from({ length: last - first + 1 }, (_, i) => {
				const record = data.toString("latin1").slice((first + i) * 10);
				return `${Number(record.slice(0, 4))} =${Number(record.slice(5, 9))}`;
			});
		});
	}

	#who(subject: string): string {
		if (subject === "-") return "";
		const before = this.#readBacks.indexOf(subject);
		if (before >= 0) return ` who=*${before} r=x:0`;
		this.#readBacks.push(subject);
		return ` who=${subject} r=x:0`;
	}
}

export function frames(items: FrameItem[]): string[] {
	return items.flatMap((item) =>
		item.kind === "frame" ? [`${item.seq} ${item.payload}`] : [],
	);
}

export function noise(items: FrameItem[]): string {
	return items
		.map((item) => (item.kind === "noise" ? item.bytes.toString("latin1") : ""))
		.join("");
}

export const printable = fc.string({
	unit: fc.integer({ min: 0x20, max: 0x7e }).map((n) => String.fromCharCode(n)),
	maxLength: 300,
});

export class Corrupter {
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

export interface Talk {
	replies: string[];
	violations: string[];
	obeyed: string[];
	rounds: number;
	channel: Channel;
}

/** Lets both sides talk through the corrupter until all is answered. */
export function talk(
	lines: string[],
	corrupter: Corrupter,
	catalogue = new RequestCatalogue(),
): Talk {
	const agent = new AgentModel(catalogue);
	const channel = new Channel(catalogue);
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

/** A catalogue with these programs under the numbers that they are. */
export function catalogueOf(
	pairs: { subject: string; program: string }[],
): RequestCatalogue {
	const lines = pairs.map(
		({ subject, program }) => `case ${subject} ${program}`,
	);
	return new RequestCatalogue(["subject 0 x", ...lines].join("\n"));
}
