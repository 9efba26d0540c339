import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
/** The agent's side of the protocol, as its document tells it. */
import { frames, noise, printable } from "./channel.test.helper.js";
import { crc32, crcHex } from "./crc32.js";
import { encodeFrame, type FrameItem, FrameReader } from "./frames.js";

test("the CRC is the one everybody knows", async () => {
	assert.equal(crc32("123456789"), 0xcbf43926);
	assert.equal(crcHex(""), "00000000");
});

test("frames are found wherever a stream is cut, and the rest is console output", async () => {
	fc.assert(
		fc.property(
			fc.array(fc.tuple(printable, printable), { maxLength: 8 }),
			fc.array(fc.integer({ min: 1, max: 40 }), {
				minLength: 1,
				maxLength: 50,
			}),
			fc.boolean(),
			(pieces, cuts, crlf) => {
				const stream = pieces
					.map(([text, payload], seq) => {
						const frame = encodeFrame(seq, payload);
						return `${text}\n${crlf ? frame.replace("\n", "\r\n") : frame}`;
					})
					.join("");
				const reader = new FrameReader();
				const items: FrameItem[] = [];
				let at = 0;
				for (let i = 0; at < stream.length; i++) {
					const size = cuts[i % cuts.length] as number;
					items.push(
						...reader.feed(Buffer.from(stream.slice(at, at + size), "latin1")),
					);
					at += size;
				}
				assert.deepEqual(
					frames(items),
					pieces.map(([, payload], seq) => `${seq} ${payload}`),
				);
				assert.equal(
					noise(items),
					pieces.map(([text]) => `${text}\n`).join(""),
				);
			},
		),
	);
});

test("any bytes are survived, and a sound frame after them is found", async () => {
	fc.assert(
		fc.property(
			fc.array(
				fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
			),
			(chunks) => {
				const reader = new FrameReader();
				for (const chunk of chunks) reader.feed(chunk);
				const last = [
					...reader.feed(Buffer.from(encodeFrame(5, "the end"))),
					...reader.giveUp(),
				];
				assert.ok(frames(last).includes("5 the end"));
			},
		),
	);
});

test("a kernel message in the midst of a frame breaks that frame only", async () => {
	const reader = new FrameReader();
	const frame = encodeFrame(0, "obs 0 end=ok");
	const items = reader.feed(
		Buffer.from(
			`${frame.slice(0, 9)}[ 1.0] usb 1-1: new\r\n${frame.slice(9)}${encodeFrame(1, "obs 1 end=ok")}`,
		),
	);
	assert.deepEqual(frames(items), ["1 obs 1 end=ok"]);
	assert.ok(items.some((item) => item.kind === "broken"));
	assert.match(noise(items), /usb 1-1: new/);
});

/** Flips, drops and inserts bytes, as long as the budget lasts. */
