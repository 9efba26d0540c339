/** The catalogue's names: `debian:SUITE[/FLAVOUR][@ARCH]`, and the packages that they mean. */
import { VmError } from "../base/errors.js";
import { ARCHES, type Arch, MACHINES, machineFor } from "../base/machines.js";

/** A name, taken apart. */
export interface KernelName {
	/** The name in full, e.g. `debian:bookworm/cloud@amd64`. */
	name: string;
	suite: string;
	flavour: string;
	arch: Arch;
}

/** The suites that `crcap kernels` lists; any other suite of the archive works by name too. */
const SUITES = [
	"bullseye",
	"bookworm",
	"trixie",
	"sid",
	"experimental",
] as const;
const SUITE_ALIASES: ReadonlyMap<string, string> = new Map([
	["unstable", "sid"],
	["rc-buggy", "experimental"],
]);

/** Debian's meta packages by architecture and flavour; the first is the default. */
const FLAVOURS: Readonly<Record<Arch, Readonly<Record<string, string>>>> = {
	x86_64: {
		cloud: "linux-image-cloud-amd64",
		generic: "linux-image-amd64",
		rt: "linux-image-rt-amd64",
	},
	aarch64: {
		cloud: "linux-image-cloud-arm64",
		generic: "linux-image-arm64",
		rt: "linux-image-rt-arm64",
	},
	i386: {
		generic: "linux-image-686-pae",
		nopae: "linux-image-686",
		rt: "linux-image-rt-686-pae",
	},
	armhf: {
		generic: "linux-image-armmp",
		lpae: "linux-image-armmp-lpae",
		rt: "linux-image-rt-armmp",
	},
	riscv64: { generic: "linux-image-riscv64" },
	s390x: { generic: "linux-image-s390x" },
	ppc64el: { generic: "linux-image-powerpc64le" },
};

/** True for a word that has the form of a catalogue name. */
export function isKernelName(text: string): boolean {
	return /^[a-z]+:/.test(text);
}

function hostArch(): Arch {
	return machineFor(process.arch)?.arch ?? "x86_64";
}

/** Takes a name apart. @throws VmError (catalogue) that says which part is unknown and what is known. */
export function parseKernelName(text: string): KernelName {
	const match = /^debian:([a-z-]+)(?:\/([a-z0-9-]+))?(?:@([a-z0-9_]+))?$/.exec(
		text,
	);
	if (!match)
		throw new VmError("catalogue", `"${text}" is not in the catalogue`, {
			hint: `names look like debian:bookworm, debian:trixie/generic, debian:sid@arm64; suites: ${SUITES.join(", ")}`,
		});
	const [, given, flavour, archName] = match;
	const suite = SUITE_ALIASES.get(given as string) ?? (given as string);
	const arch = archName === undefined ? hostArch() : machineFor(archName)?.arch;
	if (!arch)
		throw new VmError(
			"catalogue",
			`"${text}": there is no machine for ${archName}`,
			{ hint: `known: ${ARCHES.join(", ")}` },
		);
	const known = Object.keys(FLAVOURS[arch]);
	const chosen = flavour ?? (known[0] as string);
	if (!known.includes(chosen))
		throw new VmError(
			"catalogue",
			`"${text}": ${arch} has no flavour ${chosen}`,
			{ hint: `known: ${known.join(", ")}` },
		);
	return {
		name: `debian:${suite}/${chosen}@${MACHINES[arch].debianArch}`,
		suite,
		flavour: chosen,
		arch,
	};
}

/** Every name that is worth listing, for one architecture or all. */
export function catalogueNames(arch?: Arch): KernelName[] {
	const arches = arch === undefined ? ARCHES : [arch];
	return arches.flatMap((one) =>
		SUITES.flatMap((suite) =>
			Object.keys(FLAVOURS[one]).map((flavour) =>
				parseKernelName(
					`debian:${suite}/${flavour}@${MACHINES[one].debianArch}`,
				),
			),
		),
	);
}

/** The Debian package that leads to a name's newest kernel. */
export function metaPackage(name: KernelName): string {
	return FLAVOURS[name.arch][name.flavour] as string;
}
