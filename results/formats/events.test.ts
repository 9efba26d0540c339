import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { test } from "tap";
import { formatted } from "../../testing/formatted.test.helper.js";
import { SnapshotFiles } from "../../testing/snapshotFiles.test.helper.js";
import { eventSchema } from "../model/events.js";
import { cleanReport, sampleReport } from "../testing/sample.test.data.js";
import { ROOT, render } from "../testing/support.test.data.js";

const SCHEMA = "results/events.schema.json";

test("the published schema is the model's", {
	snapshotProvider: SnapshotFiles,
}, async (t) => {
	t.matchSnapshot(formatted(JSON.stringify(eventSchema()), SCHEMA), SCHEMA);
});

test("every line follows the schema, in the order in which things happen", async () => {
	const valid = new Ajv2020({ allowUnionTypes: true }).compile(
		JSON.parse(readFileSync(join(ROOT, SCHEMA), "utf8")),
	);
	const text = await render("events", sampleReport());
	assert.ok(text.endsWith("\n"));
	const events = text
		.trimEnd()
		.split("\n")
		.map((line) => JSON.parse(line));
	for (const event of events)
		assert.ok(valid(event), JSON.stringify(valid.errors));
	const names = events.map(({ event }) => event);
	assert.deepEqual(names.slice(0, 3), ["run", "target", "facts"]);
	assert.equal(names.at(-1), "end");
	const report = sampleReport();
	assert.deepEqual(
		events.filter(({ event }) => event === "case").map((one) => one.result),
		report.targets.flatMap(({ cases }) => cases),
	);
	const splat = events.findIndex((one) => one.event === "console" && one.case);
	assert.ok(splat > 0);
	assert.equal(events[splat + 1].result.id, events[splat].case);
	assert.equal(valid({ event: "case" }), false);
	assert.equal(valid({ event: "nothing" }), false);
});

test("the end tells what the run came to", async () => {
	const last = async (report: ReturnType<typeof sampleReport>) =>
		JSON.parse(
			(await render("events", report)).trimEnd().split("\n").at(-1) ?? "",
		);
	assert.equal((await last(sampleReport())).outcome, "failed");
	assert.equal((await last(cleanReport())).outcome, "passed");
	const none = { ...cleanReport(), targets: [] };
	assert.equal((await last(none)).outcome, "incomplete");
});
