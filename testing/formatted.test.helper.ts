import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { TOP } from "./top.test.helper.js";

const BIOME = join(TOP, "node_modules/@biomejs/biome/bin/biome");

/** A generated text as the formatter leaves it in the file of that path. */
export function formatted(text: string, path: string): string {
	const { status, stdout, stderr } = spawnSync(
		process.execPath,
		[BIOME, "format", `--stdin-file-path=${path}`],
		{ cwd: TOP, input: text, encoding: "utf8" },
	);
	assert.equal(status, 0, stderr);
	return stdout;
}
