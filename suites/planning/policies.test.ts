import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "tap";
import { LSM_SUBJECTS, labelOf } from "../around/lsmSubjects.js";

const policy = (module: string): URL =>
	new URL(`../../../dist/agent/policy/${module}`, import.meta.url);
const source = (name: string): string =>
	readFileSync(
		new URL(`../../../native/policy/${name}`, import.meta.url),
		"utf8",
	);

const LABELS = [...new Set(LSM_SUBJECTS.map(labelOf))];

/** In a compiled policy an integer is the byte 2 and four bytes, the lowest first; a struct begins with the byte 7, and a name of it with 4. */
function integers(compiled: Buffer, at: number, count: number): number[] {
	return Array.from({ length: count }, (_, i) => {
		assert.equal(compiled[at + 5 * i], 2);
		return compiled.readUInt32LE(at + 5 * i + 1);
	});
}

/** What a profile allows, denies and leaves unlogged of two capabilities, as the kernel will read it. */
function profileOf(compiled: Buffer, name: string) {
	const at = compiled.indexOf(`${name}\0`);
	assert.ok(at >= 0, name);
	// Allowed, recorded, unrecorded and killed, 0 to 31 behind the flags and the rest in "caps64".
	const flags = compiled.indexOf("flags\0", at);
	const end = compiled.indexOf("caps64\0", flags);
	const low = integers(compiled, end - 3 - 20, 4);
	const high = integers(compiled, end + "caps64\0".length + 1, 4);
	const bits = (i: number) =>
		(BigInt(high[i] ?? 0) << 32n) | BigInt(low[i] ?? 0);
	return { allowed: bits(0), silent: bits(2) };
}

/** Of the 41 capabilities. */
const ALL = (1n << 41n) - 1n;
const BITS = { checkpoint_restore: 40n, sys_admin: 21n } as const;

test("AppArmor's policy refuses what the subjects' labels say, no other capability, and says which refusals are silent", async () => {
	const compiled = readFileSync(policy("apparmor"));
	for (const { module, label, refuses, silent } of LABELS) {
		if (module !== "apparmor") continue;
		const profile = profileOf(compiled, label);
		const expected = refuses.reduce(
			(set, capability) => set & ~(1n << BITS[capability]),
			ALL,
		);
		assert.equal(profile.allowed & ALL, expected, label);
		assert.equal(profile.silent, silent ? ALL & ~expected : 0n, label);
	}
});

test("every label stands in a policy's source", async () => {
	for (const { module, label } of LABELS)
		assert.match(
			source(module === "apparmor" ? "apparmor.profiles" : "selinux.conf"),
			new RegExp(
				module === "apparmor"
					? `^profile ${label} flags=`
					: `^type ${label.split(":")[2]}, subject;$`,
				"m",
			),
		);
});
