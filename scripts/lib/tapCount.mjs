/** Counts what ran in the TAP of a whole test run: files, the tests in them, and tests within tests. */
import { Parser } from "tap-parser";

/** @typedef {{ passed: number, failed: number, skipped: number }} Count */

/**
 * A test counts where it has no tests within it; one that has some counts only where it failed and none of those did.
 * @param {string} text
 * @returns {Count & { whole: boolean }} `whole`: the TAP came to the end that it announced
 */
export function countTap(text) {
	const count = { passed: 0, failed: 0, skipped: 0 };
	/** @type {import("tap-parser").FinalResults | undefined} */
	let end;
	const parser = new Parser((results) => {
		end = results;
	});
	countResults(parser, count);
	parser.end(text);
	// What is missing shows as a failure that no line of the TAP tells.
	const whole =
		end !== undefined &&
		!end.bailout &&
		!end.plan.skipAll &&
		end.failures.every(
			(failure) => !("tapError" in failure && failure.tapError),
		);
	return { ...count, whole };
}

/**
 * @param {import("tap-parser").Parser} parser
 * @param {Count} count
 */
function countResults(parser, count) {
	/** How many tests failed when the one that is described now began. */
	let before = -1;
	let counted = 0;
	parser.on("child", (child) => {
		before = count.failed;
		counted = total(count);
		countResults(child, count);
	});
	parser.on("assert", (result) => {
		const within = before >= 0 && total(count) > counted;
		const toldWithin = within && (result.ok || count.failed > before);
		before = -1;
		if (toldWithin) return;
		if (result.skip || result.todo) count.skipped++;
		else count[result.ok ? "passed" : "failed"]++;
	});
}

/** @param {Count} count */
const total = ({ passed, failed, skipped }) => passed + failed + skipped;
