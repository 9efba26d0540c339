import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { test } from "tap";
import { FORMATS } from "../model/formats.js";

const COUNT = 100_000;

/** Megabytes of heap that a writer may use; the cases themselves are more than 100. */
const HEAP = 64;

/** The page is for people and holds its 50,000 cases by number, each of their strings once. */
const PAGE_HEAP = 256;

const run = promisify(execFile);

/** What became of a task, in a process of its own with little memory. */
async function task(
	...args: string[]
): Promise<{ hash: string; bytes: number }> {
	const heap = args[1] === "html" ? PAGE_HEAP : HEAP;
	const program = join(import.meta.dirname, "scale.test.data.js");
	const { stdout } = await run("node", [
		`--max-old-space-size=${heap}`,
		program,
		...args,
	]);
	return JSON.parse(stdout);
}

test(`${COUNT} cases in bounded memory`, { concurrency: 2 }, async (t) => {
	const file = join(t.testdir(), "stored.json");
	let stored: { hash: string; bytes: number };
	t.before(async () => {
		stored = await task("store", "json", String(COUNT), file);
	});

	for (const { name } of FORMATS) {
		t.test(`${name} is written`, async () => {
			const { bytes } = await task("write", name, String(COUNT));
			// A forge shows so few annotations that only the first are written.
			const least = name === "github" ? 1000 : 50_000;
			assert.ok(bytes > least, `${bytes} bytes are too few to be true`);
		});
	}

	t.test("stored results are read back and written the same", async () => {
		assert.ok(stored.bytes > 100_000_000);
		const again = await task("show", "json", "0", file);
		assert.equal(again.hash, stored.hash);
	});

	t.test("stored results become TAP as the run's own", async () => {
		const [now, then] = await Promise.all([
			task("write", "tap", String(COUNT)),
			task("show", "tap", "0", file),
		]);
		assert.equal(then.hash, now.hash);
	});
});
