import { closestMatch } from "leven";

/** What the user asked for cannot be done as asked: exit status 2, and the message is all that is printed. */
export class UsageError extends Error {
	override name = "UsageError";
}

/** A kernel that can't be booted at all: not there, no kernel, or for a machine that is not here. */
export class KernelError extends UsageError {
	override name = "KernelError";
}

/**
 * ` (Did you mean X?)` for the candidate nearest to `word`, or an empty string where none is near:
 * a suggestion that shares little with what was typed helps nobody.
 */
export function didYouMean(
	word: string,
	candidates: readonly string[],
): string {
	const near = nearest(word, candidates);
	return near === undefined ? "" : ` (Did you mean ${near}?)`;
}

/** The candidate nearest to `word`, if at most a third of the longer one would have to change, or two letters changed places. */
export function nearest(
	word: string,
	candidates: readonly string[],
): string | undefined {
	const exact = candidates.find(
		(candidate) => candidate.toLowerCase() === word.toLowerCase(),
	);
	if (exact !== undefined) return exact;
	const longer = candidates.find(
		(candidate) => word.length >= 3 && candidate.startsWith(word),
	);
	if (longer !== undefined) return longer;
	const swapped = candidates.find((candidate) => isSwapped(word, candidate));
	if (swapped !== undefined) return swapped;
	const best = closestMatch(word, candidates);
	if (best === undefined) return undefined;
	const limit = Math.floor(Math.max(word.length, best.length) / 3);
	return closestMatch(word, [best], { maxDistance: limit });
}

/** True for the same word but for two neighbouring letters. */
function isSwapped(a: string, b: string): boolean {
	if (a.length !== b.length) return false;
	const i = [...a].findIndex((letter, at) => letter !== b[at]);
	return (
		a.slice(i, i + 2) === [b[i + 1], b[i]].join("") &&
		a.slice(i + 2) === b.slice(i + 2)
	);
}
