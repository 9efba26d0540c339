/** Counts what ran in the TAP of a whole test run: files, the tests in them, and tests within tests. */
import { Parser } from "tap-parser";

/** @typedef {{ passed: number, failed: number, skipped: number }} Count */
/** @typedef {import("tap-parser").Result} Result */

/**
 * @typedef {object} Listener
 * @property {(result: Result) => void} [file] a file has ended
 * @property {(result: Result) => void} [failure] a test failed that has no failed test within it
 */

/**
 * Reads TAP as it comes. A test counts where it has no tests within it; one that has some counts only where it failed and none of
 * those did.
 */
export class TapCounter {
	/** @type {Count} */
	#count = { passed: 0, failed: 0, skipped: 0 };
	/** @type {import("tap-parser").FinalResults | undefined} */
	#end;
	/** @type {Parser} */
	#parser;
	/** @type {Listener} */
	#listener;

	/** @param {Listener} [listener] */
	constructor(listener = {}) {
		this.#listener = listener;
		this.#parser = new Parser((results) => {
			this.#end = results;
		});
		this.#parser.on("assert", (result) => listener.file?.(result));
		this.#watch(this.#parser);
	}

	/** @param {string} text */
	write(text) {
		this.#parser.write(text);
	}

	/** @returns {Count & { whole: boolean }} `whole`: the TAP came to the end that it announced */
	end() {
		this.#parser.end();
		const end = this.#end;
		// What is missing shows as a failure that no line of the TAP tells.
		const whole =
			end !== undefined &&
			!end.bailout &&
			!end.plan.skipAll &&
			end.failures.every(
				(failure) => !("tapError" in failure && failure.tapError),
			);
		return { ...this.#count, whole };
	}

	/** @param {Parser} parser */
	#watch(parser) {
		const count = this.#count;
		/** What was counted when the test began that is described now; undefined where nothing is within it. */
		/** @type {Count | undefined} */
		let before;
		parser.on("child", (child) => {
			before = { ...count };
			this.#watch(child);
		});
		parser.on("assert", (result) => {
			const within = before !== undefined && total(count) > total(before);
			const known =
				within && (result.ok || count.failed > (before?.failed ?? 0));
			before = undefined;
			if (known) return;
			if (result.skip || result.todo) count.skipped++;
			else if (result.ok) count.passed++;
			else {
				count.failed++;
				this.#listener.failure?.(result);
			}
		});
	}
}

/**
 * @param {string} text
 * @returns {Count & { whole: boolean }}
 */
export function countTap(text) {
	const counter = new TapCounter();
	counter.write(text);
	return counter.end();
}

/** @param {Count} count */
const total = ({ passed, failed, skipped }) => passed + failed + skipped;
