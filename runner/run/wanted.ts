/** Which cases of the plan a run is about: the selection, what failed last time, the share, the order. */
import type { PlannedCase, Suites } from "../common/suiteApi.js";
import { tell } from "../common/tell.js";
import type { Choice } from "../execute/sink.js";
import type { RunRequest } from "../request/runRequest.js";
import { filter, select } from "../request/select.js";
import { shardFacts, share } from "../request/shard.js";
import { type Failed, loadFailed } from "./failed.js";
import { shuffled } from "./shuffle.js";

/** Every plan has more cases than this: so many shards need no look at the suites, which takes time, before the boot. */
const FEW_SHARDS = 100;

/** What can't work is refused before a kernel is fetched or booted for it. Returns what `--failed` leaves of the plan. */
export async function findWanted(
	{ selection, shard, failed }: RunRequest,
	deps: { readonly suites: () => Promise<Suites> },
): Promise<Failed | undefined> {
	const globs = Object.values(selection).flat();
	const free = globs.length === 0 && (shard?.count ?? 1) <= FEW_SHARDS;
	if (free && failed === undefined) return undefined;
	const outline = (await deps.suites()).outline();
	const chosen = select(outline, selection);
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

/** Says where nothing is left to run. */
export function tellNothing(wanted: Failed | undefined): boolean {
	if (wanted?.nothing === undefined) return false;
	tell(wanted.nothing);
	return true;
}

/** Selection first, then the share of what was selected. A kernel that lacks a subject has the rest. */
export function chooser(
	request: RunRequest,
	wanted?: ReadonlySet<string>,
): (cases: readonly PlannedCase[]) => Choice {
	return (all) => {
		const selected = filter(all, request.selection);
		const chosen = wanted
			? selected.filter(({ id }) => wanted.has(id))
			: selected;
		const { shard, shuffle } = request;
		const cases = shuffle === undefined ? chosen : shuffled(chosen, shuffle);
		if (shard === undefined) return { cases };
		const ids = cases.map((planned) => planned.id);
		return { cases: share(cases, shard), facts: shardFacts(shard, ids) };
	};
}
