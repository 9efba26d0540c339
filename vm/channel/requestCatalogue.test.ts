import assert from "node:assert/strict";
import { test } from "tap";
import { Channel } from "./channel.js";
import { encodeFrame } from "./frames.js";
import { encodeLine } from "./lines.js";
import { RequestCatalogue, writeRequestCatalogue } from "./requestCatalogue.js";

/** The agent's side of the protocol, as its document tells it. */
import "./channel.test.helper.js";

test("cases of the catalogue are asked for by their places, others as they are", async () => {
	const pairs = [..."abcdef"].map((program) => ({ subject: "x", program }));
	const channel = new Channel(
		new RequestCatalogue(writeRequestCatalogue(pairs)),
	);
	const ask = (n: number, program: number, deadline = 5) =>
		`case ${n} ${deadline} 0 =${program}`;
	const wanted = [
		[ask(0, 0), ask(1, 1), ask(2, 2), ask(3, 5), ask(4, 3)],
		// Numbers or deadlines that jump begin a line of their own.
		[ask(6, 4)],
		[ask(7, 5, 9)],
	];
	const other = ["case 8 5 0 try", "case 9 5 - =1", "quit"];
	channel.attach([...wanted.flat(), ...other]);
	assert.equal(
		channel.drain(),
		["cases 0 5 0-2,5,3", "cases 6 5 4", "cases 7 9 5", ...other]
			.map((text, num) => encodeLine(num, text))
			.join(""),
	);
	for (const [n] of wanted.flat().entries())
		channel.feed(Buffer.from(encodeFrame(n, `obs ${n < 5 ? n : n + 1} x`)));
	assert.equal(channel.running, other[0]);
});

test("one line asks for so many answers at most", async () => {
	const pairs = Array.from({ length: 150 }, (_, n) => ({
		subject: "x",
		program: `${n}`,
	}));
	const channel = new Channel(
		new RequestCatalogue(writeRequestCatalogue(pairs)),
	);
	channel.attach(pairs.map((_, n) => `case ${n} 5 0 =${n}`));
	assert.deepEqual(
		channel
			.drain()
			.split("\n")
			.map((line) => line.slice(line.indexOf("cases"))),
		["cases 0 5 0-63", "cases 64 5 64-127", "cases 128 5 128-149", ""],
	);
});

test("a catalogue that is broken or too full is still read for what it holds", async () => {
	const pairs = Array.from({ length: 2100 }, (_, n) => ({
		subject: `who=${n % 3}`,
		program: `what=${n}`,
	}));
	const catalogue = new RequestCatalogue(
		`nonsense\n\n${writeRequestCatalogue(pairs)}case 1`,
	);
	assert.deepEqual(
		[...catalogue.names("subject")],
		[0, 1, 2].map((n) => [`who=${n}`, n]),
	);
	assert.equal(catalogue.names("program").size, 2048);
	const [names, cases] = catalogue.entries;
	assert.ok(names?.type === "file" && cases?.type === "file");
	assert.equal(cases.data.length, 10 * 2048);
	assert.equal(Buffer.from(cases.data).toString().slice(10, 20), "0001 0001\n");
	assert.match(Buffer.from(names.data).toString(), /^subject 0 who=0\n/);
	assert.deepEqual(new RequestCatalogue().entries, []);
});
