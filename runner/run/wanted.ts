/** Which cases of the plan a run is about: the selection, what failed last time, the share, the order. */
import type { Suites } from "../common/suiteApi.js";
import { tell } from "../common/tell.js";
import type { ExecuteOptions } from "../execute/sink.js";
import { asked, type Extra, extrasAmong } from "../request/extras.js";
import type { RunRequest } from "../request/runRequest.js";
import { filter, select } from "../request/select.js";
import { shardFacts, share } from "../request/shard.js";
import { type Failed, loadFailed } from "./failed.js";
import { shuffled } from "./shuffle.js";

/** Every plan has more cases than this: so many shards need no look at the suites, which takes time, before the boot. */
const FEW_SHARDS = 100;

/** What can't work is refused before a kernel is fetched or booted for it. Returns what `--failed` leaves of the plan. */
export async function findWanted(
	{ selection, extras, shard, failed }: RunRequest,
	deps: { readonly suites: () => Promise<Suites> },
): Promise<Failed | undefined> {
	const globs = Object.values(selection).flat();
	const free = globs.length === 0 && (shard?.count ?? 1) <= FEW_SHARDS;
	if (free && failed === undefined) return undefined;
	const outline = (await deps.suites()).outline();
	const selected = select(outline, selection);
	// What failed may be of any suite.
	const chosen =
		failed === undefined ? asked(outline, { selection, extras }) : selected;
	const idsOf = (cases: readonly { id: string }[]): string[] =>
		cases.map(({ id }) => id);
	const wanted =
		failed === undefined
			? undefined
			: await loadFailed(failed, idsOf(chosen), idsOf(outline));
	if (wanted?.nothing !== undefined) return wanted;
	const left = wanted ? chosen.filter(({ id }) => wanted.ids.has(id)) : chosen;
	if (shard !== undefined) share(left, shard);
	return wanted;
}

/** The extras that are in the run: their guests are other ones. */
export async function extrasIn(
	request: RunRequest,
	deps: { readonly suites: () => Promise<Suites> },
	wanted: Failed | undefined,
): Promise<readonly Extra[]> {
	const { selection, extras } = request;
	const everything = Object.values(selection).flat().length === 0;
	if (everything && wanted === undefined) return extras;
	const outline = (await deps.suites()).outline();
	return extrasAmong(
		wanted
			? filter(outline, selection).filter(({ id }) => wanted.ids.has(id))
			: asked(outline, request),
	);
}

/** Says where nothing is left to run. */
export function tellNothing(wanted: Failed | undefined): boolean {
	if (wanted?.nothing === undefined) return false;
	tell(wanted.nothing);
	return true;
}

/** True where the run is about a part of the plan. */
export function isNarrow({ selection, shard, failed }: RunRequest): boolean {
	const globs = Object.values(selection).flat();
	return globs.length > 0 || shard !== undefined || failed !== undefined;
}

/** Selection first, then the share of what was selected. A kernel that lacks a subject has the rest. */
export function chooser(
	request: RunRequest,
	wanted?: ReadonlySet<string>,
): ExecuteOptions["choose"] {
	return (all) => {
		const chosen = wanted
			? filter(all, request.selection).filter(({ id }) => wanted.has(id))
			: asked(all, request);
		const { shard, shuffle } = request;
		const cases = shuffle === undefined ? chosen : shuffled(chosen, shuffle);
		if (shard === undefined) return { cases };
		const ids = cases.map((planned) => planned.id);
		return { cases: share(cases, shard), facts: shardFacts(shard, ids) };
	};
}
