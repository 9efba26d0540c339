import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { test } from "tap";
import { TextStore } from "./store.js";

test("whatever is set aside comes back, from memory and from the file", async () => {
	fc.assert(
		fc.property(
			fc.array(fc.string({ unit: "grapheme" })),
			fc.nat(50),
			(texts, limit) => {
				const store = new TextStore(limit);
				const refs = texts.map((text) => store.add(text));
				assert.deepEqual(
					refs.map((ref) => store.get(ref)),
					texts,
				);
				store.close();
			},
		),
	);
});

test("what was dropped makes space", async () => {
	const store = new TextStore(10);
	const first = store.add("0123456789");
	assert.equal(typeof store.add("x"), "object");
	store.drop(first);
	assert.equal(typeof store.add("y"), "string");
	store.close();
});

/** Sets text aside in a process of its own that is killed meanwhile. */
const KILLED = `
	import { TextStore } from ${JSON.stringify(join(import.meta.dirname, "store.js"))};
	const store = new TextStore(0);
	console.log(store.get(store.add("set aside")), typeof store.add("x"));
	process.kill(process.pid, "SIGKILL");`;

test("nothing stays behind, even of a process that was killed", async (t) => {
	const dir = t.testdir();
	const done = spawnSync("node", ["--input-type=module", "-e", KILLED], {
		encoding: "utf8",
		env: { ...process.env, TMPDIR: dir },
	});
	assert.equal(done.stdout, "set aside object\n");
	assert.equal(done.signal, "SIGKILL");
	assert.deepEqual(readdirSync(dir), []);
});

test("without a temporary directory memory serves", async () => {
	const done = spawnSync("node", ["--input-type=module", "-e", KILLED], {
		encoding: "utf8",
		env: { ...process.env, TMPDIR: join(import.meta.dirname, "../none") },
	});
	assert.equal(done.stdout, "set aside string\n", done.stderr);
});
