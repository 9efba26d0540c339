import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "tap";
import { roomTrouble } from "./rooms.mjs";

/** Two rooms, of which the second may import the first. */
const ROOMS = { arrows: { low: [], high: ["low"] }, tables: [] };
const NAMED = { "low/README.md": "# low\n", "high/index.ts": "" };

/**
 * @param {import("tap").Test} t
 * @param {Record<string, string>} files
 * @param {Parameters<typeof roomTrouble>[1]} rooms
 */
function troubleOf(t, files, rooms = ROOMS) {
	const top = t.testdir();
	for (const [path, text] of Object.entries({ ...NAMED, ...files })) {
		mkdirSync(dirname(join(top, path)), { recursive: true });
		writeFileSync(join(top, path), text);
	}
	return roomTrouble(top, rooms);
}

test("an arrow that the table has is allowed", async (t) => {
	const files = {
		"high/a.ts": 'import { b } from "../low/b.js";\nimport "./c.js";\n',
	};
	assert.deepEqual(troubleOf(t, files), []);
});

test("every way of importing against an arrow is found", async (t) => {
	for (const line of [
		'import { a } from "../high/a.js";',
		'export type { A } from "../high/a.js";',
		'const a = await import("../high/a.js");',
		'type A = import("../high/a.js").A;',
		'import {\n\ta,\n} from "../high/a.js";',
	]) {
		const [trouble = "", ...more] = troubleOf(t, { "low/b.ts": `${line}\n` });
		assert.match(trouble, /^low\/b\.ts: low may not import high/, line);
		assert.deepEqual(more, []);
	}
});

test("a test may look into other rooms", async (t) => {
	const files = { "low/b.test.ts": 'import "../high/a.js";\n' };
	assert.deepEqual(troubleOf(t, files), []);
});

test("a folder that the table does not know is found", async (t) => {
	const [trouble = ""] = troubleOf(t, { "other/a.ts": "" });
	assert.match(trouble, /does not know other/);
});

test("long files and full folders are found, tables may be long", async (t) => {
	const long = "x\n".repeat(401);
	assert.match(troubleOf(t, { "low/a.ts": long })[0] ?? "", /401 lines/);
	const tables = { ...ROOMS, tables: ["low/a.ts"] };
	assert.deepEqual(troubleOf(t, { "low/a.ts": long }, tables), []);
	assert.match(troubleOf(t, { "low/a.css": long })[0] ?? "", /401 lines/);
	const full = Object.fromEntries(
		Array.from({ length: 21 }, (_, n) => [`low/${n}.ts`, ""]),
	);
	assert.match(troubleOf(t, full)[0] ?? "", /low: 21 source files/);
});

test("a room that does not say what it is for is found", async (t) => {
	for (const [file, mute] of [
		["low/deep/a.c", "low/deep"],
		["low/deep/a.test.mjs", "low/deep"],
		["low/fixtures/a.c", "low/fixtures"],
		["around/low/a.css", "around"],
	]) {
		const said = troubleOf(t, { [file ?? ""]: "" });
		assert.ok(
			said.some((line) => line.startsWith(`${mute}: neither README`)),
			`${file}: ${said}`,
		);
	}
	const rooms = { ...ROOMS, arrows: { ...ROOMS.arrows, mute: [] } };
	assert.match(troubleOf(t, {}, rooms)[0] ?? "", /mute: neither README\.md/);
	const wordy = { "low/README.md": "\n".repeat(16) };
	assert.match(troubleOf(t, wordy)[0] ?? "", /16 lines; at most 15/);
});
