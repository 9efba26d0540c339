import assert from "node:assert/strict";
import { test } from "tap";
import {
	compareVersions,
	formatVersion,
	hasChange,
	type KernelVersion,
	parseVersion,
} from "./version.js";

const parse = (text: string): KernelVersion => {
	const version = parseVersion(text);
	assert.ok(version, text);
	return version;
};

test("versions are read and written the same", async () => {
	for (const [text, expected] of [
		["6.1", "6.1"],
		["6.1.0", "6.1"],
		["6.1.192", "6.1.192"],
		["5.9.0-rc1", "5.9-rc1"],
		["7.3-rc7", "7.3-rc7"],
		["6.12.0-0.rc7.59.fc42", "6.12-rc7"],
		["6.6.87.2-microsoft", "6.6.87"],
		["06.01.07", "6.1.7"],
	] as const)
		assert.equal(formatVersion(parse(text)), expected, text);
	for (const text of ["", "linux", "6", "v6.1", "6.", "6.999999", "1e9.1"])
		assert.equal(parseVersion(text), null, text);
});

test("order: release candidates before the release, 10 after 9", async () => {
	const sorted = [
		"5.9-rc1",
		"5.9-rc9",
		"5.9-rc10",
		"5.9",
		"5.9.9",
		"5.9.10",
		"5.10",
	].map(parse);
	for (let i = 1; i < sorted.length; i++)
		assert.ok(
			compareVersions(
				sorted[i - 1] as KernelVersion,
				sorted[i] as KernelVersion,
			) < 0,
		);
	assert.equal(compareVersions(parse("6.1"), parse("6.1.0-5-amd64")), 0);
});

test("a change counts from its first release candidate, a backport in its own series only", async () => {
	assert.ok(hasChange(parse("6.8-rc1"), "6.8"));
	assert.ok(!hasChange(parse("6.8-rc0"), "6.8"));
	assert.ok(!hasChange(parse("6.7.9"), "6.8"));
	assert.ok(hasChange(parse("2.6.30"), "2.6.30"));
	assert.ok(hasChange(parse("6.1.77"), "6.8", ["6.1.77", "6.6.16"]));
	assert.ok(hasChange(parse("6.1.192"), "6.8", ["6.1.77"]));
	assert.ok(!hasChange(parse("6.1.76"), "6.8", ["6.1.77"]));
	assert.ok(!hasChange(parse("6.5.1"), "6.8", ["6.1.77", "6.6.16"]));
});
