/** Makes targets of kernels, in guests and this machine's own. Nothing is booted here, but a kernel may have to be fetched. */
import { resolve } from "node:path";
import {
	chooseAccel,
	type InitramfsEntry,
	kernelCmdline,
	type Machine,
	VmError,
} from "../../vm/index.js";
import { readSmallFile } from "../common/source.js";
import { UsageError } from "../common/usage.js";
import type { Extra } from "../request/extras.js";
import { type LsmBoot, lsmBoots } from "../request/lsm.js";
import type { RunRequest, TargetSpec } from "../request/runRequest.js";
import { loadAddon } from "./addon.js";
import {
	agentPath,
	extraEntries,
	machineForCriu,
	policyFiles,
	requestCatalogue,
} from "./agents.js";
import { compatArch } from "./compat.js";
import { type FoundKernel, findKernels } from "./kernelTargets.js";
import { localArch, localTarget } from "./localTarget.js";
import {
	type BootableKernel,
	type BootTimes,
	qemuTarget,
} from "./qemuTarget.js";
import { OpenError, type Target } from "./target.js";

type GuestSpec = Extract<TargetSpec, { kind: "qemu" }>;
type LocalSpec = Extract<TargetSpec, { kind: "local" }>;

/** What preparing needs of the run. */
export interface PrepareContext {
	readonly signal: AbortSignal;
	readonly say: (line: string) => void;
	/** The extra suites that are in the run. */
	readonly extras?: readonly Extra[];
	/** The folder of the agents, instead of the package's own: tests have steps that no user gets. */
	readonly agents?: string;
	/** How long a boot may take, and a guest's silence: tests have no time. */
	readonly limits?: BootTimes;
}

/**
 * The targets of one kernel that was asked for, not yet opened: several where a directory or a package holds several kernels.
 * @throws UsageError when there can be none
 */
export async function prepareKernels(
	spec: GuestSpec | LocalSpec,
	request: RunRequest,
	context: PrepareContext,
): Promise<Target[]> {
	if (spec.kind === "local") return [prepareLocal(spec)];
	try {
		const found = withConfig(
			await findKernels(spec.kernel, context),
			request.configFile,
		);
		const wanted = found
			.flatMap((one) => withCompat(one, request))
			.flatMap((one) => withLsm(one, request));
		const alone = request.targets.length === 1 && wanted.length === 1;
		const targets = [];
		for (const one of wanted) {
			const carried = await withExtras(one, context);
			targets.push(prepareGuest(spec, carried, request, { ...context, alone }));
		}
		return targets;
	} catch (error) {
		if (error instanceof OpenError) return [unavailable(spec, error)];
		throw error;
	}
}

/** Longer than any .config, bytes. */
const LONGEST_CONFIG = 4_000_000;

/** Kernels that come without their configuration get the one that the user names. */
function withConfig(
	found: readonly FoundKernel[],
	file: string | undefined,
): readonly FoundKernel[] {
	if (file === undefined) return found;
	const config = readSmallFile(file, LONGEST_CONFIG);
	if (!/^CONFIG_[A-Z0-9_]+=/m.test(config))
		throw new UsageError(
			`--config-file ${file}: it is no kernel configuration: it has no line CONFIG_NAME=VALUE`,
		);
	return found.map((one) => ({ ...one, kernel: { config, ...one.kernel } }));
}

function prepareLocal(spec: LocalSpec): Target {
	try {
		loadAddon();
	} catch (error) {
		throw new UsageError(`--local: ${(error as Error).message}`);
	}
	return localTarget({
		name: spec.name,
		load: () => loadAddon(),
		crprobe: agentPath(localArch()),
		mayTouchHost: spec.host,
	});
}

/** A kernel and the helper that is to run on it. */
interface WantedGuest {
	readonly found: FoundKernel;
	/** The helper's architecture; `suffix` tells its target from the kernel's own. */
	readonly arch: string;
	readonly suffix: string;
}

/** The same, once for each security module that is asked for. */
interface WantedBoot extends WantedGuest {
	readonly lsm: LsmBoot;
}

const withLsm = (guest: WantedGuest, { lsm }: RunRequest): WantedBoot[] =>
	lsmBoots(lsm, guest.found.kernel.config).map((boot) => ({
		...guest,
		suffix: guest.suffix + boot.suffix,
		lsm: boot,
	}));

/** What is to run, with all that its guest holds. */
interface WantedCarrier extends WantedBoot {
	readonly carries: readonly InitramfsEntry[];
}

/**
 * The guest with what the extras need.
 * @throws OpenError where that can't be had
 */
async function withExtras(
	boot: WantedBoot,
	{ extras = [], signal, say }: PrepareContext,
): Promise<WantedCarrier> {
	if (extras.length === 0) return { ...boot, carries: [] };
	const { found } = boot;
	const machine = machineForCriu(found.kernel.machine);
	try {
		const carries = await extraEntries(machine, extras, { signal, say });
		const kernel = { ...found.kernel, machine };
		return { ...boot, found: { ...found, kernel }, carries };
	} catch (error) {
		if (!(error instanceof VmError) || error.kind === "aborted") throw error;
		throw new OpenError(
			`CRIU, or what it is to checkpoint, can't be had: ${error.message}`,
		);
	}
}

function withCompat(found: FoundKernel, { compat }: RunRequest): WantedGuest[] {
	const { machine, config } = found.kernel;
	const own: WantedGuest = { found, arch: machine.arch, suffix: "" };
	const other = compat ? compatArch(machine.arch, config) : undefined;
	return other === undefined
		? [own]
		: [own, { found, arch: other, suffix: `+${other}` }];
}

function prepareGuest(
	spec: GuestSpec,
	{ found, arch, suffix, lsm, carries }: WantedCarrier,
	request: RunRequest,
	context: PrepareContext & { readonly alone: boolean },
): Target {
	const { kernel } = found;
	const { machine, bootPath, info } = kernel;
	const append = [lsm.append, spec.append].filter(Boolean).join(" ");
	refuseTooLong(machine, append);
	const agent = agentPath(arch, context.agents);
	const name = `${spec.name ?? found.name}${suffix}`;
	const { keep } = request;
	context.say(`${name}: ${kernelText(kernel)}`);
	return qemuTarget({
		name,
		kernel,
		agent,
		catalogue: requestCatalogue(),
		extraFiles: [...policyFiles(), ...carries],
		append,
		freshSubjects: request.freshSubjects,
		warm: request.warm,
		...(request.splats === undefined ? {} : { splats: request.splats }),
		...(context.limits === undefined ? {} : { limits: context.limits }),
		shownAccel: request.accel === "kvm" ? "kvm" : "tcg",
		chooseAccel: (signal) =>
			chooseAccel(
				request.accel,
				{ kernel: bootPath, machine, agent, append, signal },
				info.sha256,
			),
		...(keep === undefined
			? {}
			: { keepDir: context.alone ? resolve(keep) : resolve(keep, slug(name)) }),
		say: (line) => context.say(`${name}: ${line}`),
	});
}

/** A kernel cuts off what is too long, or never starts; either way boot after boot would only run into its time limit. */
export function refuseTooLong(machine: Machine, append: string): void {
	const length = Buffer.byteLength(kernelCmdline(machine, append));
	const most = machine.commandLineSize - 1;
	if (length <= most) return;
	throw new UsageError(
		`--append: the kernel's command line would be ${length} bytes long, and ${machine.arch} takes ${most}`,
	);
}

/** What was found, in a line. */
function kernelText({ info, machine, config, format }: BootableKernel): string {
	const from = info.source === undefined ? "" : `, from ${info.source}`;
	const known = config === undefined ? "no configuration" : "its configuration";
	return `Linux ${info.release} for ${machine.arch} (${format}${from}; ${known} found)`;
}

/** A kernel that could not be fetched costs only itself. */
function unavailable(spec: GuestSpec, error: OpenError): Target {
	return {
		name: spec.name ?? spec.kernel ?? "default",
		kind: "qemu",
		kernel: { release: "unknown", arch: "unknown", path: "", sha256: "" },
		mayTouchHost: true,
		open: () => Promise.reject(error),
	};
}

/** A name as the name of a folder. */
function slug(name: string): string {
	return name.replace(/[^A-Za-z0-9._@-]+/g, "_").replace(/^[._]+/, "") || "_";
}
