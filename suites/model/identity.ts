/**
 * Whose kernel it is, and which mainline or stable version its sources have. A distribution's release may name a series
 * and hide the stable level (Debian's `6.1.0-30` is 6.1.124), or be that of sources which hold changes of later kernels.
 */
import { formatVersion, type KernelVersion, parseVersion } from "./version.js";

export interface KernelIdentity {
	/** The version that the sources have at least. */
	readonly oldest: KernelVersion;
	/** The version whose changes they may have at most: the same where the level is known. */
	readonly newest: KernelVersion;
	/** Who made the kernel, where that shows. */
	readonly vendor?: string;
	/** Why `oldest` and `newest` differ, where they do. */
	readonly doubt?: string;
}

/**
 * What the third number of a vendor's releases is: the stable level (`stable`), an empty 0 whose level stands elsewhere
 * or nowhere (`series`), or the base that changes of any later kernel are brought to (`base`).
 */
type Numbering = "stable" | "series" | "base";

interface Vendor {
	readonly name: string;
	readonly numbering: Numbering;
	/** What tells its kernels: by release (uname -r), build string (uname -v) or /proc/version_signature. */
	readonly release?: RegExp;
	readonly build?: RegExp;
	readonly signature?: RegExp;
}

/** The vendors by what their releases look like; the first that fits counts. */
const VENDORS: readonly Vendor[] = [
	{ name: "Oracle UEK", numbering: "base", release: /\.el\d+(?:_\d+)?uek\b/ },
	// Rocky, Alma, CentOS Stream and Oracle's own builds of it are named alike.
	{ name: "RHEL", numbering: "base", release: /\.el\d/ },
	{ name: "openEuler", numbering: "base", release: /\.oe\d/ },
	{ name: "Anolis", numbering: "base", release: /\.(?:an|al)\d/ },
	{
		name: "SUSE",
		numbering: "base",
		release: /^\d+\.\d+\.\d+-(?:lp)?\d{2,}\.\d[\d.]*-[a-z][\da-z]*$/,
	},
	{
		name: "openSUSE",
		numbering: "stable",
		release: /^\d+\.\d+\.\d+-\d(?:\.\d+|\.g[\da-f]+)?-(?:default|vanilla)$/,
	},
	{ name: "Fedora", numbering: "stable", release: /\.fc\d/ },
	{ name: "Amazon Linux", numbering: "stable", release: /\.amzn\d/ },
	{ name: "Azure Linux", numbering: "stable", release: /\.(?:azl|cm)\d/ },
	{ name: "Proxmox", numbering: "stable", release: /-pve$/ },
	{ name: "Android", numbering: "stable", release: /-android\d+-/ },
	{ name: "Microsoft", numbering: "stable", release: /-microsoft-/ },
	{
		name: "Raspberry Pi",
		numbering: "stable",
		release: /[-+]rpt|-rpi-|-v\d[a-z]*(?:_16k)?\+$/,
	},
	{ name: "Arch", numbering: "stable", release: /-arch\d/ },
	{ name: "Alpine", numbering: "stable", build: /-Alpine\b/ },
	{ name: "NixOS", numbering: "stable", build: /-NixOS\b/ },
	{ name: "System76", numbering: "stable", release: /-76\d{6}-generic$/ },
	// Ubuntu's builds of mainline: 6.8.0-060800rc1-generic.
	{
		name: "mainline by Ubuntu",
		numbering: "stable",
		release: /-\d{6}(?:rc\d+)?-generic$/,
	},
	{
		name: "Ubuntu",
		numbering: "series",
		build: /-Ubuntu\b/,
		signature: /^Ubuntu /,
	},
	{ name: "Debian", numbering: "series", build: /\bDebian\b/ },
];

/** Debian's own version stands in the build string: `#1 SMP Debian 6.1.192-1 (2026-08-01)`, with Raspberry Pi's epoch `1:`. */
const IN_BUILD = /\bDebian (?:\d+:)?(\d+\.\d+(?:\.\d+)?(?:[~-]rc\d+)?)/;
/** Ubuntu 5.15.0-130.140-generic 5.15.173 */
const IN_SIGNATURE = /^Ubuntu \S+ (\d+\.\d+(?:\.\d+)?(?:-rc\d+)?)/;
/** A distribution's number behind an empty level: 6.1.0-30-amd64, 6.1.0-0.deb11.21-amd64, 5.15.0-1075-azure. */
const NUMBERED_BUILD = /^\d+\.\d+\.0-(?:0\.deb\d+\.)?\d+(?:[.-]|$)/;
/** A commit behind a tag, as `git describe` names it: 6.9.0-12345-g0123abc. */
const COMMIT = /^\d+\.\d+(?:\.\d+)?(?:-rc\d+)?-\d+-g[\da-f]{7,}/;
const NEXT = /-next-\d{8}/;
const UBUNTU_CANDIDATE = /-\d{6}rc(\d+)-generic$/;

/** No kernel reaches it: for what may have a change of any version. */
const ENDLESS = 99_999;

/**
 * Reads what a kernel says of itself: the release and the build string as uname tells them, and Ubuntu's
 * /proc/version_signature.
 * @param stable - the stable release that the changelog of its package names: where the kernel itself says nothing, and only
 * for its own series
 * @returns null where no version can be found.
 */
export function identify(
	release: string,
	build = "",
	signature = "",
	stable?: string,
): KernelIdentity | null {
	const vendor = VENDORS.find(
		(one) =>
			one.release?.test(release) ||
			one.build?.test(build) ||
			one.signature?.test(signature),
	);
	const named =
		IN_SIGNATURE.exec(signature)?.[1] ??
		IN_BUILD.exec(build)?.[1]?.replace("~", "-") ??
		(stable !== undefined && isSeriesOf(release, stable) ? stable : undefined);
	const candidate = UBUNTU_CANDIDATE.exec(release)?.[1];
	const text = candidate ? release.replace("-", `-rc${candidate}-`) : release;
	const oldest = parseVersion(named ?? text);
	if (oldest === null) return null;
	return {
		oldest,
		newest: oldest,
		...(vendor === undefined ? {} : { vendor: vendor.name }),
		...doubtOf(oldest, release, named !== undefined, vendor),
	};
}

/** Does the release say no more than the series (5.15.0-130-generic) of this stable release? */
function isSeriesOf(release: string, stable: string): boolean {
	return (
		NUMBERED_BUILD.test(release) &&
		release.startsWith(`${stable.slice(0, stable.lastIndexOf("."))}.0-`)
	);
}

/** What may be newer than the version that was found, and why. */
function doubtOf(
	oldest: KernelVersion,
	release: string,
	isNamed: boolean,
	vendor: Vendor | undefined,
): Pick<KernelIdentity, "newest" | "doubt"> | undefined {
	const { major, minor, patch, prerelease } = oldest;
	if (vendor?.numbering === "base")
		return {
			newest: upTo(ENDLESS, 0, 0),
			doubt: `vendor kernel: ${vendor.name} brings changes of later kernels to ${formatVersion(oldest)}`,
		};
	if (isNamed) return undefined;
	const betweenReleases =
		NEXT.test(release) ||
		prerelease[1] === 0 ||
		(patch === 0 && prerelease.length === 0 && COMMIT.test(release));
	if (betweenReleases)
		return {
			newest: prerelease[1] === 0 ? upTo(major, minor, 0) : following(oldest),
			doubt: `${release} was built between two releases`,
		};
	if (vendor?.numbering !== "stable" && NUMBERED_BUILD.test(release))
		return {
			newest: upTo(major, minor, ENDLESS),
			doubt: `${vendor === undefined ? "" : `vendor kernel: ${vendor.name}'s `}${release} does not say which stable release it is of`,
		};
	return undefined;
}

function upTo(major: number, minor: number, patch: number): KernelVersion {
	const version = parseVersion(`${major}.${minor}.${patch}`);
	if (version === null) throw new Error("numbers make a version");
	return version;
}

/** The release after this series: 6.0 after 5.19, 7.0 after 6.19. */
function following({ major, minor }: KernelVersion): KernelVersion {
	return major >= 5 && minor >= 19
		? upTo(major + 1, 0, 0)
		: upTo(major, minor + 1, 0);
}

/** For the report: the version that expectations go by, whose kernel it is, and whether the stable level is known. */
export function identityFacts({
	oldest,
	vendor,
	doubt,
}: KernelIdentity): Record<string, string> {
	return {
		kernel_version: formatVersion(oldest),
		...(vendor === undefined ? {} : { kernel_vendor: vendor }),
		stable_level: doubt === undefined ? "known" : `unknown (${doubt})`,
	};
}
