import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { test } from "tap";
import { formatted } from "../../testing/formatted.test.helper.js";
import { SnapshotFiles } from "../../testing/snapshotFiles.test.helper.js";
import { UsageError } from "../common/usage.js";
import { configSchema, parseConfig } from "./config.js";

const parse = (value: unknown) => parseConfig(JSON.stringify(value), "c.json");

test("a whole configuration is read", async () => {
	const config = {
		targets: [{ kernel: "bzImage", append: "quiet" }, { local: true }],
		suite: ["set_tid"],
		reports: ["tap", "json=out.json"],
		accel: "tcg",
		splats: ["note", "fail=kasan,hung-task"],
		jobs: 2,
		timeout: 60,
		caseTimeout: 0.5,
		knownFailures: [
			{ case: "set_tid.*", reason: "being fixed", expires: "2027-01-31" },
		],
	};
	assert.deepEqual(parse(config), config);
	assert.deepEqual(parse({}), {});
});

test("mistakes are refused where they are", async () => {
	const table: [unknown, RegExp][] = [
		[{ target: [] }, /unknown key "target" \(Did you mean targets\?\)/],
		[{ jobs: 0 }, /c\.json: jobs: it is a whole number from 1 to 256$/],
		[{ timeout: "60" }, /timeout: it is a number of seconds/],
		[{ splats: ["fail=kasam"] }, /splats\.0: it is fail or note, alone or/],
		[{ splats: "fail" }, /splats: it is a list of fail or note/],
		[{ accel: "local" }, /accel: it is one of auto, kvm, tcg$/],
		[{ targets: [] }, /targets: /],
		[
			{ targets: [{ kernal: "x" }] },
			/targets\.0: unknown key "kernal" \(Did you mean kernel\?\)$/,
		],
		[
			{ targets: [{ local: true, hots: true }] },
			/targets\.0: unknown key "hots" \(Did you mean host\?\)$/,
		],
		[{ targets: [{}] }, /targets\.0\.kernel: it is missing$/],
		[{ targets: [3] }, /targets\.0: none of/],
		[
			{ targets: [{ ssh: "board", prot: 22 }] },
			/targets\.0: unknown key "prot": known are ssh, name, host$/,
		],
		[{ kernel: "x" }, /unknown key "kernel": it belongs into .*targets/],
		[{ zzz: 1 }, /unknown key "zzz": known are .*targets, suite/],
		[
			{ knownFailures: [{ case: "x", reason: "y" }] },
			/knownFailures\.0\.expires/,
		],
		[
			{ knownFailures: [{ case: "x", reason: "y", expires: "soon" }] },
			/YYYY-MM-DD/,
		],
		[
			{ knownFailures: [{ case: "x", reason: "", expires: "2027-01-01" }] },
			/reason/,
		],
		[
			{
				knownFailures: [
					{ case: "x", reason: "y", expires: "2027-01-01", kernl: "z" },
				],
			},
			/Did you mean kernel/,
		],
		[[], /c\.json: /],
		[null, /c\.json: /],
	];
	for (const [config, message] of table) {
		assert.throws(
			() => parse(config),
			(error: Error) => {
				assert.ok(error instanceof UsageError);
				assert.match(error.message, message);
				return true;
			},
		);
	}
	assert.throws(() => parseConfig("{", "c.json"), /c\.json: no JSON/);
});

test("no text whatever makes it throw anything but a usage error", async () => {
	fc.assert(
		fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
			try {
				parseConfig(text, "c.json");
			} catch (error) {
				assert.ok(error instanceof UsageError);
			}
		}),
	);
});

test("the published schema is the configuration's, and takes the document's example", {
	snapshotProvider: SnapshotFiles,
}, async (t) => {
	const path = "runner/request/config.schema.json";
	const text = JSON.stringify(configSchema(), null, "\t");
	t.matchSnapshot(formatted(text, path), path);
	const ajv = new Ajv2020({ allowUnionTypes: true, validateFormats: false });
	const valid = ajv.compile(JSON.parse(text));
	const example = {
		$schema: path,
		targets: [{ kernel: "debian:sid" }],
		jobs: 2,
	};
	assert.ok(valid(example), JSON.stringify(valid.errors));
	assert.equal(parseConfig(JSON.stringify(example), "c").jobs, 2);
	for (const wrong of [{ suites: [] }, { jobs: 0 }, { targets: [] }, []])
		assert.equal(valid(wrong), false, JSON.stringify(wrong));
});
