/** The one place in which trouble is put on a terminal. */
import { visible } from "../../results/text/escape.js";

/** Where the frames of a stack begin. */
const FRAMES = /\n(?= +at )/;

/** Tells what went wrong, on standard error. It may quote files, guests and tools: their bytes are shown, never obeyed. */
export function tell(message: string): void {
	const [head = "", ...frames] = message.split(FRAMES);
	const lines = [`crcap: ${visible(head)}`, ...frames.map(visible)];
	process.stderr.write(`${lines.join("\n")}\n`);
}
