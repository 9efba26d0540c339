import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "tap";
import { type Column, isIn, lastCaught, markdown } from "./page.js";
import { PLANTED_SPLATS } from "./splats.js";
import type { Fault, Finding, TableRow } from "./table.js";

const FAULT: Fault = {
	name: "set_tid-check_missing",
	part: "set_tid",
	kind: "check missing",
	description: "The check | was lost.",
	caughtBy: "anyone",
};
const OLD_ONLY: Fault = {
	...FAULT,
	name: "set_tid-old",
	versions: ["6.1"],
};
const FAULTS = [FAULT, OLD_ONLY];

const finding = (...caught: string[]): Finding => ({
	...{ caught, spread: [], details: [], trouble: null },
});
const row = (
	version: string,
	fault: Fault | null,
	...caught: string[]
): TableRow => ({
	...{ section: "base", version, fault, finding: finding(...caught) },
});
const column = (version: string): Column => ({
	version,
	words: `source of ${version}`,
});
const page = (rows: TableRow[], columns: Column[], old = ""): string =>
	markdown(rows, FAULTS, columns, "0.1.0", old);

test("a column a version, and what a version has not is no gap", async () => {
	const text = page(
		[
			row("7.2", null),
			row("6.1", FAULT, "set_tid.a.x"),
			row("7.2", FAULT, "set_tid.b.x", "set_tid.c.x"),
			row("6.1", OLD_ONLY, "set_tid.d.x"),
		],
		[column("7.2"), column("6.1")],
	);
	assert.match(text, /stands for \| 6\.1 \| 7\.2 \|/);
	assert.match(
		text,
		/^\| none \| {2}\| the kernel as it is \| not run \| nothing failed \|$/m,
	);
	assert.match(
		text,
		/The check \\\| was lost\. \| set_tid\.a\.x \| set_tid\.b\.x and 1 more \|/,
	);
	assert.match(text, /^\| set_tid-old .* \| set_tid\.d\.x \| – \|$/m);
	assert.match(text, /^- caught: every one of 3$/m);
});

test("one that survived is counted", async () => {
	const text = page(
		[row("6.1", FAULT, "set_tid.a.x"), row("6.1", OLD_ONLY)],
		[column("6.1")],
	);
	assert.match(text, /- caught: 1 of 2$/m);
	assert.match(text, /SURVIVED/);
});

test("what is not run again stays, and what is, is replaced", async () => {
	const first = page(
		[row("6.1", FAULT, "set_tid.a.x"), row("6.1", OLD_ONLY, "set_tid.d.x")],
		[column("6.1")],
	);
	assert.equal(page([], [], first), first);
	const second = page(
		[row("7.2", FAULT, "set_tid.e.x"), row("6.1", OLD_ONLY, "set_tid.f.x")],
		[column("7.2"), { version: "6.1", words: "a newer source" }],
		first,
	);
	assert.match(second, /\| set_tid\.a\.x \| set_tid\.e\.x \|/);
	assert.match(second, /\| set_tid\.f\.x \| – \|/);
	assert.match(second, /^- Linux 6\.1: a newer source$/m);
	assert.doesNotMatch(second, /set_tid\.d\.x/);
});

test("what caught a fault last can be read off the page", async () => {
	const text = page(
		[
			row("6.1", null),
			row("6.1", FAULT, "set_tid.a.uid0-none", "set_tid.b.x"),
			row("7.2", FAULT, "set_tid.c.x"),
			row("6.1", OLD_ONLY),
		],
		[column("6.1"), column("7.2")],
	);
	assert.deepEqual(
		[...lastCaught(text)],
		[["set_tid-check_missing", "set_tid.a.uid0-none"]],
	);
	assert.equal(lastCaught("").size, 0);
});

test("a row of a fault that is no more goes", async () => {
	const first = page([row("6.1", FAULT, "set_tid.a.x")], [column("6.1")]);
	assert.doesNotMatch(
		markdown([], [OLD_ONLY], [], "0.1.0", first),
		/check_missing/,
	);
});

test("a fault is everywhere unless it says where", async () => {
	assert.ok(isIn(FAULT, "7.2"));
	assert.ok(isIn(OLD_ONLY, "6.1"));
	assert.ok(!isIn(OLD_ONLY, "7.2"));
});

test("the page in the documentation is one that this makes, of faults that are there", async () => {
	const ours = (path: string): string =>
		readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
	const faults: Fault[] = JSON.parse(ours("faults/faults.json"));
	const { version } = JSON.parse(ours("package.json")) as { version: string };
	const text = ours("docs/faults.md");
	const all = [...faults, ...PLANTED_SPLATS];
	assert.equal(markdown([], all, [], version, text), text);
	assert.match(text, /^- caught: every one\b/m);
	const rows = [...text.matchAll(/^\| [\w-]+ \| \w+ \|/gm)];
	assert.ok(rows.length > 200, `${rows.length} rows`);
});
