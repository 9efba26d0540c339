/** The plan in another order: no result may hang on what ran before it. */

/** The same items in an order that is the same for the same seed (Fisher and Yates, with mulberry32's numbers). */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
	const random = numbers(seed);
	const result = [...items];
	for (let last = result.length - 1; last > 0; last--) {
		const other = Math.floor(random() * (last + 1));
		[result[last], result[other]] = [result[other] as T, result[last] as T];
	}
	return result;
}

/** Makes a generator of numbers that are at least 0 and below 1, the same for the same seed. */
function numbers(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}
