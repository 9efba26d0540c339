/** The agent's frames (`RS SEQ LEN CRC PAYLOAD LF`), found in a stream of bytes that may hold anything. */
import { crcHex } from "./crc32.js";

export const RS = 0x1e;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
/** The longest payload, bytes. */
export const MAX_PAYLOAD = 8000;
/** `SEQ ' ' LEN ' ' CRC ' '` has at most so many bytes. */
const MAX_HEADER = 10 + 1 + 4 + 1 + 8 + 1;
const HEADER = /^(0|[1-9][0-9]{0,9}) (0|[1-9][0-9]{0,3}) ([0-9a-f]{8}) /;
const HEADER_START = /^[0-9]{0,10}( ([0-9]{0,4}( [0-9a-f]{0,8} ?)?)?)?$/;

/** What a reader finds: a sound frame, bytes outside frames, or a place where a frame was broken. */
export type FrameItem =
	| { kind: "frame"; seq: number; payload: string }
	| { kind: "noise"; bytes: Buffer }
	| { kind: "broken" };

type Attempt = "more" | "bad" | { end: number; seq: number; payload: string };

/** One frame as the agent writes it. */
export function encodeFrame(seq: number, payload: string): string {
	return `\x1e${seq} ${payload.length} ${crcHex(`${seq} ${payload}`)} ${payload}\n`;
}

function allPrintable(data: Buffer, start: number, end: number): boolean {
	for (let i = start; i < end; i++) {
		const byte = data[i] as number;
		if (byte < SPACE || byte > 0x7e) return false;
	}
	return true;
}

/** Tries to read one frame whose RS stands at `start`. */
function parseAt(data: Buffer, start: number): Attempt {
	const head = data.toString("latin1", start + 1, start + 1 + MAX_HEADER);
	const match = HEADER.exec(head);
	if (!match) {
		const cut = head.length < MAX_HEADER && HEADER_START.test(head);
		return cut ? "more" : "bad";
	}
	const seq = Number(match[1]);
	const length = Number(match[2]);
	if (length > MAX_PAYLOAD) return "bad";
	const begin = start + 1 + match[0].length;
	const end = begin + length;
	if (!allPrintable(data, begin, Math.min(end, data.length))) return "bad";
	// The tty may have turned LF into CR LF.
	const newline = data[end] === CR ? end + 1 : end;
	if (newline >= data.length) return "more";
	if (data[newline] !== LF) return "bad";
	const payload = data.toString("latin1", begin, end);
	if (crcHex(`${seq} ${payload}`) !== match[3]) return "bad";
	return { end: newline + 1, seq, payload };
}

/** Reads frames incrementally. Holds back at most one unfinished frame. */
export class FrameReader {
	#held: Buffer = Buffer.alloc(0);

	/** Takes the next bytes; returns what they completed, in order. */
	feed(chunk: Uint8Array): FrameItem[] {
		const data = this.#held.length
			? Buffer.concat([this.#held, chunk])
			: Buffer.from(chunk);
		const items: FrameItem[] = [];
		let noiseFrom = 0;
		let at = data.indexOf(RS);
		while (at >= 0) {
			const found = parseAt(data, at);
			if (found === "more") break;
			if (at > noiseFrom)
				items.push({ kind: "noise", bytes: data.subarray(noiseFrom, at) });
			if (found === "bad") {
				items.push({ kind: "broken" });
				noiseFrom = at + 1;
			} else {
				items.push({ kind: "frame", seq: found.seq, payload: found.payload });
				noiseFrom = found.end;
			}
			at = data.indexOf(RS, noiseFrom);
		}
		const noiseTo = at < 0 ? data.length : at;
		if (noiseTo > noiseFrom)
			items.push({ kind: "noise", bytes: data.subarray(noiseFrom, noiseTo) });
		this.#held = Buffer.from(data.subarray(noiseTo));
		return items;
	}

	/** Gives up on an unfinished frame: its bytes are noise, and what they hold is looked at again. */
	giveUp(): FrameItem[] {
		if (!this.#held.length) return [];
		const rest = this.#held.subarray(1);
		this.#held = Buffer.alloc(0);
		return [{ kind: "broken" }, ...this.feed(rest)];
	}
}
