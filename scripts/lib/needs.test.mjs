import assert from "node:assert/strict";
import { test } from "tap";
import { ARCHES } from "./arches.mjs";
import { missingNeeds, needsOf } from "./needs.mjs";
import { missingLine, packagesOf } from "./packages.mjs";

/** @type {import("./needs.mjs").Need} */
const ABSENT = {
	what: "a thing",
	commands: ["no-such-command"],
	files: ["/no/such/file"],
	debian: ["thing", "thing-data"],
};

test("a command or a file meets a need", async () => {
	assert.deepEqual(missingNeeds([ABSENT]), [ABSENT]);
	assert.deepEqual(missingNeeds([{ ...ABSENT, commands: ["sh"] }]), []);
	assert.deepEqual(missingNeeds([{ ...ABSENT, files: ["/proc/self"] }]), []);
});

test("a folder or a plain file on the PATH is no command", async () => {
	const path = process.env.PATH;
	try {
		process.env.PATH = "/proc:/proc/self";
		const needs = ["self", "status"].map((name) => ({
			...ABSENT,
			commands: [name],
		}));
		assert.deepEqual(missingNeeds(needs), needs);
	} finally {
		process.env.PATH = path;
	}
});

test("the missing line names the need and each package once", async () => {
	const line = missingLine([ABSENT, { ...ABSENT, what: "another" }]);
	assert.match(line, /a thing, another/);
	assert.equal(line.split("thing-data").length, 2);
	assert.equal(line.split("\n").length, 1);
});

test("the tests need all that a run needs, and every architecture's emulator", async () => {
	const run = packagesOf(
		needsOf({
			build: ARCHES,
			addons: [],
			guests: [],
			tests: false,
			faults: false,
		}),
	);
	const tests = packagesOf(
		needsOf({
			build: ARCHES,
			addons: ARCHES,
			guests: ARCHES,
			tests: true,
			faults: true,
		}),
	);
	for (const name of run) assert.ok(tests.includes(name), name);
	for (const row of ARCHES) assert.ok(tests.includes(row.qemu), row.qemu);
});

test("what only the bench takes is no need of any other set-up, and stops nobody", async () => {
	const wanted = {
		...{ build: ARCHES, addons: ARCHES, guests: ARCHES },
		...{ tests: true, faults: true, fuzz: true },
	};
	const others = needsOf(wanted);
	const bench = needsOf({ ...wanted, bench: true }).slice(others.length);
	assert.ok(packagesOf(bench).includes("python3-requests"));
	assert.ok(!packagesOf(others).includes("python3-requests"));
	assert.ok(bench.every(({ optional }) => optional));
});
