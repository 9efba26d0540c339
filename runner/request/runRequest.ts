/** What a run shall do: the command line over the configuration over the defaults. */
import { existsSync } from "node:fs";
import { uniqueNames } from "../common/names.js";
import { UsageError } from "../common/usage.js";
import { fromConfig, type LoadedConfig } from "./configFile.js";
import type { Extra } from "./extras.js";
import { type KcidbOptions, kcidbWriter } from "./kcidbOptions.js";
import type { LsmWord } from "./lsm.js";
import {
	DEFAULT_REPORT,
	type ReportSpec,
	readReportSpec,
} from "./reportSpec.js";
import type { Selection } from "./select.js";
import type { Shard } from "./shard.js";
import { type SplatPolicy, splatPolicy } from "./splats.js";

export type Accel = "auto" | "kvm" | "tcg";

/** Options of `crcap run` as the command line gives them; seconds where there is a time. */
export interface RunOptions extends KcidbOptions {
	kernel?: string[];
	local?: boolean;
	ssh?: string[];
	host?: boolean;
	suite?: string[];
	subject?: string[];
	case?: string[];
	append?: string[];
	accel?: Accel;
	timeout?: number;
	caseTimeout?: number;
	report?: string[];
	keep?: string;
	jobs?: number;
	guests?: number;
	maxCrashes?: number;
	maxSkipped?: number;
	splats?: string[];
	expect?: string[];
	configFile?: string;
	config?: string;
	shuffle?: number;
	freshSubjects?: boolean;
	warm?: boolean;
	cold?: boolean;
	shard?: Shard;
	bisect?: boolean;
	compat?: boolean;
	lsm?: LsmWord[];
	with?: Extra[];
	failed?: string;
	maxFailures?: number;
	dryRun?: boolean;
	watch?: boolean;
	repeat?: number;
	shell?: boolean;
	gdb?: boolean;
}

/** What to run on. `name` is what reports call it, where the kernel's own name won't do. */
export type TargetSpec =
	| {
			readonly kind: "qemu";
			readonly name?: string;
			/** Path or catalogue name; absent for the default kernel. */
			readonly kernel?: string;
			readonly append: string;
	  }
	| { readonly kind: "local"; readonly name: string; readonly host: boolean }
	| {
			readonly kind: "ssh";
			readonly name: string;
			/** `[user@]host[:port]` */
			readonly destination: string;
			readonly host: boolean;
	  }
	| {
			readonly kind: "bundle";
			readonly name: string;
			/** The log of its run. */
			readonly log: string;
			/** The archive that it must be of. */
			readonly bundle?: string;
	  };

/** A failure that the user knows of. */
export interface KnownFailure {
	/** Glob on the case's id. */
	readonly case: string;
	/** Glob on the target's name or its kernel's release; every kernel where absent. */
	readonly kernel?: string | undefined;
	readonly reason: string;
	/** Last day on which it is known, YYYY-MM-DD in UTC. */
	readonly expires: string;
}

export interface RunRequest {
	readonly targets: readonly TargetSpec[];
	readonly selection: Selection;
	/** What is asked for beside the selection, and not in a run else. */
	readonly extras: readonly Extra[];
	readonly shard?: Shard;
	readonly reports: readonly ReportSpec[];
	readonly accel: Accel;
	readonly jobs?: number;
	/** Guests at a time for one kernel. */
	readonly guests?: number;
	/** The number of guests that may die before the rest of a plan is left unrun. */
	readonly maxCrashes?: number;
	/** Percent of a guest's plan that may be skipped for what the kernel lacks. */
	readonly maxSkipped?: number;
	/** What a kernel's complaints make of the case during which they came. */
	readonly splats?: SplatPolicy;
	/** What the user says of the kernels, in the suites' words. */
	readonly expect: readonly string[];
	/** The .config of kernels that come without theirs. */
	readonly configFile?: string;
	/** A stored report: only the cases that did not pass in it. */
	readonly failed?: string;
	/** The number of cases that may fail before the rest is left unrun. */
	readonly maxFailures?: number;
	/** How many times every case is tried. */
	readonly repeat?: number;
	/** Another order of the plan, by this number. */
	readonly shuffle?: number;
	/** Guests make the subject of each case anew. */
	readonly freshSubjects: boolean;
	/** Guests may go on from a state that an earlier run saved. */
	readonly warm: boolean;
	/** The limit of the whole run, seconds. */
	readonly timeout?: number;
	readonly caseTimeoutMs?: number;
	readonly keep?: string;
	readonly bisect: boolean;
	/** Also the 32-bit helper, where a 64-bit kernel takes it. */
	readonly compat: boolean;
	/** The security modules to boot each kernel with, one after the other; empty for what the kernel takes. */
	readonly lsm: readonly LsmWord[];
	readonly known: readonly KnownFailure[];
	/** What a KCIDB report says beyond the results. */
	readonly kcidb?: ReturnType<typeof kcidbWriter>;
}

/**
 * Puts them together.
 * @throws UsageError for options that contradict each other
 */
export function runRequest(
	options: RunOptions,
	loaded: LoadedConfig,
): RunRequest {
	const { config } = loaded;
	const targets = unique(targetSpecs(options, loaded));
	refuseIdle(options, targets);
	const caseTimeout = options.caseTimeout ?? config.caseTimeout;
	return {
		targets,
		selection: {
			suite: options.suite ?? config.suite ?? [],
			subject: options.subject ?? config.subject ?? [],
			case: options.case ?? config.case ?? [],
		},
		extras: options.with ?? config.with ?? [],
		reports: reportSpecs(options, loaded),
		accel: options.accel ?? config.accel ?? "auto",
		...given("shard", options.shard),
		...given("jobs", options.jobs ?? config.jobs),
		...given("guests", options.guests ?? config.guests),
		...given("maxCrashes", options.maxCrashes ?? config.maxCrashes),
		...given("maxSkipped", options.maxSkipped ?? config.maxSkipped),
		...given("splats", splatsOf(options.splats ?? config.splats)),
		expect: options.expect ?? config.expect ?? [],
		...given(
			"configFile",
			options.configFile ??
				(config.configFile === undefined
					? undefined
					: fromConfig(loaded, config.configFile)),
		),
		...given("failed", options.failed),
		...given("maxFailures", options.maxFailures ?? config.maxFailures),
		...given("repeat", options.repeat),
		...given("shuffle", options.shuffle),
		freshSubjects: options.freshSubjects ?? false,
		warm: isWarm(options),
		...given("timeout", options.timeout ?? config.timeout),
		...given(
			"caseTimeoutMs",
			caseTimeout === undefined
				? undefined
				: Math.max(1, Math.round(caseTimeout * 1000)),
		),
		...given("keep", options.keep),
		bisect: options.bisect ?? false,
		compat: options.compat ?? config.compat ?? false,
		lsm: options.lsm ?? config.lsm ?? [],
		known: config.knownFailures ?? [],
		...given("kcidb", kcidbOf(options, config)),
	};
}

/** A verdict on a commit and one of CI are a whole boot's, unless something else is asked for. */
function isWarm({ warm, cold, bisect }: RunOptions): boolean {
	if (warm && cold)
		throw new UsageError("--warm and --cold say the opposite of each other");
	return warm ?? !(cold || bisect || process.env.CI);
}

/** Undefined where nothing is said. */
function splatsOf(words: readonly string[] | undefined) {
	return words === undefined ? undefined : splatPolicy(words);
}

/** Undefined where nothing is said. */
function kcidbOf(
	options: RunOptions,
	{ kcidb = {} }: LoadedConfig["config"],
): RunRequest["kcidb"] {
	const said = kcidbWriter(options, {
		kcidbOrigin: kcidb.origin,
		kcidbGitUrl: kcidb.gitUrl,
		kcidbGitBranch: kcidb.gitBranch,
		kcidbGitCommit: kcidb.gitCommit,
	});
	return Object.keys(said).length === 0 ? undefined : said;
}

function targetSpecs(options: RunOptions, loaded: LoadedConfig): TargetSpec[] {
	const append = (options.append ?? []).join(" ");
	const local = { kind: "local", name: "local" } as const;
	const ssh = (destination: string, name = destination) =>
		({ kind: "ssh", name, destination }) as const;
	const guest = (kernel: string | undefined): TargetSpec => ({
		kind: "qemu",
		append,
		...given("kernel", kernel),
	});
	const { host = false } = options;
	const named = [
		...(options.kernel ?? []).map(guest),
		...(options.local ? [{ ...local, host }] : []),
		...(options.ssh ?? []).map((to) => ({ ...ssh(to), host })),
	];
	if (named.length > 0) return named;
	const configured = loaded.config.targets;
	if (configured === undefined) return [guest(undefined)];
	return configured.map((target) => {
		if ("local" in target) {
			return { ...local, host: options.host ?? target.host ?? false };
		}
		if ("ssh" in target) {
			return {
				...ssh(target.ssh, target.name),
				host: options.host ?? target.host ?? false,
			};
		}
		const own = [target.append ?? "", append].filter(Boolean).join(" ");
		return {
			kind: "qemu",
			name: target.name ?? target.kernel,
			append: own,
			kernel: kernelFromConfig(loaded, target.kernel),
		};
	});
}

/** A path in the configuration is relative to its file; a catalogue name stays as it is. */
function kernelFromConfig(loaded: LoadedConfig, kernel: string): string {
	const path = fromConfig(loaded, kernel);
	return existsSync(path) ? path : kernel;
}

function reportSpecs(
	options: RunOptions,
	loaded: LoadedConfig,
): readonly ReportSpec[] {
	if (options.report !== undefined)
		return options.report.map((one) => readReportSpec(one));
	const configured = loaded.config.reports?.map((text) => {
		const spec = readReportSpec(text, `${loaded.path}: reports:`);
		return spec.file === undefined
			? spec
			: { ...spec, file: fromConfig(loaded, spec.file) };
	});
	return configured ?? [DEFAULT_REPORT];
}

/** Options that would have no effect are mistakes. */
function refuseIdle(options: RunOptions, targets: readonly TargetSpec[]): void {
	const guests = targets.some((target) => target.kind === "qemu");
	if (options.host && targets.every((target) => target.kind === "qemu")) {
		throw new UsageError(
			"--host is for --local and --ssh: a guest has a pid namespace of its own",
		);
	}
	const idle = [
		["--append", options.append],
		["--accel", options.accel],
		["--keep", options.keep],
		["--compat", options.compat],
		["--lsm", options.lsm],
		["--with", options.with],
		["--guests", options.guests],
		["--max-crashes", options.maxCrashes],
		["--max-skipped", options.maxSkipped],
		["--splats", options.splats],
		["--fresh-subjects", options.freshSubjects],
		["--warm", options.warm],
		["--cold", options.cold],
	].find(([, value]) => value !== undefined && !guests);
	if (idle) {
		throw new UsageError(
			`${idle[0]} is for guests: with --local or --ssh alone there is none`,
		);
	}
}

/** The same kernel twice gets two names. */
function unique(specs: readonly TargetSpec[]): TargetSpec[] {
	const names = specs.map(
		(spec) =>
			spec.name ??
			(spec.kind === "qemu" ? spec.kernel : undefined) ??
			"default",
	);
	return uniqueNames(names).map((name, i) => {
		const spec = specs[i] as TargetSpec;
		return name === names[i] ? spec : { ...spec, name };
	});
}

function given<K extends string, V>(
	key: K,
	value: V | undefined,
): { [P in K]?: V } {
	return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}
