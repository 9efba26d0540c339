/**
 * Which cases of a plan to run. Patterns are globs in which `*` stands for any text, dots included
 * (`set_tid.*` is the whole of one suite), `?` for one character, `{a,b}` for either, `[ab]` for one of a set.
 */
import picomatch from "picomatch";
import { didYouMean, UsageError } from "../common/usage.js";

/** Globs by what they are matched with; several of one kind are alternatives, the kinds must all match. */
export interface Selection {
	readonly suite: readonly string[];
	readonly subject: readonly string[];
	readonly case: readonly string[];
}

export const EVERYTHING: Selection = { suite: [], subject: [], case: [] };

/** What a selection looks at in a case. */
export interface Selectable {
	readonly id: string;
	readonly suite: string;
	readonly subject: string;
}

const ASPECTS = {
	suite: (c: Selectable) => c.suite,
	subject: (c: Selectable) => c.subject,
	case: (c: Selectable) => c.id,
} as const;

/** What stands before a glob in a message. */
type Label = (aspect: string) => string;

/**
 * The cases that match, in their order.
 * @throws UsageError where a pattern matches no case, or all of them together match none; it names the nearest.
 */
export function select<T extends Selectable>(
	cases: readonly T[],
	selection: Selection,
	label: Label = (aspect) => `--${aspect} `,
): T[] {
	for (const [aspect, of] of Object.entries(ASPECTS)) {
		const values = [...new Set(cases.map(of))];
		for (const glob of selection[aspect as keyof Selection]) {
			refuseUnmatched(label(aspect), glob, values);
		}
	}
	const chosen = filter(cases, selection);
	if (chosen.length === 0) {
		throw new UsageError(
			"no case matches all of --suite, --subject and --case together: `crcap list` shows what there is",
		);
	}
	return chosen;
}

/** The same for a plan that may lack what others have: what is not there is not missed. */
export function filter<T extends Selectable>(
	cases: readonly T[],
	selection: Selection,
): T[] {
	let chosen = [...cases];
	for (const [aspect, of] of Object.entries(ASPECTS)) {
		const globs = selection[aspect as keyof Selection];
		if (globs.length === 0) continue;
		const matches = matcher(globs);
		chosen = chosen.filter((c) => matches(of(c)));
	}
	return chosen;
}

/** A selection that another version made, without globs that match nothing here; undefined where nothing is left of it. */
export function present<T extends Selectable>(
	cases: readonly T[],
	selection: Selection,
): Selection | undefined {
	const left = (aspect: keyof Selection): readonly string[] => {
		const values = [...new Set(cases.map(ASPECTS[aspect]))];
		return selection[aspect].filter((glob) => values.some(matcher([glob])));
	};
	const found = {
		suite: left("suite"),
		subject: left("subject"),
		case: left("case"),
	};
	const gone = Object.keys(ASPECTS).some((aspect) => {
		const of = aspect as keyof Selection;
		return selection[of].length > 0 && found[of].length === 0;
	});
	return gone || filter(cases, found).length === 0 ? undefined : found;
}

/** Text without a glob's signs, as an id is: it matches itself. */
const PLAIN = /^[\w.-]+$/;

/** True for text that one of the globs matches as a whole. */
export function matcher(globs: readonly string[]): (text: string) => boolean {
	if (globs.every((glob) => PLAIN.test(glob))) {
		const names = new Set(globs);
		return (text) => names.has(text);
	}
	// Ids hold no slash, so `*` runs over dots; without `dot` a leading one would need to be spelled out.
	return picomatch([...globs], { dot: true, nonegate: true });
}

function refuseUnmatched(
	label: string,
	glob: string,
	values: readonly string[],
): void {
	if (values.some(matcher([glob]))) return;
	// An id that is not whole: a suite, or a suite and a row.
	const part = values.some((value) => value.startsWith(`${glob}.`));
	const hint = part ? ` (Did you mean ${glob}.*?)` : didYouMean(glob, values);
	throw new UsageError(
		`${label}${glob} matches nothing${hint}: \`crcap list\` shows what there is`,
	);
}
