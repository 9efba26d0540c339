import assert from "node:assert/strict";
import {
	chmodSync,
	closeSync,
	existsSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	statSync,
	truncateSync,
	utimesSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { t, test } from "tap";
import { SavedState } from "./savedState.js";
import {
	clearStates,
	findState,
	keepState,
	listStates,
	stateKey,
} from "./stateCache.js";

const cache = t.testdir();
process.env.XDG_CACHE_HOME = cache;
const STATES = join(cache, "crcap", "states");
const MEMORY = 4 * 1024 * 1024;
const WHAT = { label: "a guest", memory: MEMORY };

/** A state whose memory holds this byte here and there. */
function state(byte: number): SavedState {
	const path = join(cache, `ram-${byte}`);
	const ram = openSync(path, "w+");
	truncateSync(path, MEMORY);
	for (const at of [0, 100_000, MEMORY - 1])
		writeSync(ram, Buffer.from([byte]), 0, 1, at);
	const parts = {
		device: Buffer.from("the machine"),
		words: ["hello", "ready"],
		console: Buffer.from("Linux\xff\n", "latin1"),
		savedAt: 1000,
	};
	return new SavedState(parts, ram);
}

async function kept(byte: number): Promise<string> {
	const key = stateKey({ byte });
	await keepState(key, state(byte), WHAT);
	return key;
}

test("what is kept is found again, and is the user's alone", async () => {
	const key = await kept(1);
	assert.equal(statSync(STATES).mode & 0o777, 0o700);
	assert.equal(statSync(join(STATES, key)).mode & 0o777, 0o700);
	for (const name of ["ram", "device", "manifest.json"])
		assert.equal(statSync(join(STATES, key, name)).mode & 0o777, 0o600);
	const found = await findState(key, MEMORY);
	assert.ok(found);
	assert.equal(await found.sound, true);
	const { device, words, console, savedAt } = state(1);
	assert.deepEqual(
		[found.device, found.words, found.console, found.savedAt],
		[device, words, console, savedAt],
	);
	found.close();
	// Zeros take no place.
	assert.ok(statSync(join(STATES, key, "ram")).blocks * 512 < MEMORY / 2);
	assert.equal(await findState(stateKey({ byte: "other" }), MEMORY), undefined);
	await clearStates();
});

/** Writes something over a file of a state. */
const spoil = (name: string, at: number) => (dir: string) => {
	const fd = openSync(join(dir, name), "r+");
	writeSync(fd, "!", at);
	closeSync(fd);
};

for (const [what, damage] of [
	["machine", spoil("device", 3)],
	["manifest", spoil("manifest.json", 200)],
	["manifest's checksum", spoil("manifest.json", 20)],
	["length of the memory", (dir: string) => truncateSync(join(dir, "ram"), 9)],
	["manifest cut short", (dir: string) => truncateSync(`${dir}/manifest.json`)],
	["rights", (dir: string) => chmodSync(join(dir, "ram"), 0o622)],
] as const)
	test(`a state is thrown away for its ${what}`, async () => {
		const key = await kept(2);
		damage(join(STATES, key));
		await assert.rejects(findState(key, MEMORY), { kind: "state" });
		assert.deepEqual(readdirSync(STATES), []);
	});

test("a byte of memory is enough, also where there was none", async () => {
	for (const at of [100_000, 100_001, 2_000_000]) {
		const key = await kept(3);
		spoil("ram", at)(join(STATES, key));
		const found = await findState(key, MEMORY);
		assert.equal(await found?.sound, false);
		found?.close();
		await clearStates();
	}
});

test("a state of one guest is none of another with more memory", async () => {
	const key = await kept(4);
	await assert.rejects(findState(key, 2 * MEMORY), { kind: "state" });
});

test("two that keep the same state both finish", async () => {
	const key = stateKey({ twice: true });
	await Promise.all([
		keepState(key, state(5), WHAT),
		keepState(key, state(5), WHAT),
	]);
	assert.deepEqual(readdirSync(STATES), [key]);
	await clearStates();
});

test("what is interrupted leaves nothing, and what was killed goes with the next", async () => {
	const stop = new AbortController();
	stop.abort();
	const key = stateKey({ stopped: true });
	const keeping = keepState(key, state(6), WHAT, stop.signal);
	await assert.rejects(keeping, { kind: "aborted" });
	assert.deepEqual(readdirSync(STATES), []);
	// No process has this number.
	const orphan = join(STATES, `${key}.tmp-4999999-00`);
	const living = join(STATES, `${key}.tmp-${process.pid}-00`);
	for (const dir of [orphan, living]) {
		mkdirSync(dir);
		writeFileSync(join(dir, "ram"), "half");
	}
	assert.equal(await findState(key, MEMORY), undefined);
	assert.deepEqual(await listStates(), []);
	await kept(6);
	assert.equal(existsSync(orphan), false);
	assert.equal(existsSync(living), true);
	await clearStates();
});

test("the state that was used longest ago goes first", async () => {
	const keys = [await kept(7), await kept(8), await kept(9)];
	const [first = "", second = "", third = ""] = keys;
	utimesSync(join(STATES, second), 1, 1);
	utimesSync(join(STATES, third), 2, 2);
	(await findState(second, MEMORY))?.close();
	assert.deepEqual(
		(await listStates()).map(({ key }) => key).sort(),
		keys.sort(),
	);
	const { bytes = 0, label } = (await listStates())[0] ?? {};
	assert.equal(label, "a guest");
	const two = { ...WHAT, maxBytes: 3 * bytes + bytes / 2 };
	await keepState(stateKey({ byte: 10 }), state(10), two);
	const left = (await listStates()).map(({ key }) => key);
	assert.equal(left.length, 3);
	assert.ok(left.includes(first) && left.includes(second));
	await clearStates();
	assert.deepEqual(await listStates(), []);
});

test("a cache that can't be written is told", async () => {
	writeFileSync(join(cache, "file"), "");
	process.env.XDG_CACHE_HOME = join(cache, "file");
	try {
		await assert.rejects(keepState(stateKey({}), state(11), WHAT), {
			kind: "storage",
		});
	} finally {
		process.env.XDG_CACHE_HOME = cache;
	}
	assert.equal(readFileSync(join(cache, "file"), "utf8"), "");
});
