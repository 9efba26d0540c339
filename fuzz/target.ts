/** A parser under trial. */
import { AssertionError } from "node:assert";
import fc from "fast-check";

export interface FuzzTarget {
	readonly name: string;
	/** Its share of all runs: what is quick gets more. */
	readonly weight: number;
	/**
	 * Runs it with one seed.
	 * @throws Error with the input that breaks it
	 */
	run(runs: number, seed: number): Promise<void>;
}

/** Errors that a parser never throws on purpose, whatever it is given. */
const FAULTS = [TypeError, RangeError, ReferenceError, AssertionError] as const;

/** What a refusal is: an error that says something, and no fault of the program's. */
export function isRefusal(error: unknown): boolean {
	return (
		error instanceof Error &&
		error.message !== "" &&
		!FAULTS.some((fault) => error instanceof fault)
	);
}

/**
 * A row of the table: the parser is given inputs, and may refuse them with one of its own errors.
 * @param mayRefuse which errors these are
 */
export function target<T>(
	name: string,
	weight: number,
	inputs: fc.Arbitrary<T>,
	parse: (input: T) => void,
	mayRefuse: (error: unknown) => boolean = () => false,
): FuzzTarget {
	const property = fc.property(inputs, (input) => {
		try {
			parse(input);
		} catch (error) {
			if (!mayRefuse(error)) throw error;
		}
	});
	return {
		name,
		weight,
		run: async (numRuns, seed) => fc.assert(property, { numRuns, seed }),
	};
}

/** As the function above, for a parser that answers with a promise. */
export function slowTarget<T>(
	name: string,
	weight: number,
	inputs: fc.Arbitrary<T>,
	parse: (input: T) => Promise<void>,
	mayRefuse: (error: unknown) => boolean = () => false,
): FuzzTarget {
	const property = fc.asyncProperty(inputs, async (input) => {
		try {
			await parse(input);
		} catch (error) {
			if (!mayRefuse(error)) throw error;
		}
	});
	return {
		name,
		weight,
		run: (numRuns, seed) => fc.assert(property, { numRuns, seed }),
	};
}
