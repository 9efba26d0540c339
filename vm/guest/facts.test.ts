import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FactBook, parseHello, unescapeValue } from "./facts.js";

test("facts are unescaped, hostile names are refused", () => {
	const book = new FactBook();
	assert.ok(book.add("fact version=%23 1 %E2%82%AC 100%"));
	assert.ok(!book.add("fact =x"));
	assert.ok(!book.add("fact a b=c"));
	assert.ok(!book.add("fact __proto__=x"));
	assert.ok(book.add("fact constructor=%00"));
	const facts = book.toRecord();
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
