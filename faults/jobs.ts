/** The boots of `npm run faults`: which kernel, with which fault, and the cases that are tried there. */
import type { ConfigName, Kernel } from "./build.js";
import type { Options } from "./options.js";
import { CASES, OTHERS, SAMPLES } from "./samples.js";
import { VERSIONS, type Version } from "./source.js";
import { EVERYWHERE, type Fault } from "./table.js";

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
	if (fault === null || fault.boundary === EVERYWHERE) return [];
	return [`${fault.boundary}.*`, ...OTHERS];
}

/** Only the oldest version is built without this and that, and for some faults only where the configuration is asked for as well. */
export const isLeftOut = (
	version: Version,
	{ only, configsChosen }: Pick<Options, "only" | "configsChosen">,
): boolean => version !== OLDEST || (only.length > 0 && !configsChosen);

export type Built = Pick<Job, "version" | "config" | "kernel">;

export function sampleJobs(
	built: Built,
	named: ReadonlyMap<string, Fault>,
): Job[] {
	const names = (SAMPLES as Readonly<Record<string, readonly string[]>>)[
		built.config
	];
	const faults = (names ?? []).flatMap((name) => named.get(name) ?? []);
	return [null, ...faults].map((fault) => ({ ...built, fault, modules: [] }));
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
