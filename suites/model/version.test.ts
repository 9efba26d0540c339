import assert from "node:assert/strict";
import { test } from "node:test";
import {
	compareVersions,
	formatVersion,
	hasChange,
	type KernelVersion,
	parseVersion,
} from "./version.js";

const parse = (release: string, build?: string): KernelVersion => {
	const version = parseVersion(release, build);
	assert.ok(version, release);
	return version;
};

test("releases as kernels tell them", () => {
	for (const [release, build, expected] of [
		[
			"6.1.0-56-amd64",
			"#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-1 (2026-08-01)",
			"6.1.192",
		],
		["6.1.0-56-amd64", "", "6.1"],
		["6.12.43+deb13-cloud-amd64", "#1 SMP Debian 6.12.43-1 (2025)", "6.12.43"],
		["7.3-cloud-amd64", "#1 SMP Debian 7.3~rc7-1~exp1 (2026-10-01)", "7.3-rc7"],
		["5.9.0-rc1", "", "5.9-rc1"],
		["6.12.0-rc7+", "", "6.12-rc7"],
		["4.18.0-553.el8_10.x86_64", "#1 SMP", "4.18"],
		["6.6.87.2-microsoft-standard-WSL2", "", "6.6.87"],
	] as const)
		assert.equal(formatVersion(parse(release, build)), expected, release);
	assert.equal(parseVersion("linux"), null);
	assert.equal(parseVersion(""), null);
});

test("order: release candidates before the release, 10 after 9", () => {
	const sorted = [
		"5.9-rc1",
		"5.9-rc9",
		"5.9-rc10",
		"5.9",
		"5.9.9",
		"5.9.10",
		"5.10",
	].map((v) => parse(v));
	for (let i = 1; i < sorted.length; i++)
		assert.ok(
			compareVersions(
				sorted[i - 1] as KernelVersion,
				sorted[i] as KernelVersion,
			) < 0,
		);
	assert.equal(compareVersions(parse("6.1"), parse("6.1.0-5-amd64")), 0);
});

test("a change counts from its first release candidate, a backport in its own series only", () => {
	assert.ok(hasChange(parse("6.8-rc1"), "6.8"));
	assert.ok(!hasChange(parse("6.7.9"), "6.8"));
	assert.ok(hasChange(parse("6.1.77"), "6.8", ["6.1.77", "6.6.16"]));
	assert.ok(hasChange(parse("6.1.192"), "6.8", ["6.1.77"]));
	assert.ok(!hasChange(parse("6.1.76"), "6.8", ["6.1.77"]));
	assert.ok(!hasChange(parse("6.5.1"), "6.8", ["6.1.77", "6.6.16"]));
});
