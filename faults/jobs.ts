/** The boots of `npm run faults`: which kernel, with which fault, and the cases that are tried there. */
import type { ConfigName, Kernel } from "./kernel/build.js";
import { VERSIONS, type Version } from "./kernel/source.js";
import type { Options } from "./options.js";
import { CASES, OTHERS, SAMPLES } from "./samples.js";
import { PLANTED_SPLATS, saysOf, splatCases } from "./splats.js";
import { EVERYWHERE, type Fault } from "./table.js";
import { UNDER_SETTINGS } from "./underSettings.js";

/** The version that is tried with every fault and in every configuration. */
export const [OLDEST] = VERSIONS;

export interface Job {
	readonly version: Version;
	readonly config: ConfigName;
	readonly kernel: Kernel;
	readonly fault: Fault | null;
	/** The security modules to boot with, one after the other; none names one: as the kernel comes up. */
	readonly modules: readonly string[];
	/** What else stands on the kernel's command line. */
	readonly setting?: string;
}

/** Under security modules the suite that is about them is asked; a kernel without a fault is asked everything else. */
export function casesFor({ config, fault, modules }: Job): readonly string[] {
	const own = CASES[config];
	if (own !== undefined) return fault === null ? own.whole : own.planted;
	if (modules.length > 0)
		return ["lsm.*", ...(fault === null ? [] : OTHERS.slice(0, 2))];
	if (fault === null || fault.part === EVERYWHERE) return [];
	if (saysOf(fault) !== undefined) return splatCases(fault);
	return [`${fault.part}.*`, ...OTHERS];
}

/** Only the oldest version is built without this and that, and for some faults only where the configuration is asked for as well. */
export const isLeftOut = (
	version: Version,
	{ only, configsChosen }: Pick<Options, "only" | "configsChosen">,
): boolean => version !== OLDEST || (only.length > 0 && !configsChosen);

type Built = Pick<Job, "version" | "config" | "kernel">;

/** A kernel, and the faults that are planted in it one after the other while it runs. */
export interface Turn extends Built {
	readonly faults: readonly Fault[];
	/** What stands on the kernel's command line. */
	readonly setting?: string;
}

/** What is booted of a version, and what is planted in guests that run. */
export interface Work {
	readonly jobs: readonly Job[];
	readonly turns: readonly Turn[];
}

/** How much is booted. */
type Ways = Pick<Options, "all" | "only">;

/** Where each fault takes a boot of its own: CRIU wears the guest out, and a splat taints the kernel. */
const BOOTED: ReadonlySet<ConfigName> = new Set(["criu", "debug"]);

/** Is it planted in a guest that runs, rather than booted with? */
const isInTurn = ({ config }: Built, { all, only }: Ways): boolean =>
	!BOOTED.has(config) && !all && only.length === 0;

/** Which of the faults the kernel is booted with, and the guest in which the others are planted, where there are any. */
function divide(
	where: Omit<Turn, "faults">,
	faults: readonly Fault[],
	ways: Ways,
): { booted: readonly Fault[]; turns: readonly Turn[] } {
	const planted = isInTurn(where, ways);
	return {
		booted: planted ? [] : faults,
		turns: planted && faults.length > 0 ? [{ ...where, faults }] : [],
	};
}

/** A configuration that is not for all faults: as it is, and with its samples. */
export function sampleWork(
	built: Built,
	named: ReadonlyMap<string, Fault>,
	ways: Ways,
): Work {
	const names = (SAMPLES as Readonly<Record<string, readonly string[]>>)[
		built.config
	];
	const faults =
		built.config === "debug"
			? PLANTED_SPLATS
			: (names ?? []).flatMap((name) => named.get(name) ?? []);
	const { booted, turns } = divide(built, faults, ways);
	return {
		jobs: [null, ...booted].map((fault) => ({ ...built, fault, modules: [] })),
		turns,
	};
}

/** A kernel that has everything that these faults are about. */
export function wholeWork(
	built: Built,
	faults: readonly Fault[],
	ways: Ways,
): Work {
	const { booted, turns } = divide(built, faults, ways);
	const modules = new Set(booted.flatMap((fault) => fault.modules ?? []));
	const settings =
		built.config === "base" ? settingWork(built, faults, ways) : [];
	return {
		jobs: [
			{ ...built, fault: null, modules: [] },
			...(modules.size > 0
				? [{ ...built, fault: null, modules: [...modules] }]
				: []),
			...booted.map((fault) => ({
				...{ ...built, fault },
				modules: fault.modules ?? [],
			})),
			...settings.flatMap(({ jobs }) => jobs),
		],
		turns: [...turns, ...settings.flatMap((work) => work.turns)],
	};
}

/** The faults that must be caught under a setting as well, for each of them. */
function settingWork(
	built: Built,
	faults: readonly Fault[],
	ways: Ways,
): Work[] {
	const named = new Map(faults.map((fault) => [fault.name, fault]));
	return Object.entries(UNDER_SETTINGS).map(([setting, names]) => {
		const here = names.flatMap((name) => named.get(name) ?? []);
		const { booted, turns } = divide({ ...built, setting }, here, ways);
		return {
			jobs: booted.map((fault) => ({ ...built, fault, modules: [], setting })),
			turns,
		};
	});
}

/** What stands above a job's row. Of each version it is one kernel, of one configuration or the other, that a fault is planted in. */
export const sectionOf = ({
	config,
	setting,
	modules,
	fault,
}: Pick<Job, "config" | "setting" | "modules" | "fault">): string =>
	[
		config === "whole" && fault !== null ? "base" : config,
		...(setting === undefined ? [] : [setting]),
		...(modules.length > 0 ? ["security modules"] : []),
	].join(", ");
