import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import { readJsonShape } from "./jsonShape.js";

const SHAPE = { name: "string", works: "boolean" } as const;

test("what has the shape is read, without what else is there", async () => {
	assert.deepEqual(
		readJsonShape('{"works":false,"name":"x","more":[1]}', SHAPE),
		{
			name: "x",
			works: false,
		},
	);
});

test("what is cut short, of another type or inherited is not there", async () => {
	for (const text of [
		...["", "{", "null", "[]", '"name"', "{}", '{"name":"x"}'],
		...['{"name":1,"works":true}', '{"name":"x","works":"true"}'],
		'{"__proto__":{"name":"x","works":true}}',
	])
		assert.equal(readJsonShape(text, SHAPE), undefined, text);
});

test("any text gives the shape or nothing", async () => {
	fc.assert(
		fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
			const found = readJsonShape(text, SHAPE);
			if (found === undefined) return;
			assert.deepEqual(Object.keys(found), Object.keys(SHAPE));
		}),
	);
});
