/** `--splats`: which complaints of a kernel's make the case fail during which they came, and which are only noted. */
import { InvalidArgumentError } from "commander";
import { didYouMean } from "../common/usage.js";

export type SplatWeight = "fail" | "note";

/**
 * Where nothing is said: memory, locks or counts misused are failures. A warning, a race or a stall may be the emulator's slowness,
 * or a kernel's that everybody boots.
 */
const DEFAULTS = {
	oops: "fail",
	bug: "fail",
	kasan: "fail",
	kmsan: "fail",
	kfence: "fail",
	lockdep: "fail",
	refcount: "fail",
	list: "fail",
	warning: "note",
	ubsan: "note",
	kcsan: "note",
	stall: "note",
	lockup: "note",
	"hung-task": "note",
	taint: "note",
} as const satisfies Record<string, SplatWeight>;

export type SplatKind = keyof typeof DEFAULTS;

/** The kinds that can be named. A panic can't: it is always a crash. */
export const SPLAT_KINDS = Object.keys(DEFAULTS) as readonly SplatKind[];

/** What each kind makes of its case. */
export type SplatPolicy = Readonly<Record<SplatKind, SplatWeight>>;

const ONE = `(${SPLAT_KINDS.join("|")})`;
/** One word of `--splats`. */
export const SPLAT_WORD = new RegExp(`^(fail|note)(=${ONE}(,${ONE})*)?$`);

const FORM =
	"It is fail or note, with kinds or for all: note, or fail=warning,stall.";

/**
 * The weights after each of these words, in order: `note` for every kind, `fail=warning,stall` for two.
 * @throws InvalidArgumentError
 */
export function splatPolicy(words: readonly string[] = []): SplatPolicy {
	const policy: Record<SplatKind, SplatWeight> = { ...DEFAULTS };
	for (const word of words) {
		const { weight, kinds } = readSplats(word);
		for (const kind of kinds) policy[kind] = weight;
	}
	return policy;
}

/**
 * Checks one word of `--splats`.
 * @throws InvalidArgumentError
 */
export function splatWord(text: string): string {
	readSplats(text);
	return text;
}

function readSplats(text: string): {
	weight: SplatWeight;
	kinds: readonly SplatKind[];
} {
	const [weight, list, ...more] = text.split("=");
	if ((weight !== "fail" && weight !== "note") || more.length > 0)
		throw new InvalidArgumentError(FORM);
	if (list === undefined) return { weight, kinds: SPLAT_KINDS };
	const kinds = list.split(",").map((name) => {
		const kind = SPLAT_KINDS.find((one) => one === name);
		if (kind === undefined)
			throw new InvalidArgumentError(
				`Kinds are ${SPLAT_KINDS.join(", ")}.${didYouMean(name, SPLAT_KINDS)}`,
			);
		return kind;
	});
	return { weight, kinds };
}
