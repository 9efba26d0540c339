/** Which cases a run's time goes to, and what it buys. */
import { table } from "../lib/figures.mjs";

/** @typedef {import("../../results/model/model.js").TargetResult} TargetResult */
/** @typedef {{ name: string, worth: string, takes: (subject: string) => boolean }} Kind */

/** Kinds of subjects by their names; the first that takes a subject has it. */
const KINDS = /** @type {readonly Kind[]} */ ([
	{
		name: "the sweep",
		worth:
			"each other capability alone: a neighbour, or a wrong number, that unlocks",
		takes: (subject) => subject.startsWith("sweep_"),
	},
	{
		name: "routes",
		worth:
			"a real execve for every way to the capability: a file's, an ambient, a set-user-id one that is lost or kept",
		takes: (subject) => subject.startsWith("route_"),
	},
	{
		name: "containers",
		worth: "what users meet: masked /proc, seccomp, a runtime's bounding set",
		takes: (subject) => /^container_/.test(subject),
	},
	{
		name: "the initial user namespace",
		worth:
			"grant and denial as everybody knows them: a check dropped, widened or moved",
		takes: (subject) => /^(uid0|uid1000|pidns|ipcns)-/.test(subject),
	},
	{
		name: "other user namespaces",
		worth:
			"the wrong namespace asked: the caller's for the owner's, the parent's for one's own",
		takes: () => true,
	},
]);

/**
 * @param {readonly { durationUs: number }[]} cases
 * @returns {number} seconds
 */
const seconds = (cases) =>
	cases.reduce((sum, { durationUs }) => sum + durationUs, 0) / 1e6;

/**
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T) => string} keyOf
 * @returns {Map<string, T[]>}
 */
function grouped(items, keyOf) {
	const groups = new Map();
	for (const item of items)
		groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
	return groups;
}

/**
 * @param {TargetResult} target a whole run
 * @param {ReadonlyMap<string, string>} suites what each is about
 * @returns {string} two tables: by suite, and by who tries
 */
export function costs({ cases, durationMs }, suites) {
	const ran = cases.filter(({ durationUs }) => durationUs > 0);
	/**
	 * @param {string} heading
	 * @param {(one: typeof ran[number]) => string} keyOf
	 * @param {(name: string) => string} worthOf
	 */
	const by = (heading, keyOf, worthOf) => {
		const rows = [...grouped(ran, keyOf)]
			.map(([name, group]) => ({ name, group, time: seconds(group) }))
			.sort((a, b) => b.time - a.time)
			.map(({ name, group, time }) => [
				name,
				String(group.length),
				`${time.toFixed(1)} s`,
				`${((time * 1e5) / durationMs).toFixed(0)} %`,
				`${((time * 1000) / group.length).toFixed(1)} ms`,
				worthOf(name),
			]);
		return table([
			[heading, "cases", "time", "of the run", "each", "what it buys"],
			...rows,
		]);
	};
	/** @param {string} subject */
	const kindOf = (subject) => KINDS.find(({ takes }) => takes(subject));
	return [
		by(
			"suite",
			({ suite }) => suite,
			(name) => suites.get(name) ?? "",
		),
		by(
			"who tries",
			({ subject }) => kindOf(subject)?.name ?? "",
			(name) => KINDS.find((kind) => kind.name === name)?.worth ?? "",
		),
	].join("\n\n");
}
