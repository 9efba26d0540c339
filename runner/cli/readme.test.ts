import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { MANUALS } from "../../suites/index.js";
import { parseConfig } from "../request/config.js";
import { historyTable } from "./commands/history.js";
import { suiteApi } from "./suites.js";

const README = readFileSync(
	new URL("../../../README.md", import.meta.url),
	"utf8",
);

test("the README's table of what kernels answer differently is the tool's", () => {
	assert.ok(
		README.includes(historyTable(suiteApi, []).trim()),
		"run `crcap history` and paste",
	);
});

test("the README lists every page of the manual that is wrong", () => {
	for (const { verdict, note } of MANUALS)
		if (verdict !== "agrees") assert.ok(README.includes(note), note);
});

test("the README's configuration file is one", () => {
	const example = /```json\n([\s\S]*?)```/.exec(README)?.[1] ?? "";
	assert.equal(parseConfig(example, "README.md").targets?.length, 2);
});
