import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import { FactReader, parseHello, unescapeValue } from "./facts.js";

test("facts are unescaped, hostile names are refused", async () => {
	const catalogue = new FactReader();
	assert.ok(catalogue.add("fact version=%23 1 %E2%82%AC 100%"));
	assert.ok(!catalogue.add("fact =x"));
	assert.ok(!catalogue.add("fact a b=c"));
	assert.ok(!catalogue.add("fact __proto__=x"));
	assert.ok(catalogue.add("fact constructor=%00"));
	const facts = catalogue.toRecord();
	assert.equal(facts.version, "# 1 € 100%");
	assert.equal(Object.getPrototypeOf(facts), null);
	assert.equal(facts.toString, undefined);
	fc.assert(
		fc.property(fc.string(), (text) => {
			const escaped = [...Buffer.from(text)]
				.map((byte) => `%${byte.toString(16).padStart(2, "0")}`)
				.join("");
			assert.equal(unescapeValue(escaped), text);
		}),
	);
	assert.equal(parseHello("hello proto=1 crprobe=a"), undefined);
});
