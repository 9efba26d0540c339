import assert from "node:assert/strict";
import { test } from "tap";
import { FORMATS } from "../model/formats.js";
import type { Verdict } from "../model/model.js";
import { count, newTarget, sentence } from "../model/summary.js";
import { cleanReport, sampleReport } from "../testing/sample.test.data.js";
import { render } from "../testing/support.test.data.js";

/** What is said of a whole run with so many cases of each verdict. */
function said(verdicts: Partial<Record<Verdict, number>>, known = 0): string {
	const [target] = cleanReport().targets;
	const [first] = target?.cases ?? [];
	assert.ok(target && first);
	const summary = newTarget(target);
	for (const [verdict, times] of Object.entries(verdicts)) {
		for (let n = 0; n < times; n++) {
			count(summary, {
				...first,
				verdict: verdict as Verdict,
				...(n < known && { known: { reason: "reported" } }),
			});
		}
	}
	summary.tail = target;
	return sentence(summary);
}

test("the sentence on a target counts everything, what was skipped too", async () => {
	assert.equal(
		said({ pass: 1435, fail: 305, skip: 27 }),
		"305 of 1767 cases did not pass: 305 fail. 27 could not apply here and were skipped.",
	);
	assert.equal(
		said({ pass: 3, fail: 2, skip: 1 }, 1),
		"2 of 6 cases did not pass: 2 fail. 1 of these is known and expected for now. 1 could not apply here and was skipped: CAP_CHECKPOINT_RESTORE in the owner of the pid namespace is required (1).",
	);
	assert.equal(
		said({ pass: 3, skip: 2 }),
		"All 3 cases that ran passed, 2 could not apply here and were skipped: CAP_CHECKPOINT_RESTORE in the owner of the pid namespace is required (2).",
	);
	assert.match(
		said({ skip: 2 }),
		/^No case ran: 2 of 2 were skipped: CAP_CHECKPOINT_RESTORE .* \(2\)\.$/,
	);
	assert.equal(said({ fail: 1 }), "1 of 1 case did not pass: 1 fail.");
	assert.equal(said({ pass: 1 }), "The 1 case that ran passed.");
	assert.match(
		said({ skip: 1 }),
		/^No case ran: 1 of 1 was skipped: .* \(1\)\.$/,
	);
	assert.equal(said({}), "No case was planned.");
});

test("every format has it", async () => {
	for (const { name: format } of FORMATS) {
		const text = await render(format, sampleReport());
		assert.match(
			text.replaceAll(/\s+/g, " "),
			/1 could not apply here and was skipped\./,
			format,
		);
	}
});
