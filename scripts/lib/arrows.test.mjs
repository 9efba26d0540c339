import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
	copyFileSync,
	mkdirSync,
	mkdtempSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { TOP } from "./run.mjs";

/**
 * Lints a file of this content with the project's rules.
 * @param {string} path relative to the project's folder
 * @param {string} content
 * @returns {{ status: number | null, output: string }}
 */
function lint(path, content) {
	const folder = mkdtempSync(join(tmpdir(), "crcap-arrows-"));
	try {
		const file = join(folder, path);
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, content);
		// The rules know the rooms relative to the folder that holds the configuration.
		copyFileSync(join(TOP, "biome.json"), join(folder, "biome.json"));
		const done = spawnSync(
			join(TOP, "node_modules/.bin/biome"),
			["lint", "--vcs-enabled=false", path],
			{ cwd: folder, encoding: "utf8" },
		);
		return { status: done.status, output: `${done.stdout}${done.stderr}` };
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** @type {readonly [room: string, target: string][]} */
const FORBIDDEN = [
	["suites", "vm"],
	["suites", "results"],
	["suites", "runner"],
	["vm", "suites"],
	["vm", "results"],
	["vm", "runner"],
	["results", "suites"],
	["results", "vm"],
	["results", "runner"],
	["runner", "faults"],
];

for (const [room, target] of FORBIDDEN)
	test(`${room} may not import ${target}`, () => {
		for (const file of [`${room}/a.ts`, `${room}/deep/a.ts`]) {
			const up = "../".repeat(file.split("/").length - 1);
			const content = `export { a } from "${up}${target}/index.js";\n`;
			const { status, output } = lint(file, content);
			assert.match(output, /noRestrictedImports/);
			assert.equal(status, 1);
		}
	});

for (const target of ["suites", "vm", "results"])
	test(`runner may import ${target}`, () => {
		const content = `export { a } from "../${target}/index.js";\n`;
		const { status, output } = lint("runner/a.ts", content);
		assert.equal(status, 0, output);
	});

test("a room may import its own files", () => {
	const { status, output } = lint("vm/a.ts", 'export { b } from "./b.js";\n');
	assert.equal(status, 0, output);
});
