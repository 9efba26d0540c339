/** Inputs for parsers: samples that are damaged, and words put together. */
import fc from "fast-check";

/** One change of a sample: two offsets in it, as shares of its length, and a byte. */
interface Damage {
	readonly how: "set" | "flip" | "cut" | "drop" | "copy" | "insert";
	readonly at: number;
	readonly to: number;
	readonly byte: number;
}

/** Shares are integers: doubles take fast-check longer. */
const WHOLE = 65_536;

/** Any byte; those that mean something to a parser (line ends, `%`, digits, the first bit) come more often. */
const byte = fc.oneof(
	fc.nat(255),
	fc.constantFrom(
		0,
		0x0a,
		0x0d,
		0x1e,
		0x20,
		0x25,
		0x7f,
		0x80,
		0xff,
		0x30,
		0x2d,
	),
);

const damage: fc.Arbitrary<Damage> = fc.record({
	how: fc.constantFrom("set", "flip", "cut", "drop", "copy", "insert"),
	at: fc.nat(WHOLE),
	to: fc.nat(WHOLE),
	byte,
});

/** No input grows beyond this, bytes. */
const LONGEST = 256 * 1024;

function damaged(sample: Buffer, changes: readonly Damage[]): Buffer {
	let bytes = Buffer.from(sample);
	for (const { how, at, to, byte } of changes) {
		const offset = Math.floor((at * bytes.length) / (WHOLE + 1));
		const other = Math.floor((to * bytes.length) / (WHOLE + 1));
		const [from, end] = offset < other ? [offset, other] : [other, offset];
		if (how === "set") bytes[offset] = byte;
		else if (how === "flip") bytes[offset] = (bytes[offset] ?? 0) ^ (byte | 1);
		else if (how === "cut") bytes = bytes.subarray(0, offset);
		else if (how === "drop")
			bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(end)]);
		else if (how === "insert")
			bytes = Buffer.concat([
				bytes.subarray(0, offset),
				Buffer.from([byte]),
				bytes.subarray(offset),
			]);
		else if (bytes.length < LONGEST)
			bytes = Buffer.concat([
				bytes.subarray(0, offset),
				bytes.subarray(from, end),
				bytes.subarray(offset),
			]);
	}
	return bytes;
}

/** One of the samples after a few changes; now and then bytes that are none of them. */
export function damagedBytes(
	samples: readonly (Buffer | string)[],
): fc.Arbitrary<Buffer> {
	const known = samples.map((sample) => Buffer.from(sample));
	const some = fc
		.tuple(fc.constantFrom(...known), fc.array(damage, { maxLength: 5 }))
		.map(([sample, changes]) => damaged(sample, changes));
	const any = fc
		.uint8Array({ maxLength: 64 })
		.map((bytes) => Buffer.from(bytes));
	return fc.oneof(
		{ arbitrary: some, weight: 15 },
		{ arbitrary: any, weight: 1 },
	);
}

/** As damagedBytes(), but of text: each character stands for a byte. */
export function damagedText(samples: readonly string[]): fc.Arbitrary<string> {
	return damagedBytes(samples).map((bytes) => bytes.toString("latin1"));
}

/** Words of a language in any order, with others between them. */
export function wordsOf(
	words: readonly string[],
	most = 12,
): fc.Arbitrary<string> {
	const any = fc.string({ maxLength: 6, unit: "binary" });
	const one = fc.oneof(
		{ arbitrary: fc.constantFrom(...words), weight: 6 },
		{ arbitrary: any, weight: 1 },
	);
	return fc.array(one, { maxLength: most }).map((list) => list.join(""));
}

/** Cuts the bytes into chunks of these sizes, which are taken in turn. */
export function* cutUp(
	bytes: Buffer,
	sizes: readonly number[],
): Generator<Buffer> {
	let at = 0;
	for (let i = 0; at < bytes.length; i++) {
		const size = sizes[i % sizes.length] ?? 1;
		yield bytes.subarray(at, at + size);
		at += size;
	}
}

/** The sizes, in bytes, of the chunks that a stream is cut into. */
export const sizes: fc.Arbitrary<number[]> = fc.array(
	fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 4000 })),
	{ minLength: 1, maxLength: 4 },
);

/** Streams the bytes in chunks of these sizes, which are taken in turn. */
export async function* streamOf(
	bytes: Buffer,
	chunks: readonly number[],
): AsyncGenerator<Buffer> {
	yield* cutUp(bytes, chunks);
}
