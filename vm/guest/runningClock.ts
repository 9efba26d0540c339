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
