import assert from "node:assert/strict";
import { test } from "tap";
import { Proof } from "./resume.js";

const KNOWN = {
	hello: { proto: 1, crprobe: "1", arch: "x86_64" },
	facts: { release: "6.1 test" },
};

test("a copy proves itself with its own request's answer and no other", async () => {
	const proof = new Proof(KNOWN);
	const [word, nonce, nanos, seed] = proof.request.split(" ");
	assert.equal(word, "resumed");
	assert.match(String(nonce), /^[0-9a-f]{32}$/);
	assert.match(String(nanos), /^\d{19}$/);
	assert.match(String(seed), /^[0-9a-f]{64}$/);
	const good = `resumed ${nonce} clock=0 entropy=0 release=6.1%20test arch=x86_64`;
	proof.check(good);
	for (const [from, to] of [
		[String(nonce), "0".repeat(32)],
		["clock=0", "clock=EPERM"],
		["entropy=0", "entropy=ENOTTY"],
		["6.1", "6.2"],
		["x86_64", "i686"],
		[" arch=x86_64", ""],
		["arch", "more=1 arch"],
	] as const)
		assert.throws(() => proof.check(good.replace(from, to)), { kind: "state" });
	assert.throws(() => new Proof(KNOWN).check(good), { kind: "state" });
});
