/** Time that passes while this process runs: a guest's silence is not to be told from the runner's own pause otherwise. */
import { performance } from "node:perf_hooks";

/** A longer gap between two looks is a pause, unless this process was at work in it. */
const PAUSE_MS = 1000;

export class RunningClock {
	readonly #now: () => number;
	readonly #worked: () => number;
	#last: number;
	#lastWorked: number;

	/**
	 * @param now milliseconds that never go back
	 * @param worked milliseconds of processor time that this process has used
	 */
	constructor(
		now: () => number = () => performance.now(),
		worked: () => number = () => {
			const { user, system } = process.cpuUsage();
			return (user + system) / 1000;
		},
	) {
		this.#now = now;
		this.#worked = worked;
		this.#last = now();
		this.#lastWorked = worked();
	}

	/** Milliseconds since the last look; of a gap in which this process was stopped only those in which it worked. */
	passed(): number {
		const now = this.#now();
		const worked = this.#worked();
		const gap = now - this.#last;
		const work = worked - this.#lastWorked;
		this.#last = now;
		this.#lastWorked = worked;
		return gap <= PAUSE_MS || work > gap / 2 ? gap : Math.max(0, work);
	}
}

/** How code asks to be called later; a test gives timers that pass when it says so. */
export interface Timers {
	/** Calls `run` at this interval, milliseconds, until the function that it returns is called. */
	every(ms: number, run: () => void): () => void;
	/** Calls `run` once after this time, milliseconds, and keeps no process from ending until then. */
	after(ms: number, run: () => void): void;
}

/** The timers of Node.js. */
export const TIMERS: Timers = {
	every(ms, run) {
		const timer = setInterval(run, ms);
		return () => clearInterval(timer);
	},
	after(ms, run) {
		setTimeout(run, ms).unref();
	},
};
