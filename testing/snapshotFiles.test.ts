/** Snapshots in files, in a small project of their own that tap itself runs. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";

const HELPERS = ["snapshotFiles", "top"].map(
	(name) => `${name}.test.helper.js`,
);

/** A test file with a snapshot of each name, in tests within a test: the option goes down to them. */
const program = (names: readonly string[]) => `import { test } from "tap";
import { SnapshotFiles } from "./snapshotFiles.test.helper.js";
test("outer", { snapshotProvider: SnapshotFiles }, async (t) => {
	for (const name of ${JSON.stringify(names)})
		t.test("inner > most", async (t) => {
			t.matchSnapshot("one\\ntwo\\n", name);
		});
});
`;

const GOLDEN = "room/golden/it.txt";

class Project {
	readonly #folder: string;

	constructor(t: Test, names = [GOLDEN]) {
		this.#folder = t.testdir({
			"package.json": '{"type":"module"}',
			dist: { testing: { "it.test.js": program(names) } },
		});
		for (const file of HELPERS)
			cpSync(join(import.meta.dirname, file), this.at(`dist/testing/${file}`));
	}

	at(path: string): string {
		return join(this.#folder, path);
	}

	/** Runs the test file. @param env e.g. TAP_SNAPSHOT */
	run(env: Record<string, string> = {}) {
		const { PATH = "" } = process.env;
		return spawnSync(process.execPath, [this.at("dist/testing/it.test.js")], {
			cwd: this.#folder,
			encoding: "utf8",
			env: { PATH, ...env },
		});
	}

	write(): void {
		const { status, stdout } = this.run({ TAP_SNAPSHOT: "1" });
		assert.equal(status, 0, stdout);
	}
}

test("TAP_SNAPSHOT=1 writes the file, byte for byte, and then it matches", async (t) => {
	const project = new Project(t);
	project.write();
	assert.equal(readFileSync(project.at(GOLDEN), "utf8"), "one\ntwo\n");
	const { status, stdout } = project.run();
	assert.equal(status, 0, stdout);
	assert.match(stdout, /ok 1 - room\/golden\/it\.txt$/m);
	assert.equal(existsSync(project.at("tap-snapshots")), false);
});

test("a file that differs fails with the difference, and stays as it is", async (t) => {
	const project = new Project(t);
	project.write();
	// The end counts as well.
	for (const other of ["one\nthree\n", "one\ntwo"]) {
		writeFileSync(project.at(GOLDEN), other);
		const { status, stdout } = project.run();
		assert.notEqual(status, 0, stdout);
		assert.match(stdout, /not ok 1 - room\/golden\/it\.txt$/m);
		assert.match(stdout, /diff: \|/);
		assert.equal(readFileSync(project.at(GOLDEN), "utf8"), other);
	}
	project.write();
	assert.equal(project.run().status, 0);
});

test("a missing file fails and says how it is made", async (t) => {
	const project = new Project(t);
	const { status, stdout } = project.run();
	assert.notEqual(status, 0, stdout);
	assert.match(stdout, /room\/golden\/it\.txt can't be read; TAP_SNAPSHOT=1 /);
	assert.equal(existsSync(project.at("room")), false);
});

test("a name that is no path in the project is refused, and nothing is written", async (t) => {
	const names = ["", "plain", "../it.txt", "room/../it.txt", "/it.txt"];
	const project = new Project(t, names);
	const { status, stdout } = project.run({ TAP_SNAPSHOT: "1" });
	assert.notEqual(status, 0, stdout);
	const refused = /not ok .*a snapshot's name is the path of its file, not /g;
	assert.equal(stdout.match(refused)?.length, names.length, stdout);
	for (const file of ["plain", "it.txt", "../it.txt"])
		assert.equal(existsSync(project.at(file)), false, file);
});
