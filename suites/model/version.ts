/** Kernel versions in order: mainline and stable releases, and mainline's release candidates, as semantic versions. */
import SemVer from "semver/classes/semver.js";

/** `6.1.192`, or `7.3.0-rc.7` for a release candidate. */
export type KernelVersion = SemVer;

/** `6.12.43`, `7.3-rc7`, `6.12.0-0.rc7.…` (Fedora's); a fourth number, as WSL's kernels have, is the vendor's own. */
const VERSION =
	/^(\d{1,5})\.(\d{1,5})(?:\.(\d{1,5}))?(?!\d)(?:\.\d+)*(?:-(?:0\.)?rc(\d{1,5}))?/;

/**
 * Reads the version at the beginning of a text such as `7.3-rc7` or `6.12.43+deb13-cloud-amd64`.
 * @returns null for what begins with none.
 */
export function parseVersion(text: string): KernelVersion | null {
	const match = VERSION.exec(text);
	if (!match) return null;
	const [, major, minor, patch = "0", candidate] = match;
	const numbers = [major, minor, patch].map(Number).join(".");
	return new SemVer(
		candidate === undefined ? numbers : `${numbers}-rc.${Number(candidate)}`,
	);
}

/** Negative, zero or positive as `a` is older than, the same as, or newer than `b`. */
export function compareVersions(a: KernelVersion, b: KernelVersion): number {
	return a.compare(b);
}

const read = new Map<string, KernelVersion>();

/** A version that stands in this source: each is read once, since every case of a plan asks for some. */
function known(text: string): KernelVersion {
	const version = read.get(text) ?? parseVersion(text);
	if (version === null) throw new Error(`${text} is no kernel version`);
	read.set(text, version);
	return version;
}

/**
 * Has the kernel what came with mainline `since`, or with one of the stable `backports`?
 * A backport such as `6.1.77` counts for its own series (6.1.y) only; the first release candidate of `since` counts,
 * since features arrive with it.
 */
export function hasChange(
	version: KernelVersion,
	since: string,
	backports: readonly string[] = [],
): boolean {
	return (
		compareVersions(version, known(`${since}-rc1`)) >= 0 ||
		backports.some((backport) => {
			const stable = known(backport);
			return (
				stable.major === version.major &&
				stable.minor === version.minor &&
				compareVersions(version, stable) >= 0
			);
		})
	);
}

export function formatVersion(version: KernelVersion): string {
	const { major, minor, patch, prerelease } = version;
	const base = patch === 0 ? `${major}.${minor}` : `${major}.${minor}.${patch}`;
	return [base, ...(prerelease.length > 0 ? [prerelease.join("")] : [])].join(
		"-",
	);
}
