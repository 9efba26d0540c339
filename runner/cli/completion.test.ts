import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "tap";
import { cli } from "./spawnCli.test.helper.js";

test("completion names every command and its options, in each shell's words", async () => {
	const [bash, zsh, fish] = await Promise.all(
		["bash", "zsh", "fish"].map((shell) => cli(["completion", shell])),
	);
	for (const done of [bash, zsh, fish]) {
		assert.equal(done?.status, 0, done?.stderr);
		for (const word of ["run", "facts", "compare", "kernel", "max-failures"])
			assert.ok(done?.stdout.includes(word), word);
	}
	const complete = (...words: string[]): string[] => {
		const script = `${bash?.stdout}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _crcap; printf '%s\\n' "\${COMPREPLY[@]}"`;
		const args = ["-c", script, "bash", "crcap", ...words];
		const done = spawnSync("bash", args, { encoding: "utf8" });
		assert.equal(done.stderr, "");
		return done.stdout.split("\n").filter(Boolean);
	};
	assert.deepEqual(complete("comp").sort(), ["compare", "completion"]);
	assert.deepEqual(complete("run", "--max-f"), ["--max-failures"]);
	assert.deepEqual(complete("run", "--kernel", "--"), [], "a value is a file");
});

test("another shell is refused", async () => {
	for (const shell of ["tcsh", "constructor"]) {
		const { status, stdout, stderr } = await cli(["completion", shell]);
		assert.equal(status, 2);
		assert.equal(stdout, "");
		assert.match(stderr, /it is one of bash, zsh, fish/);
	}
});
