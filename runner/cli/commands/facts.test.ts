import assert from "node:assert/strict";
import { test } from "tap";
import { fakeTarget } from "../../execute/fakes.test.helper.js";
import { factLines, readFactLines } from "../../targets/factLines.js";
import { OpenError } from "../../targets/target.js";
import { realDeps } from "../deps.js";
import { main } from "../program.js";

test("facts are printed as they are read, and nothing in them is obeyed", async () => {
	const facts = {
		release: "6.1",
		hostile: "a b%\n\u001b[31mfact release=9",
		name: "ü",
	};
	const text = factLines(facts);
	assert.match(text, /^[\x20-\x7e\n]*$/);
	assert.deepEqual({ ...readFactLines(text) }, facts);
});

test("a kernel that does not come up is no success", async () => {
	let closed = false;
	const fails = fakeTarget(undefined, {
		open: () => Promise.reject(new OpenError("it did not boot")),
	});
	const deps = { ...realDeps, prepare: async () => [fails] };
	assert.equal(await main(["facts", "--kernel", "k"], deps), 3);
	const works = {
		...fakeTarget(),
		async open(signal: AbortSignal) {
			const session = await fakeTarget().open(signal);
			return {
				...session,
				facts: { reported: {}, arch: "x86_64" },
				async close() {
					closed = true;
				},
			};
		},
	};
	const good = { ...realDeps, prepare: async () => [works] };
	assert.equal(await main(["facts", "--kernel", "k"], good), 0);
	assert.equal(closed, true, "nothing stays behind");
});

test("the kernel is where the options say", async () => {
	const asked: unknown[] = [];
	const deps = {
		...realDeps,
		prepare: async (spec: unknown) => {
			asked.push(spec);
			return [];
		},
	};
	assert.equal(await main(["facts", "--ssh", "root@board:2222"], deps), 0);
	assert.equal(await main(["facts", "--local"], deps), 0);
	assert.deepEqual(asked, [
		{
			...{ kind: "ssh", name: "root@board:2222" },
			...{ destination: "root@board:2222", host: false },
		},
		{ kind: "local", name: "local", host: false },
	]);
});
