import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { test } from "tap";
import {
	COLUMNS,
	columns,
	splitComment,
	wrapShell,
	wrapWords,
} from "./wrap.js";

test("words fill lines and none is lost", async () => {
	fc.assert(
		fc.property(
			fc.array(
				fc.string({ minLength: 1, unit: fc.constantFrom("a", "é", "😀", "-") }),
			),
			(words) => {
				const lines = wrapWords(words.join(" "), "* ", "  ", 30);
				for (const line of lines) assert.ok(columns(line) <= 30, line);
				const joined = lines.map((line) => line.slice(2)).join("");
				assert.equal(joined.replaceAll(" ", ""), words.join(""));
			},
		),
	);
});

test("a long word is cut, a short one is not", async () => {
	assert.deepEqual(wrapWords("ab cdefgh ij", "", "", 4), [
		"ab",
		"cdef",
		"gh",
		"ij",
	]);
	assert.deepEqual(wrapWords("", "x "), ["x"]);
});

/** A word as a careful program quotes it. */
const quoted = fc.oneof(
	fc.string({
		minLength: 1,
		maxLength: 90,
		unit: fc.constantFrom("a", "/", "=", "b"),
	}),
	fc
		.string({
			maxLength: 200,
			unit: fc.constantFrom("a", " ", "\\", '"', "$", "b{", "#", "'"),
		})
		.map((text) => `'${text.replaceAll("'", "'\\''")}'`),
	fc
		.string({ maxLength: 200, unit: fc.constantFrom("a", " ", "'", "b-", "#") })
		.map((text) => `"${text}"`),
);

/** A line without a blank to break it at. */
const UNBREAKABLE = /^ *\S+( ?['"]?\\?)?$/;

test("a wrapped command means the same to a shell", async () => {
	const pairs: [string, string][] = [];
	fc.assert(
		fc.property(fc.array(quoted, { minLength: 1, maxLength: 8 }), (words) => {
			const command = `printf '<%s>' ${words.join(" ")}`;
			const lines = wrapShell(command, "    ");
			for (const line of lines) {
				if (columns(line) > COLUMNS) assert.match(line, UNBREAKABLE);
			}
			pairs.push([command, lines.join("\n")]);
		}),
		{ numRuns: 300 },
	);
	const run = (commands: string[]) => {
		const done = spawnSync("sh", [], {
			input: `${commands.join("\necho\n")}\n`,
			encoding: "utf8",
		});
		assert.equal(done.stderr, "");
		return done.stdout;
	};
	assert.equal(
		run(pairs.map(([, wrapped]) => wrapped)),
		run(pairs.map(([plain]) => plain)),
	);
});

test("a path is never cut", async () => {
	const path = `/${"home/of/kernels/".repeat(8)}bzImage`;
	assert.deepEqual(wrapShell(`qemu -kernel ${path} -append 'a b'`, "  "), [
		"  qemu -kernel \\",
		`    ${path} \\`,
		"    -append 'a b'",
	]);
});

test("a comment is what stands behind an unquoted # at a word's start", async () => {
	for (const [line, command, comment] of [
		["a b", "a b", ""],
		["a 'b # c' # d: e # f", "a 'b # c'", "d: e # f"],
		['a "b # c" d#e \\# f', 'a "b # c" d#e \\# f', ""],
		["a 'it'\\''s # b'", "a 'it'\\''s # b'", ""],
	] as const) {
		assert.deepEqual(splitComment(line), { command, comment });
	}
});
