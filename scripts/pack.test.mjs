import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { t, test } from "tap";
import { findCommand, TOP } from "./lib/run.mjs";

// Not in the checkout, whose node_modules would give what the package lacks.
const folder = mkdtempSync(join(tmpdir(), "crcap-pack-"));
const elsewhere = join(folder, "elsewhere");

/** A PATH with what npm needs and no compiler. */
const bare = join(folder, "bin");

let tarball = "";

/** @type {string[]} */
let packed = [];

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
function bareRun(command, args) {
	const { NODE_TEST_CONTEXT: _, ...rest } = process.env;
	const env = Object.fromEntries(
		Object.entries(rest).filter(
			([name]) => !/^npm_(package|lifecycle|execpath|node)/.test(name),
		),
	);
	return spawnSync(command, args, {
		cwd: elsewhere,
		env: { ...env, PATH: bare },
		encoding: "utf8",
	});
}

t.before(() => {
	mkdirSync(elsewhere);
	mkdirSync(bare);
	for (const name of ["node", "npm", "npx", "sh", "env"]) {
		const path = findCommand(name);
		assert.ok(path, name);
		symlinkSync(path, join(bare, name));
	}
	const pack = spawnSync(
		"npm",
		["pack", "--json", `--pack-destination=${folder}`],
		{ cwd: TOP, encoding: "utf8" },
	);
	assert.equal(pack.status, 0, pack.stderr);
	const [{ filename, files }] = JSON.parse(pack.stdout);
	tarball = filename;
	packed = files.map((/** @type {{ path: string }} */ file) => file.path);
	writeFileSync(join(elsewhere, "package.json"), '{"private":true}');
	const install = bareRun("npm", [
		"install",
		"--prefer-offline",
		"--no-audit",
		"--no-fund",
		join(folder, filename),
	]);
	assert.equal(install.status, 0, install.stderr);
});

t.after(() => rmSync(folder, { recursive: true, force: true }));

test("the package holds the command, the agents and the addon's sources", async () => {
	const wanted = [
		"dist/crcap/main.js",
		"dist/agent/crprobe-x86_64",
		"dist/agent/crprobe-aarch64",
		"native/addon/addon.cc",
		`prebuilds/linux-${process.arch}/node.napi.glibc.node`,
		"native/core/crprobe.h",
		"binding.gyp",
		"package.json",
	];
	for (const path of wanted) assert.ok(packed.includes(path), path);
});

test("the package holds no tests, and nothing that only this machine made", async () => {
	assert.deepEqual(
		packed.filter((path) =>
			/\.test\.|^build\/|^\.setup\/|^scripts\/test|\.map$/.test(path),
		),
		[],
	);
});

test("installed without a compiler, the command runs", async () => {
	const { version } = JSON.parse(
		readFileSync(join(TOP, "package.json"), "utf8"),
	);
	const { status, stdout, stderr } = bareRun("npx", ["crcap", "--version"]);
	assert.equal(status, 0, stderr);
	assert.ok(stdout.includes(version), stdout);
	const list = bareRun("npx", ["crcap", "list"]);
	assert.equal(list.status, 0, list.stderr);
	assert.notEqual(list.stdout, "");
});

test("npx crcap helps in the directory it is installed in, and where it is installed for all", async () => {
	const prefix = `--prefix=${join(folder, "global")}`;
	const install = bareRun("npm", [
		...["install", "--global", prefix, "--prefer-offline"],
		...["--no-audit", "--no-fund", join(folder, tarball)],
	]);
	assert.equal(install.status, 0, install.stderr);
	const everywhere = join(folder, "global/bin/crcap");
	for (const args of [["--help"], ["run", "--help"]])
		for (const [command, more] of /** @type {const} */ ([
			["npx", ["crcap"]],
			[everywhere, []],
		])) {
			const { status, stdout, stderr } = bareRun(command, [...more, ...args]);
			assert.equal(status, 0, stderr);
			assert.match(stdout, /^Usage: crcap/);
		}
});

test("installed without a compiler, --local runs with the addon of the package", async () => {
	const { stdout, stderr } = bareRun("npx", [
		...["crcap", "run", "--local", "--report", "json"],
		...["--case", "controls.*.uid1000-none"],
	]);
	const [target] = JSON.parse(stdout || "{}").targets ?? [];
	// The addon alone tells them.
	assert.equal(target?.facts.release, release(), stderr);
	assert.ok(target.cases.length > 0);
});

test("without a compiler, and an addon for the machine, --local says that it is unavailable and why", async () => {
	const installed = join(elsewhere, "node_modules/crcap");
	rmSync(join(installed, "prebuilds"), { recursive: true });
	const script = join(installed, "scripts/install-addon.mjs");
	assert.equal(bareRun("node", [script]).status, 0);
	const { status, stderr } = bareRun("npx", ["crcap", "run", "--local"]);
	assert.notEqual(status, 0);
	assert.match(stderr, /build\/Release\/crcap\.node/);
	assert.match(stderr, /not on the PATH: .*g\+\+/);
});

test("installed, the library is imported, and its types hold", async () => {
	writeFileSync(
		join(elsewhere, "use.mjs"),
		`import { judge, plan } from "crcap";
const [planned] = plan({ case: ["set_tid.free_tid.uid1000-none"] });
console.log(judge(planned, "obs 0 us=5 end=ok who=uid:1000,eff:0 r=clone3:EPERM").verdict);`,
	);
	const used = bareRun("node", ["use.mjs"]);
	assert.equal(used.stdout, "pass\n", used.stderr);
	const typed = `import { judge, plan, run, type Judgement, type PlannedCase, type Run } from "crcap";
const cases: readonly PlannedCase[] = plan({ suite: ["set_tid"] });
const verdict: Judgement["verdict"] | undefined = cases[0] && judge(cases[0], "obs").verdict;
const running: Run = run({ targets: [{ kernel: "debian:sid" }, { local: true }], maxFailures: 3, signal: new AbortController().signal });
for await (const { target, result } of running) {
	const words: string = target.name + result.id + result.verdict;
	// @ts-expect-error a verdict is none of these
	if (result.verdict === "passed") console.log(words);
}
const { outcome } = await running.finished;
const all: "passed" | "failed" | "incomplete" = outcome;
// @ts-expect-error one target, not a list
run({ targets: { kernel: "debian:sid" } });
// @ts-expect-error misspelt
run({ suites: ["set_tid"] });
// @ts-expect-error judged against a case, not against its id
judge("set_tid.free_tid.uid1000-none", "obs");
export { all, verdict };
`;
	writeFileSync(join(elsewhere, "typed.mts"), typed);
	/** @param {string} file */
	const check = (file) =>
		spawnSync(
			join(TOP, "node_modules/.bin/tsc"),
			[
				...["--noEmit", "--strict", "--exactOptionalPropertyTypes"],
				...["--module", "nodenext", "--target", "es2023", "--skipLibCheck"],
				...["--typeRoots", join(TOP, "node_modules/@types")],
				...["--types", "node", file],
			],
			{ cwd: elsewhere, encoding: "utf8" },
		);
	const sound = check("typed.mts");
	assert.equal(sound.status, 0, sound.stdout);
	writeFileSync(
		join(elsewhere, "wrong.mts"),
		typed.replace('"incomplete"', '"lost"'),
	);
	assert.match(check("wrong.mts").stdout, /wrong\.mts.*error TS2322/);
});
