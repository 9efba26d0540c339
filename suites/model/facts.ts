/** Kernel facts: what is known of a kernel apart from any case. */
import { EvidenceError } from "./errors.js";
import { identify, type KernelIdentity } from "./identity.js";
import { hasChange, type KernelVersion, parseVersion } from "./version.js";

export interface RawFacts {
	/** As the agent reported them, name by name. */
	readonly reported: Readonly<Record<string, string>>;
	readonly arch: string;
	/** The kernel's .config, where it is known. */
	readonly config?: string;
	/** The stable release that its package's changelog names, where the kernel came in one. */
	readonly stable?: string;
	/** What was appended to the kernel's command line, where the runner booted it, and nobody but the runner. */
	readonly commandLine?: string;
	/** What the user says of it: names of EXPECTATIONS. */
	readonly expect?: readonly string[];
}

/** What a user may say of a kernel that is meant to be otherwise than its version has it. */
export const EXPECTATIONS = [
	"no-cap-checkpoint-restore",
	"changed-settings",
] as const;

export interface Facts {
	/** The version that expectations are made for: the identity's oldest, and where that is in doubt its newest in turn. */
	readonly version: KernelVersion;
	readonly identity: KernelIdentity;
	readonly release: string;
	/** 64 or 32: of the helper that runs the cases. */
	readonly wordBits: number;
	readonly capLastCap: number;
	/** Has CAP_CHECKPOINT_RESTORE, or must have it by its version, unless the user says that it is meant not to. */
	readonly checkpointRestore: boolean;
	/** As in RawFacts. */
	readonly commandLine?: string;
	/** Does the kernel come up with other settings than a mainline kernel, and is it meant to? */
	readonly changedSettings: boolean;
	/** Is the helper itself the guest's all-powerful PID 1? Its user and effective capabilities. */
	readonly uid: number;
	readonly caps: bigint;
	/** By name, as text. Absent: the kernel has no such thing. */
	readonly reported: Readonly<Record<string, string>>;
	/** `y`, `m`, a value, or undefined; undefined for all where no configuration is known. */
	readonly config: ReadonlyMap<string, string> | null;
}

/** A version beyond every change that is known. */
const CURRENT = parseVersion("99.0") as KernelVersion;

/** What a current kernel with everything built in would say: for plans that are made without a kernel. */
export const FACTS_OF_ANY: Facts = {
	version: CURRENT,
	identity: { oldest: CURRENT, newest: CURRENT },
	release: "",
	wordBits: 64,
	capLastCap: 40,
	checkpointRestore: true,
	changedSettings: false,
	uid: 0,
	caps: (1n << 41n) - 1n,
	reported: {},
	config: null,
};

export function parseConfig(text: string): Map<string, string> {
	const config = new Map<string, string>();
	for (const line of text.split("\n")) {
		const match = /^CONFIG_([A-Z0-9_]+)=(.*)$/.exec(line.trim());
		if (match?.[1] !== undefined && match[2] !== undefined)
			config.set(match[1], match[2].replace(/^"|"$/g, ""));
	}
	return config;
}

/** A whole number in what the agent reported, up to a bound that no kernel comes near: it decides how large the plan is. */
function whole(
	reported: RawFacts["reported"],
	name: string,
	otherwise: number,
	most: number,
): number {
	const text = reported[name];
	if (text === undefined) return otherwise;
	const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
	if (!(value <= most))
		throw new EvidenceError(
			`the kernel's fact ${name} is ${JSON.stringify(text.slice(0, 80))}, not a whole number up to ${most}`,
		);
	return value;
}

/**
 * Reads what the agent reported.
 * @throws Error when the release, without which nothing can be expected, is missing or no version, or a number is none.
 */
export function readFacts(raw: RawFacts): Facts {
	const { reported } = raw;
	const release = reported.release ?? "";
	const identity = identify(
		release,
		reported.version,
		reported.version_signature,
		raw.stable,
	);
	if (!identity)
		throw new EvidenceError(
			`the kernel's release ${JSON.stringify(release)} is no kernel version`,
		);
	// Struct __user_cap_data_struct holds 64 capabilities in two words of 32 bits.
	const capLastCap = whole(reported, "cap_last_cap", 40, 63);
	const meantWithout = raw.expect?.includes("no-cap-checkpoint-restore");
	return {
		version: identity.oldest,
		identity,
		release,
		wordBits: whole(reported, "word_bits", 64, 64),
		capLastCap,
		// What a broken kernel says of itself does not excuse it: a botched backport takes the capability out as a whole.
		checkpointRestore:
			capLastCap >= 40 || (hasChange(identity.oldest, "5.9") && !meantWithout),
		...(raw.commandLine === undefined ? {} : { commandLine: raw.commandLine }),
		changedSettings: raw.expect?.includes("changed-settings") === true,
		uid: whole(reported, "uid", 0, 0xffff_ffff),
		caps: BigInt(`0x${reported.caps?.match(/^[0-9a-f]+$/)?.[0] ?? "0"}`),
		reported,
		config: raw.config === undefined ? null : parseConfig(raw.config),
	};
}

/** A fact that is a number; undefined where the kernel has no such thing. */
export function number(facts: Facts, name: string): number | undefined {
	const text = facts.reported[name];
	return text === undefined || text === "" ? undefined : Number(text);
}

/** Is something that facts tell as 0 or not 0 there? Unknown facts (a plan without a kernel) say yes. */
export function present(facts: Facts, name: string): boolean {
	const text = facts.reported[name];
	if (facts === FACTS_OF_ANY) return true;
	return text !== undefined && Number.parseInt(text, 8) !== 0;
}
