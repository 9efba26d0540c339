import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "tap";
import { PLANTED_SPLATS, saysOf, withComplaint } from "./splats.js";
import { type Finding, isSound } from "./table.js";

const PATCH = readFileSync(
	new URL("../../faults/linux-6.1-splats.patch", import.meta.url),
	"utf8",
);
const OURS: Finding = {
	...{ caught: ["exe_fd.a.x", "exe_fd.b.x"] },
	...{ spread: [], details: [], trouble: null },
};

test("the table and the patch have the same, in the same order", async () => {
	const planted = [
		...PATCH.matchAll(/^\+\t\{ "(\w+)", "(\w+)", crcap_\w+ \},/gm),
	];
	assert.deepEqual(
		planted.map(([, part, kind]) => `${part}-${kind}`),
		PLANTED_SPLATS.map(({ name }) => name),
	);
	const said = PLANTED_SPLATS.map(({ description }) => description);
	assert.equal(new Set(said).size, said.length);
});

test("every boundary misbehaves in some way", async () => {
	const met = new Set(PLANTED_SPLATS.map(({ part }) => part));
	const asked = [...PATCH.matchAll(/crcap_splat\(#boundary\)/g)];
	assert.equal(met.size, 6);
	assert.equal(asked.length, 1, "the check that all boundaries share asks");
});

test("what failed without the complaint has not caught it", async () => {
	const [, , , , kasan = null] = PLANTED_SPLATS;
	const says = saysOf(kasan) ?? [];
	const line = `[ 9.1] ${says[0]}+0x1/0x2`;
	const both = withComplaint(OURS, says, [
		{ id: "exe_fd.a.x", console: ["before", line] },
		{ id: "exe_fd.b.x", console: [line] },
	]);
	assert.ok(isSound(both, kasan));
	const one = withComplaint(OURS, says, [
		{ id: "exe_fd.a.x", console: [line] },
		{ id: "exe_fd.b.x", console: ["something else"] },
	]);
	assert.deepEqual(one.caught, ["exe_fd.a.x"]);
	assert.deepEqual(one.spread, ["exe_fd.b.x"]);
	assert.ok(!isSound(one, kasan));
	assert.ok(!isSound(withComplaint(OURS, says, []), kasan));
	assert.equal(saysOf(null), undefined);
	const other = PLANTED_SPLATS.find((splat) => splat.or !== undefined) ?? null;
	const either = withComplaint(OURS, saysOf(other) ?? [], [
		{ id: "exe_fd.a.x", console: [`[ 9.1] ${other?.says}+0x1/0x2`] },
		{ id: "exe_fd.b.x", console: [`[ 9.1] ${other?.or}+0x1/0x2`] },
	]);
	assert.deepEqual(either.caught, OURS.caught);
});
