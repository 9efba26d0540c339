import assert from "node:assert/strict";
import { test } from "tap";
import { UsageError } from "../common/usage.js";
import { requestFor } from "../execute/caseRequest.js";
import { suiteApi } from "../library/suites.js";
import { agentPath, requestCatalogue } from "./agents.js";
import { requestLines } from "./qemuSession.js";

test("the whole plan travels with the guest: only places are left to send", async () => {
	const catalogue = requestCatalogue();
	const { cases } = suiteApi.plan(null);
	const requests = cases.map((planned, n) => requestFor(planned, n, 1000));
	const lines = [...requestLines(requests, { catalogue })];
	assert.equal(lines.length, cases.length, "every name is in the catalogue");
	const batches = [...catalogue.batches(lines)];
	assert.deepEqual(
		batches.filter(({ text }) => !text.startsWith("cases ")),
		[],
	);
	assert.equal(
		batches.flatMap(({ requests }) => requests).length,
		lines.length,
	);
});

test("without the build's files the catalogue is empty, and an agent is asked for in vain", async (t) => {
	const root = t.testdir();
	assert.deepEqual(requestCatalogue(root).entries, []);
	assert.throws(
		() => agentPath("i386", root),
		(error) =>
			error instanceof UsageError &&
			/`npm run setup -- --arch i386` builds it/.test(error.message),
	);
});
