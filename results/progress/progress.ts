/** Progress on standard error: live on a terminal, plain lines elsewhere. Never a part of the report. */

import { counted } from "../model/counts.js";
import type { CaseResult, TargetHead, TargetTail } from "../model/model.js";
import { count, isUnexpected, newTarget, sentence } from "../model/summary.js";
import { palette, wantsColour } from "../text/ansi.js";
import { oneLine } from "../text/escape.js";
import {
	KEPT,
	lastLines,
	liveLines,
	type StoredReport,
	type TargetProgress,
} from "./progressLines.js";

export interface Progress {
	/** A line about the run as a whole. */
	say(line: string): void;
	boot(target: string): void;
	head(target: string, head: TargetHead): void;
	result(target: string, result: CaseResult): void;
	tail(target: string, tail: TargetTail): void;
	/** The last screen. `reports` are the files that were written. */
	end(reports?: readonly StoredReport[]): void;
}

/** What progress is written on, standard error for one. */
export interface ProgressOutput {
	write(text: string): unknown;
	isTTY?: boolean;
	columns?: number;
}

export interface ProgressOptions {
	env?: Record<string, string | undefined>;
	/** False where the report goes to the same terminal, which a live display would cut to pieces. Default: on a terminal. */
	live?: boolean;
	/** Milliseconds; default: this process's clock. */
	now?: () => number;
	/** What the lines begin with. */
	prefix?: string;
}

/** The longest reason for an accelerator that is shown. */
const SHORT = 100;

/** The accelerator, and why it is no other; the whole story of a probe that failed is for the reports. */
function accelText({ accel, accelReason = "" }: TargetHead): string {
	if (accelReason === "") return accel;
	return `${accel} (${accelReason.length <= SHORT ? accelReason : "no usable KVM"})`;
}

/** The display is drawn again this often, milliseconds. */
const FRAME = 100;

export function createProgress(
	out: ProgressOutput,
	options: ProgressOptions = {},
): Progress {
	const { env = process.env, prefix = "crcap: " } = options;
	const tty = out.isTTY === true;
	const live = options.live ?? (tty && env.TERM !== "dumb");
	const now = options.now ?? (() => performance.now());
	const paint = palette(wantsColour(tty, env));
	const targets = new Map<string, TargetProgress>();
	let drawn = 0;
	let last = Number.NEGATIVE_INFINITY;
	let timer: NodeJS.Timeout | undefined;

	const erase = (): string => (drawn === 0 ? "" : `\u001b[${drawn}A\u001b[0J`);
	const draw = (force = false): void => {
		if (!live || (!force && now() - last < FRAME)) return;
		last = now();
		const lines = liveLines(
			[...targets.values()],
			now(),
			Math.max(20, (out.columns ?? 80) - 1),
			paint,
		);
		out.write(erase() + lines.map((line) => `${line}\n`).join(""));
		drawn = lines.length;
	};
	const say = (line: string): void => {
		out.write(`${live ? erase() : ""}${prefix}${oneLine(line, 1000)}\n`);
		drawn = 0;
		draw(true);
	};
	const find = (name: string): TargetProgress => {
		let target = targets.get(name);
		if (target === undefined) {
			target = { name, phase: "boot", bootedAt: now(), failures: [] };
			targets.set(name, target);
		}
		return target;
	};
	return {
		say,
		boot(name) {
			Object.assign(find(name), { phase: "boot", bootedAt: now() });
			if (!live) return say(`${name}: starting`);
			// Time passes in a boot without anything else to show.
			timer ??= setInterval(() => draw(), 500).unref();
			draw(true);
		},
		head(name, head) {
			Object.assign(find(name), {
				phase: "run",
				ranAt: now(),
				summary: newTarget(head),
			});
			if (live) return draw(true);
			say(
				`${name}: Linux ${head.kernel.release} on ${head.kernel.arch}, ${counted(head.planned, "case")}, accelerator ${accelText(head)}`,
			);
		},
		result(name, result) {
			const target = find(name);
			if (target.summary !== undefined) count(target.summary, result);
			if (isUnexpected(result) && result.verdict !== "not_run") {
				if (target.failures.length < KEPT) target.failures.push(result);
				else if (result.verdict === "crash") target.failures[KEPT - 1] = result;
			}
			draw();
		},
		tail(name, tail) {
			const target = find(name);
			target.phase = "done";
			if (target.summary !== undefined) target.summary.tail = tail;
			const words =
				target.summary === undefined ? "ended" : sentence(target.summary);
			const seconds = (tail.durationMs / 1000).toFixed(1);
			// Of a single target the last screen, which follows at once, says the same.
			if (!live || targets.size > 1) say(`${name}: ${words} (${seconds} s)`);
			for (const note of tail.notes) say(`${name}: note: ${note}`);
		},
		end(reports = []) {
			clearInterval(timer);
			const lines = lastLines([...targets.values()], reports, paint);
			out.write(
				`${live ? erase() : ""}${lines.map((line) => `${line}\n`).join("")}`,
			);
			drawn = 0;
		},
	};
}
