/** Readers of option values: text from a command line or a configuration file in, a checked value out. */
import { InvalidArgumentError } from "commander";
import { didYouMean } from "../common/usage.js";

/** Longest time that can be asked for, seconds: what a timer of Node holds (2^31 ms). */
export const MAX_SECONDS = 2_147_483;

/** Seconds above zero, decimals allowed: `90`, `0.5`. */
export function seconds(text: string): number {
	const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
	if (!(value > 0 && value <= MAX_SECONDS)) {
		throw new InvalidArgumentError(
			`It is a number of seconds above 0 and at most ${MAX_SECONDS}, e.g. 90 or 0.5.`,
		);
	}
	return value;
}

/** A whole number from `least` to `most`. */
export function count(most: number, least = 1): (text: string) => number {
	return (text) => {
		const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
		if (value < least || value > most) {
			throw new InvalidArgumentError(
				`It is a whole number from ${least} to ${most}.`,
			);
		}
		return value;
	};
}

/** One of a few words; the refusal names the nearest. */
export function oneOf<const T extends string>(
	words: readonly T[],
): (text: string) => T {
	return (text) => {
		const found = words.find((word) => word === text);
		if (found === undefined) {
			throw new InvalidArgumentError(
				`It is one of ${words.join(", ")}.${didYouMean(text, words)}`,
			);
		}
		return found;
	};
}

/** For options that may be given again: adds to those given before. */
export function again<T>(
	read: (text: string) => T,
): (text: string, before: T[] | undefined) => T[] {
	return (text, before) => [...(before ?? []), read(text)];
}

/** Takes any text that is not blank. */
export function text(value: string): string {
	if (value.trim() === "") {
		throw new InvalidArgumentError("It is empty.");
	}
	return value;
}
