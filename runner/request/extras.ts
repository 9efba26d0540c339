/** `--with`: what is not in a run unless it is asked for, since its guests carry more than others. */
import { InvalidArgumentError } from "commander";
import { didYouMean } from "../common/usage.js";
import { filter, type Selectable, type Selection } from "./select.js";

/** A suite, and a row of it that costs more than the rest: each by how the ids of its cases begin. */
export const EXTRAS = ["criu", "criu.program"] as const;

export type Extra = (typeof EXTRAS)[number];

/** Reads one name; what was given before stays. */
export function readExtras(text: string, before: Extra[] = []): Extra[] {
	const found = EXTRAS.find((name) => name === text);
	if (found === undefined)
		throw new InvalidArgumentError(
			`It is ${EXTRAS.join(" or ")}.${didYouMean(text, EXTRAS)}`,
		);
	return [...before, found];
}

/** A selection, and what is asked for beside it. */
export interface Asked {
	readonly selection: Selection;
	readonly extras: readonly Extra[];
}

/** The extra that a case is of, the narrowest. */
const extraOf = ({ id }: Pick<Selectable, "id">): Extra | undefined =>
	EXTRAS.findLast((name) => id.startsWith(`${name}.`));

/**
 * The cases of a plan that are asked for, in its order: those selected, but of an extra only where a glob for suites or
 * cases has its name in it (`*` has not), or where nothing else is selected, neither of the usual plan nor of a cheaper
 * extra; and all of those that are asked for besides.
 */
export function asked<T extends Selectable>(
	cases: readonly T[],
	{ selection, extras }: Asked,
): T[] {
	const selected = filter(cases, selection);
	const globs = [...selection.suite, ...selection.case];
	const named = EXTRAS.filter((name) =>
		globs.some((glob) => glob.includes(name)),
	);
	const among = (names: readonly (Extra | undefined)[]): T[] =>
		selected.filter((one) => names.includes(extraOf(one)));
	const choices = [
		among([undefined, ...named]),
		...EXTRAS.map((name) => among([name])),
	];
	const chosen = new Set(choices.find(({ length }) => length > 0));
	return cases.filter((one) => {
		const extra = extraOf(one);
		return chosen.has(one) || (extra !== undefined && extras.includes(extra));
	});
}

/** The extras that are among these cases. */
export function extrasAmong(cases: readonly Pick<Selectable, "id">[]): Extra[] {
	const found = new Set(cases.map(extraOf));
	return EXTRAS.filter((name) => found.has(name));
}
