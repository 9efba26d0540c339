/** What the documents say of the project is so: sizes, links, paths, options, configuration. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "tap";
import { MANUALS } from "../../suites/index.js";
import { suiteApi } from "../library/suites.js";
import { parseConfig } from "../request/config.js";
import { historyTable } from "./commands/history.js";
import { cli } from "./spawnCli.test.helper.js";

const TOP = join(import.meta.dirname, "../../..");

const read = (path: string): string => readFileSync(join(TOP, path), "utf8");

/** The documents, relative to the project's folder. */
const DOCUMENTS = ["", "docs/"].flatMap((folder) =>
	readdirSync(join(TOP, folder))
		.filter((name) => name.endsWith(".md"))
		.map((name) => `${folder}${name}`),
);

/** A document without its blocks of code: what looks like a link there is none. */
const prose = (path: string): string =>
	read(path).replace(/^```[\s\S]*?^```/gm, "");

/** GitHub's name for a heading. */
const anchor = (heading: string): string =>
	heading
		.toLowerCase()
		.replace(/[^\p{L}\p{N} _-]/gu, "")
		.replaceAll(" ", "-");

const anchors = (path: string): string[] =>
	[...prose(path).matchAll(/^#+ (.*)$/gm)].map(([, text = ""]) => anchor(text));

for (const [path, most] of [
	["README.md", 8192],
	["CONTRIBUTING.md", 10_240],
] as const)
	test(`${path} has at most ${most} bytes`, async () => {
		assert.ok(Buffer.byteLength(read(path)) <= most);
	});

for (const path of DOCUMENTS)
	test(`links of ${path} lead somewhere`, async () => {
		for (const [, link = ""] of prose(path).matchAll(/\]\(([^)\s]+)\)/g)) {
			if (/^[a-z]+:/.test(link)) continue;
			const [file = "", part] = link.split("#");
			const to = file === "" ? path : join(dirname(path), file);
			assert.ok(existsSync(join(TOP, to)), `${link}: there is no ${to}`);
			if (part === undefined) continue;
			assert.ok(anchors(to).includes(part), `${link}: no such heading`);
		}
	});

for (const path of [
	"CONTRIBUTING.md",
	"docs/architecture.md",
	"docs/extending.md",
])
	test(`files that ${path} names are there`, async () => {
		const named = [...prose(path).matchAll(/`([\w.-]+(?:\/[\w.-]+)*)`/g)]
			.map(([, name = ""]) => name)
			.filter((name) => /\/[^/]*\.\w+$/.test(name));
		assert.ok(named.length > 10, `${named.length} files`);
		for (const name of named)
			assert.ok(existsSync(join(TOP, name)), `there is no ${name}`);
	});

test("the options in docs/options.md are the command's", async () => {
	const { stdout } = await cli(["run", "--help"], { env: { COLUMNS: "80" } });
	const options = /^Options:\n(?: .*\n)+/m.exec(stdout)?.[0] ?? "";
	assert.notEqual(options, "");
	assert.ok(
		read("docs/options.md").includes(`\`\`\`\n${options}\`\`\``),
		"run `crcap run --help` and paste",
	);
});

test("docs/options.md lists every command", async () => {
	const { stdout } = await cli(["--help"]);
	const [, list = ""] = /^Commands:\n((?: .*\n)+)/m.exec(stdout) ?? [];
	const names = [...list.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name);
	assert.ok(names.length > 5);
	for (const name of names)
		if (name !== "help")
			assert.ok(read("docs/options.md").includes(`crcap ${name}`), name);
});

/** A number as the documents write it. */
const written = (count: number): string => count.toLocaleString("en-US");

/** The whole plan: CRIU's suite runs only where it is asked for. */
const planned = suiteApi
	.outline()
	.filter(({ suite }) => suite !== "criu").length;

test("README.md has the number of cases", async () => {
	const says = `The plan has ${written(planned)} cases.`;
	assert.ok(read("README.md").includes(says), says);
});

test("docs/for-distributions.md has what `crcap export kselftest` exports", async (t) => {
	const { stderr } = await cli(["export", "kselftest", t.testdir({})]);
	const [, count, left] =
		/: (\d+) cases; (\d+) of the selection left out$/m.exec(stderr) ?? [];
	const of = written(Number(count) + Number(left));
	const says = `${written(Number(count))} of the ${of} of the six boundaries`;
	assert.ok(read("docs/for-distributions.md").includes(says), says);
});

/** The plan may grow or shrink by so much before the figures of a page are no longer about it. */
const DRIFT = 0.02;

test("the table of kernels in docs/kernels.md adds up to its plan, which is about today's", async () => {
	const [, table = ""] = read("docs/kernels.md").split("\n## ");
	const plan = Number(
		/the plan of ([\d,]+)\./.exec(table)?.[1]?.replaceAll(",", ""),
	);
	const rows = [...table.matchAll(/\| (\d+) \| (\d+) \|$/gm)];
	assert.ok(rows.length > 5, `${rows.length} kernels`);
	for (const [row, passed, skipped] of rows)
		assert.equal(Number(passed) + Number(skipped), plan, row);
	assert.ok(
		Math.abs(plan - planned) <= planned * DRIFT,
		`tried with ${plan} cases, and there are ${planned}: npm run kernels`,
	);
});

test("the example in docs/configuration.md is a configuration", async () => {
	const text = read("docs/configuration.md");
	const example = /```json\n([\s\S]*?)```/.exec(text)?.[1] ?? "";
	assert.equal(parseConfig(example, "example").targets?.length, 2);
});

test("the table of versions in docs/kernels.md is the tool's", async () => {
	assert.ok(
		read("docs/kernels.md").includes(historyTable(suiteApi, []).trim()),
		"run `crcap history` and paste",
	);
});

test("docs/manual.md has every place where a manual page is wrong or silent", async () => {
	const text = read("docs/manual.md");
	for (const { verdict, note } of MANUALS)
		if (verdict !== "agrees") assert.ok(text.includes(note), note);
});
