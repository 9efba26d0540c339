import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { validate } from "dockerfile-utils";
import { test } from "tap";
import { needsOf } from "./lib/needs.mjs";
import { packagesOf } from "./lib/packages.mjs";
import { TOP } from "./lib/run.mjs";

const text = readFileSync(join(TOP, "Containerfile"), "utf8");

/** @param {string} file */
const complaints = (file) =>
	validate(file).map(
		({ message, range }) => `line ${range.start.line + 1}: ${message}`,
	);

test("the Containerfile is well-formed", async () => {
	assert.deepEqual(complaints(text), []);
	assert.notDeepEqual(complaints(text.replace("WORKDIR", "WORKDRI")), []);
});

test("the container has what unpacks kernels", async () => {
	const options = { build: [], addons: [], guests: [], tests: false };
	const needs = needsOf({ ...options, faults: false });
	const unpackers = needs.filter(({ what }) => /for kernel images$/.test(what));
	assert.ok(unpackers.length > 4);
	const last = text.slice(text.lastIndexOf("FROM "));
	for (const name of packagesOf(unpackers))
		assert.match(last, new RegExp(`[ ]${name}[ \\n]`));
});
