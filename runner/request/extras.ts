/** `--with`: suites that are not in a run unless they are asked for, since their guests carry more than others. */
import { InvalidArgumentError } from "commander";
import { didYouMean } from "../common/usage.js";
import { filter, type Selectable, type Selection } from "./select.js";

export const EXTRA_SUITES = ["criu"] as const;

export type ExtraSuite = (typeof EXTRA_SUITES)[number];

/** Reads one name; what was given before stays. */
export function readExtras(
	text: string,
	before: ExtraSuite[] = [],
): ExtraSuite[] {
	const found = EXTRA_SUITES.find((name) => name === text);
	if (found === undefined)
		throw new InvalidArgumentError(
			`It is ${EXTRA_SUITES.join(" or ")}.${didYouMean(text, EXTRA_SUITES)}`,
		);
	return [...before, found];
}

/** A selection, and what is asked for beside it. */
export interface Asked {
	readonly selection: Selection;
	readonly extras: readonly ExtraSuite[];
}

const isExtra = ({ suite }: Selectable): boolean =>
	EXTRA_SUITES.some((name) => name === suite);

/**
 * The cases of a plan that are asked for, in its order: those selected, but of an extra suite only where a glob for suites or
 * cases has its name in it (`*` has not), or where nothing else is selected; and all of those that are asked for besides.
 */
export function asked<T extends Selectable>(
	cases: readonly T[],
	{ selection, extras }: Asked,
): T[] {
	const selected = filter(cases, selection);
	const globs = [...selection.suite, ...selection.case];
	const isNamed = ({ suite }: Selectable): boolean =>
		globs.some((glob) => glob.includes(suite));
	const usual = selected.filter((one) => !isExtra(one) || isNamed(one));
	const chosen = new Set(usual.length === 0 ? selected : usual);
	return cases.filter(
		(one) => chosen.has(one) || extras.some((name) => name === one.suite),
	);
}

/** The extra suites that are among these cases. */
export function extrasAmong(
	cases: readonly Pick<Selectable, "suite">[],
): ExtraSuite[] {
	const suites = new Set(cases.map(({ suite }) => suite));
	return EXTRA_SUITES.filter((name) => suites.has(name));
}
