import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { test } from "tap";
import { formatted } from "../../testing/formatted.test.helper.js";
import { SnapshotFiles } from "../../testing/snapshotFiles.test.helper.js";
import { Report } from "../model/model.js";
import { reportSchema } from "../model/schema.js";
import {
	cleanReport,
	HOSTILE,
	sampleReport,
} from "../testing/sample.test.data.js";
import { asRead, golden, ROOT, render } from "../testing/support.test.data.js";

const SCHEMA = "results/schema.json";

test("the JSON report is the model, nothing lost", golden(), async (t) => {
	const text = await render("json", sampleReport());
	assert.deepEqual(asRead(text), sampleReport());
	assert.equal(text.includes(HOSTILE.long), true);
	t.matchSnapshot(text, "results/golden/sample.json");
});

test("the JSON report is valid by the model itself", async () => {
	for (const report of [sampleReport(), cleanReport()]) {
		assert.equal(
			Report.safeParse(JSON.parse(await render("json", report))).success,
			true,
		);
	}
});

test("the bytes don't depend on the order in which objects were built", async () => {
	const report = sampleReport();
	const turned = reversed(report) as Report;
	assert.equal(await render("json", turned), await render("json", report));
});

test("a key that the model does not know is not written", async () => {
	const report = sampleReport();
	Object.assign(report.targets[0]?.cases[0] ?? {}, { secret: 1 });
	assert.equal(
		await render("json", report),
		await render("json", sampleReport()),
	);
});

test("an empty run is valid JSON", async () => {
	const report = { ...cleanReport(), targets: [] };
	assert.deepEqual(JSON.parse(await render("json", report)), report);
});

test("the published schema is the model's", {
	snapshotProvider: SnapshotFiles,
}, async (t) => {
	t.matchSnapshot(formatted(JSON.stringify(reportSchema()), SCHEMA), SCHEMA);
});

test("a validator of JSON Schema agrees", async () => {
	const valid = new Ajv2020({ strict: false }).compile(
		JSON.parse(readFileSync(join(ROOT, SCHEMA), "utf8")),
	);
	for (const report of [sampleReport(), cleanReport()]) {
		assert.equal(
			valid(JSON.parse(await render("json", report))),
			true,
			JSON.stringify(valid.errors),
		);
		const [target] = report.targets;
		Object.assign(target?.cases[0] ?? {}, { verdict: "great" });
		assert.equal(valid(JSON.parse(await render("json", report))), false);
	}
});

/** The same value with the keys of every record-free object reversed. */
function reversed(value: unknown, key = ""): unknown {
	if (Array.isArray(value)) return value.map((item) => reversed(item));
	if (typeof value !== "object" || value === null) return value;
	const entries = Object.entries(value).map(([name, item]) => [
		name,
		reversed(item, name),
	]);
	return Object.fromEntries(
		key === "facts" || key === "tools" ? entries : entries.reverse(),
	);
}
