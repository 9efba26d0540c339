/** Kernel versions: real arithmetic over what kernels call themselves. */

/** A mainline or stable version; `rc` is Infinity for a release. */
export interface KernelVersion {
	readonly numbers: readonly [number, number, number];
	readonly rc: number;
}

const RELEASE = /^(\d+)\.(\d+)(?:\.(\d+))?(?:[.\d]*)(?:-rc(\d+))?/;
/** Debian's own version stands in /proc/version: `#1 SMP Debian 6.1.192-1 (2026-08-01)`. */
const DEBIAN = /\bDebian (\d+\.\d+(?:\.\d+)?(?:[~-]rc\d+)?)/;

/**
 * Reads a release such as `6.1.0-56-amd64`, `7.3-rc7`, `6.12.43+deb13-cloud-amd64`.
 * A distribution's release may be an ABI name (Debian's `6.1.0-56` is 6.1.192): its build string, where given, knows better.
 * @returns null for what is no kernel version.
 */
export function parseVersion(
	release: string,
	build = "",
): KernelVersion | null {
	const debian = DEBIAN.exec(build)?.[1]?.replace("~", "-");
	const match = RELEASE.exec(debian ?? release);
	if (!match) return null;
	return {
		numbers: [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)],
		rc: match[4] === undefined ? Number.POSITIVE_INFINITY : Number(match[4]),
	};
}

/** Negative, zero or positive as `a` is older than, the same as, or newer than `b`. */
export function compareVersions(a: KernelVersion, b: KernelVersion): number {
	for (let i = 0; i < 3; i++) {
		const difference = (a.numbers[i] ?? 0) - (b.numbers[i] ?? 0);
		if (difference !== 0) return difference;
	}
	return a.rc === b.rc ? 0 : a.rc - b.rc;
}

/**
 * Has the kernel what came with mainline `since`, or with one of the stable `backports`?
 * A backport such as `6.1.77` counts for its own series (6.1.y) only; a release candidate of `since` counts, since
 * features arrive in -rc1.
 */
export function hasChange(
	version: KernelVersion,
	since: string,
	backports: readonly string[] = [],
): boolean {
	const mainline = parseVersion(`${since}-rc1`);
	if (mainline && compareVersions(version, mainline) >= 0) return true;
	return backports.some((backport) => {
		const stable = parseVersion(backport);
		return (
			stable !== null &&
			stable.numbers[0] === version.numbers[0] &&
			stable.numbers[1] === version.numbers[1] &&
			compareVersions(version, stable) >= 0
		);
	});
}

export function formatVersion(version: KernelVersion): string {
	const [major, minor, patch] = version.numbers;
	const base = patch === 0 ? `${major}.${minor}` : `${major}.${minor}.${patch}`;
	return Number.isFinite(version.rc) ? `${base}-rc${version.rc}` : base;
}
