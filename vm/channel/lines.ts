/** The runner's lines: `NUM CRC TEXT LF`, and which reply ends each. */

import { VmError } from "../base/errors.js";
import { crcHex } from "./crc32.js";

/** The tty has no flow control: at most so many bytes of unanswered lines are under way. */
export const WINDOW = 2048;
/** The longest line, with its newline, bytes. */
export const MAX_LINE = 4000;
/** A request whose reply is due. */
export interface Due {
	text: string;
	/** The reply's first words. */
	reply: string;
}

/** A line that was sent and is not known to be obeyed. */
export interface Line {
	wire: string;
	/** The replies that it is to bring, in order; answered ones are taken off. */
	due: Due[];
	/** Sent by the channel itself to keep the window moving; its reply is nobody's. */
	own: boolean;
}

/** The requests with an answer among these, with what must come. */
export function dueFor(requests: readonly string[]): Due[] {
	return requests.flatMap((text) => {
		const reply = replyTo(text);
		return reply === null ? [] : [{ text, reply }];
	});
}

/** A line as it travels: `NUM CRC TEXT LF`. @throws VmError (usage) for text that may not travel. */
export function encodeLine(num: number | "r", text: string): string {
	if (!/^[\x20-\x7e]+$/.test(text))
		throw new VmError(
			"usage",
			`a request must be printable ASCII: ${JSON.stringify(text.slice(0, 80))}`,
		);
	const wire = `${num} ${crcHex(`${num} ${text}`)} ${text}\n`;
	if (wire.length > MAX_LINE)
		throw new VmError(
			"usage",
			`a request has ${wire.length} bytes, at most ${MAX_LINE} may travel: ${text.slice(0, 80)}…`,
		);
	return wire;
}

/** The runner's word that it is there, for an agent that ends where none comes. */
export const ALIVE = encodeLine("r", "alive");

/** The first words of the reply that a request gets, or null for a line that gets none. */
export function replyTo(text: string): string | null {
	const [word, arg] = text.split(" ", 2);
	if (word === "case") return `obs ${arg}`;
	if (word === "rate") return `rate ${arg}`;
	if (word === "resumed") return `resumed ${arg}`;
	if (word === "quit") return "bye";
	return null;
}

/** True when a payload is the reply that replyTo() promised. */
export function isReplyTo(payload: string, reply: string): boolean {
	return payload === reply || payload.startsWith(`${reply} `);
}
