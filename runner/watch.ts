/** Progress as plain lines on standard error. */
import type { Totals } from "../results/model.js";
import type { Watcher } from "./run.js";

/** Says what happens, one line each, `name: what`. */
export function plainWatcher(write: (text: string) => void): Watcher {
	const say = (line: string): void => write(`crcap: ${oneLine(line)}\n`);
	return {
		say,
		boot: (target) => say(`${target}: starting`),
		head(target, head) {
			const { release, arch } = head.kernel;
			const why = head.accelReason ? ` (${head.accelReason})` : "";
			say(
				`${target}: Linux ${release} on ${arch}, ${head.planned} cases, accelerator ${head.accel}${why}`,
			);
		},
		result() {},
		tail(target, tail) {
			const seconds = (tail.durationMs / 1000).toFixed(1);
			say(`${target}: ${totalsText(tail.totals)} in ${seconds} s`);
			for (const note of tail.notes) say(`${target}: note: ${note}`);
			if (!tail.complete)
				say(`${target}: incomplete: ${tail.incompleteReason}`);
		},
		end() {},
	};
}

/** What a guest or a program said may hold anything; a terminal gets one line of it, with nothing to obey. */
function oneLine(text: string): string {
	const printable = text.replace(/\s+/g, " ").replace(/\p{Cc}/gu, "?");
	return printable.length > 300 ? `${printable.slice(0, 300)}…` : printable;
}

/** `1 pass, 2 fail`: what there is of each verdict. */
export function totalsText(totals: Totals): string {
	const parts = Object.entries(totals)
		.filter(([, count]) => count > 0)
		.map(([verdict, count]) => `${count} ${verdict.replace("_", " ")}`);
	return parts.join(", ") || "nothing ran";
}
