import assert from "node:assert/strict";
import semver from "semver";
import { test } from "tap";
import { CITATIONS, type CitationEntry } from "../../suites/model/citations.js";
import { releases } from "./eras.js";

test("no citation lies beyond the last release that is asked about, and none between two", async () => {
	const known = releases().map(({ release }) => release);
	const first = semver.coerce(known[0]);
	assert.ok(first);
	for (const [name, { since }] of Object.entries<CitationEntry>(CITATIONS)) {
		if (since === undefined) continue;
		if (semver.lt(semver.coerce(since) ?? first, first)) continue;
		assert.ok(
			known.includes(since),
			`${name} is of ${since}: add it to SERIES in runner/common/eras.ts`,
		);
	}
});
