import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { SnapshotFiles } from "../../../testing/snapshotFiles.test.helper.js";
import { cli } from "../spawnCli.test.helper.js";

const PAGE = "docs/crcap.1";
const PATH = join(import.meta.dirname, "../../../..", PAGE);

test("docs/crcap.1 is what `crcap man` prints", {
	snapshotProvider: SnapshotFiles,
}, async (t) => {
	const { status, stdout } = await cli(["man"]);
	assert.equal(status, 0);
	t.matchSnapshot(stdout, PAGE);
});

test("the manual page is well formed, and has every command and option", async () => {
	const text = readFileSync(PATH, "utf8");
	const lines = text.split("\n");
	assert.equal(lines[0], ".TH CRCAP 1");
	for (const line of lines)
		if (/^[.']/.test(line)) assert.match(line, /^\.(TP$|(TH|SH|SS|B|I|BR) )/);
	const sections = lines.filter((line) => line.startsWith(".SH "));
	assert.equal(sections[0], ".SH NAME");
	assert.ok(sections.includes(".SH EXIT STATUS"));
	for (const word of ["run", "facts", "trend", "compare <old>"])
		assert.ok(text.includes(`.SS crcap ${word}`), word);
	for (const option of ["failed", "max\\-failures", "kcidb\\-origin"])
		assert.ok(text.includes(`\\-\\-${option}`), option);
	const checked = spawnSync("man", ["--warnings", "-l", PATH], {
		encoding: "utf8",
		env: { ...process.env, LC_ALL: "C.UTF-8", MANPAGER: "cat" },
	});
	// A machine without manual pages has nothing that could warn.
	if (checked.error === undefined && checked.status === 0)
		assert.equal(checked.stderr, "");
});
