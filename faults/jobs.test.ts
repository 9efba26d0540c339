import assert from "node:assert/strict";
import { test } from "tap";
import {
	casesFor,
	isLeftOut,
	type Job,
	sampleWork,
	sectionOf,
	wholeWork,
} from "./jobs.js";
import { CONFIGS, type Kernel } from "./kernel/build.js";
import { parseOptions } from "./options.js";
import { SAMPLES } from "./samples.js";
import { EVERYWHERE, type Fault } from "./table.js";
import { UNDER_SETTINGS } from "./underSettings.js";

const KERNEL: Kernel = { bzImage: "bzImage", config: "config", version: "1" };
const fault = (name: string, part = "set_tid"): Fault => ({
	...{ name, part, kind: "k", description: "d", caughtBy: "c" },
});
const job = (more: Partial<Job>): Job => ({
	...{ version: "6.1", config: "base", kernel: KERNEL, fault: null },
	...{ modules: [], ...more },
});
const parse = (...argv: string[]) =>
	parseOptions(argv, new AbortController().signal);

test("a fault is tried with its part's cases, and with those that it must not fail", async () => {
	const cases = casesFor(job({ fault: fault("set_tid-a") }));
	assert.equal(cases[0], "set_tid.*");
	assert.ok(cases.includes("containers.*"));
	assert.deepEqual(casesFor(job({})), []);
	assert.deepEqual(casesFor(job({ fault: fault("helper-a", EVERYWHERE) })), []);
});

test("under security modules the suite that is about them is asked", async () => {
	assert.deepEqual(casesFor(job({ modules: ["apparmor"] })), ["lsm.*"]);
	const planted = casesFor(
		job({ modules: ["apparmor"], fault: fault("lsm-a", "lsm") }),
	);
	assert.equal(planted[0], "lsm.*");
	assert.ok(planted.length > 1);
});

test("CRIU's cases alone are tried in its configuration, all of them without a fault", async () => {
	assert.deepEqual(casesFor(job({ config: "criu" })), ["criu.*"]);
	const planted = casesFor(job({ config: "criu", fault: fault("set_tid-a") }));
	for (const glob of planted) assert.match(glob, /^criu\./);
	assert.ok(planted.length > 0);
	assert.ok(!planted.includes("criu.*"));
});

test("a configuration without something is tried as it is, and with its samples", async () => {
	const named = new Map(
		SAMPLES.criu.map((name) => [name, fault(name)] as const),
	);
	const built = { version: "6.1", config: "criu", kernel: KERNEL } as const;
	for (const options of [parse(), parse("--all")]) {
		const { jobs, turns } = sampleWork(built, named, options);
		assert.deepEqual(
			jobs.map((one) => one.fault?.name ?? null),
			[null, ...SAMPLES.criu],
		);
		assert.deepEqual(turns, []);
	}
	const [only = ""] = SAMPLES.criu;
	const one = sampleWork(built, new Map([[only, fault(only)]]), parse());
	assert.equal(one.jobs.length, 2);
	assert.equal(sectionOf(job({ config: "criu" })), "criu");
});

test("planted in turn, a kernel is booted once for itself, once for its faults, once for each setting", async () => {
	const built = { version: "6.1", config: "base", kernel: KERNEL } as const;
	const faults = Object.values(UNDER_SETTINGS)
		.flat()
		.map((name) => fault(name));
	const settings = Object.keys(UNDER_SETTINGS);
	const { jobs, turns } = wholeWork(built, faults, parse());
	assert.deepEqual(
		jobs.map((one) => one.fault),
		[null],
	);
	assert.deepEqual(
		turns.map(({ setting }) => setting),
		[undefined, ...settings],
	);
	const booted = wholeWork(built, faults, parse("--all"));
	assert.deepEqual(booted.turns, []);
	assert.equal(booted.jobs.length, 1 + faults.length + faults.length);
	const cap = { ...built, config: "no-cap" } as const;
	const named = new Map(SAMPLES["no-cap"].map((name) => [name, fault(name)]));
	const sample = sampleWork(cap, named, parse());
	assert.equal(sample.jobs.length, 1);
	assert.equal(sample.turns[0]?.faults.length, SAMPLES["no-cap"].length);
});

test("faults that are named are tried in a configuration that is named", async () => {
	assert.ok(isLeftOut("6.1", parse("set_tid-a")));
	assert.ok(!isLeftOut("6.1", parse("--config", "criu", "set_tid-a")));
	assert.ok(!isLeftOut("6.1", parse()));
	assert.ok(isLeftOut("7.2", parse("--config", "criu")));
});

test("the command line names versions, configurations, pages and faults", async () => {
	const all = parse();
	assert.deepEqual(all.configs, CONFIGS);
	assert.ok(!all.configsChosen);
	const some = parse(
		...["--linux", "6.1", "--config", "criu", "--write-criu", "a.md"],
		...["--write", "b.md", "--jobs", "3", "set_tid-a"],
	);
	assert.deepEqual(some.versions, ["6.1"]);
	assert.deepEqual(some.configs, ["criu"]);
	assert.ok(some.configsChosen);
	assert.equal(some.writeCriu, "a.md");
	assert.equal(some.write, "b.md");
	assert.equal(some.jobs, 3);
	assert.deepEqual(some.only, ["set_tid-a"]);
	for (const wrong of [
		["--config", "x"],
		["--linux", "5.0"],
		["--jobs", "0"],
		["--write-criu"],
	])
		assert.throws(() => parse(...wrong), /unknown option/, wrong.join(" "));
});
