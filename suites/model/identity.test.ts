import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import { readFacts } from "./facts.js";
import { identify, identityFacts } from "./identity.js";
import { KERNELS } from "./releases.test.data.js";
import {
	compareVersions,
	formatVersion,
	hasChange,
	type KernelVersion,
	parseVersion,
} from "./version.js";

test("kernels as they call themselves: whose they are, their version, and whether the stable level is known", async () => {
	assert.ok(KERNELS.length >= 40);
	for (const [release, build, signature, found] of KERNELS) {
		const identity = identify(release, build, signature);
		assert.ok(identity, release);
		const { vendor, oldest, newest, doubt } = identity;
		const [expectedVendor, version, to = version] = found;
		assert.deepEqual(
			[vendor, formatVersion(oldest), formatVersion(newest)],
			[expectedVendor, version, to],
			`${release} ${build}`,
		);
		assert.equal(doubt !== undefined, found.length === 3, release);
	}
});

test("a package's changelog says the level where the kernel does not", async () => {
	const version = (...kernel: Parameters<typeof identify>) => {
		const identity = identify(...kernel);
		assert.ok(identity);
		return [formatVersion(identity.oldest), identity.doubt !== undefined];
	};
	const generic = "5.15.0-130-generic";
	assert.deepEqual(version(generic, "#1 SMP"), ["5.15", true]);
	assert.deepEqual(version(generic, "#1 SMP", "", "5.15.173"), [
		"5.15.173",
		false,
	]);
	// The kernel's own word goes before, and a changelog of another series says nothing of this one.
	const signature = "Ubuntu 5.15.0-130.140-generic 5.15.170";
	assert.deepEqual(version(generic, "#1", signature, "5.15.173"), [
		"5.15.170",
		false,
	]);
	assert.deepEqual(version(generic, "#1 SMP", "", "6.1.9"), ["5.15", true]);
	assert.deepEqual(version("6.1.7-custom", "#1 SMP", "", "6.1.99"), [
		"6.1.7",
		false,
	]);
	// Who brings changes of any later kernel still does.
	assert.equal(version("5.14.0-427.el9", "#1", "", "5.14.21")[1], true);
});

test("what is no kernel version is none, whatever the build string says of others", async () => {
	for (const release of ["", "linux", "-", "6", "99999999999999999999.1"])
		assert.equal(identify(release, "#1 SMP"), null, release);
});

test("the report says whose kernel it is, and that its level is not known", async () => {
	const reported = (...kernel: [string, string, string?]) => {
		const identity = identify(...kernel);
		assert.ok(identity);
		return identityFacts(identity);
	};
	assert.deepEqual(reported("5.14.0-427.el9", "#1 SMP"), {
		kernel_version: "5.14",
		kernel_vendor: "RHEL",
		stable_level:
			"unknown (vendor kernel: RHEL brings changes of later kernels to 5.14)",
	});
	assert.deepEqual(reported("5.15.0-130-generic", "#140-Ubuntu SMP"), {
		kernel_version: "5.15",
		kernel_vendor: "Ubuntu",
		stable_level:
			"unknown (vendor kernel: Ubuntu's 5.15.0-130-generic does not say which stable release it is of)",
	});
	assert.deepEqual(reported("6.1.112+", "#1 SMP"), {
		kernel_version: "6.1.112",
		stable_level: "known",
	});
});

test("a change in doubt is one that the oldest version lacks and the newest has", async () => {
	const backports = ["5.15.149", "6.1.77"];
	const has = (release: string, build: string) => {
		const identity = identify(release, build);
		assert.ok(identity);
		return [identity.oldest, identity.newest].map((version) =>
			hasChange(version, "6.8", backports),
		);
	};
	assert.deepEqual(has("5.15.0-130-generic", "#140-Ubuntu"), [false, true]);
	assert.deepEqual(has("5.13.0-52-generic", "#59-Ubuntu"), [false, false]);
	assert.deepEqual(has("5.14.0-427.el9", ""), [false, true]);
	assert.deepEqual(has("6.12.0-55.el10", ""), [true, true]);
	assert.deepEqual(has("6.1.76", ""), [false, false]);
});

test("facts carry the identity, the signature included", async () => {
	const { version, identity } = readFacts({
		arch: "x86_64",
		reported: {
			release: "5.15.0-130-generic",
			version: "#140-Ubuntu SMP",
			version_signature: "Ubuntu 5.15.0-130.140-generic 5.15.173",
		},
	});
	assert.equal(formatVersion(version), "5.15.173");
	assert.equal(identity.doubt, undefined);
});

test("no text of a guest does harm", async () => {
	const text = fc.string({ maxLength: 200 });
	fc.assert(
		fc.property(text, text, text, (release, build, signature) => {
			identify(release, build, signature);
			identify(`6.1.0-${release}`, `Debian 6.${build}`, `Ubuntu ${signature}`);
		}),
		{ numRuns: 2000 },
	);
});

/** A version that must be one. */
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
