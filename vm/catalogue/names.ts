/** The catalogue's names: `VENDOR:RELEASE[/FLAVOUR][@ARCH]`, and the packages that they mean. */
import { VmError } from "../base/errors.js";
import { ARCHES, type Arch, MACHINES, machineFor } from "../base/machines.js";
import { isVendor, VENDORS, type VendorName } from "./vendors.js";

/** A name, taken apart. */
export interface KernelName {
	/** The name in full, e.g. `debian:bookworm/cloud@amd64`. */
	name: string;
	vendor: VendorName;
	/** The vendor's release: Debian's suite, Fedora's number. */
	suite: string;
	flavour: string;
	arch: Arch;
}

/** Debian's suites that `crcap kernels` lists; any other suite of the archive works by name too. */
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

/** True for a word that has the form of a catalogue name. */
export function isKernelName(text: string): boolean {
	return /^[a-z]+:/.test(text);
}

function hostArch(): Arch {
	return machineFor(process.arch)?.arch ?? "x86_64";
}

const NAME = /^([a-z]+):([a-z0-9.-]+)(?:\/([a-z0-9-]+))?(?:@([a-z0-9_]+))?$/;

function unknown(text: string): VmError {
	const others = Object.values(VENDORS)
		.slice(1)
		.map(({ example }) => example);
	return new VmError("catalogue", `"${text}" is not in the catalogue`, {
		hint: `names look like debian:bookworm, debian:trixie/generic, debian:sid@arm64, ${others.join(", ")}; Debian's suites: ${SUITES.join(", ")}`,
	});
}

/** Takes a name apart. @throws VmError (catalogue) that says which part is unknown and what is known. */
export function parseKernelName(text: string): KernelName {
	const match = NAME.exec(text);
	const [, vendor = "", given = "", flavour, archName] = match ?? [];
	if (!isVendor(vendor) || given.startsWith(".") || given.startsWith("-"))
		throw unknown(text);
	if (vendor === "debian" && !/^[a-z-]+$/.test(given)) throw unknown(text);
	const suite = (vendor === "debian" && SUITE_ALIASES.get(given)) || given;
	const arch = archName === undefined ? hostArch() : machineFor(archName)?.arch;
	if (!arch)
		throw new VmError(
			"catalogue",
			`"${text}": there is no machine for ${archName}`,
			{ hint: `known: ${ARCHES.join(", ")}` },
		);
	const { label, arches } = VENDORS[vendor];
	const row = arches[arch];
	if (!row)
		throw new VmError("catalogue", `"${text}": ${label} has no ${arch}`, {
			hint: `known: ${Object.keys(arches).join(", ")}`,
		});
	const known = Object.keys(row.flavours);
	const chosen = flavour ?? (known[0] as string);
	if (!known.includes(chosen))
		throw new VmError(
			"catalogue",
			`"${text}": ${arch} has no flavour ${chosen}`,
			{ hint: `known: ${known.join(", ")}` },
		);
	return {
		name: `${vendor}:${suite}/${chosen}@${MACHINES[arch].debianArch}`,
		vendor,
		suite,
		flavour: chosen,
		arch,
	};
}

/** Every name of Debian's that is worth listing, for one architecture or all. */
export function catalogueNames(arch?: Arch): KernelName[] {
	const arches = arch === undefined ? ARCHES : [arch];
	return arches.flatMap((one) =>
		SUITES.flatMap((suite) =>
			Object.keys(VENDORS.debian.arches[one]?.flavours ?? {}).map((flavour) =>
				parseKernelName(
					`debian:${suite}/${flavour}@${MACHINES[one].debianArch}`,
				),
			),
		),
	);
}

/** The package that leads to a name's newest kernel. */
export function kernelPackage({ vendor, arch, flavour }: KernelName): string {
	return VENDORS[vendor].arches[arch]?.flavours[flavour] as string;
}

/** What the vendor calls the architecture of a name. */
export function vendorArch({ vendor, arch }: KernelName): string {
	return VENDORS[vendor].arches[arch]?.name as string;
}
