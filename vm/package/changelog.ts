/** What a Debian package's changelog (deb-changelog(5)) says of the stable release that its kernel is of. */
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";

/** Where a kernel's package has it. A container image's other packages have theirs, too, and those are not wanted. */
export const CHANGELOG =
	/^usr\/share\/doc\/linux-[^/]+\/changelog(?:\.Debian)?\.gz$/;

/** So much of it is read: the newest entries come first, and one of Ubuntu's takes a hundred kilobytes. */
const MOST_BYTES = 4 * 1024 ** 2;

/**
 * How the stable release is named that a kernel was brought to: "Jammy update: v5.15.173 upstream stable release" by Ubuntu,
 * ".../kernel/v6.x/ChangeLog-6.1.124" below "New upstream stable update" by Debian.
 */
const STABLE =
	/\bv(\d+\.\d+\.\d+) upstream stable release|\bChangeLog-(\d+\.\d+\.\d+)\b/g;

/** The highest stable release of a series (`5.15`) that a changelog names; undefined where it names none. */
export function stableIn(
	changelog: string,
	series: string,
): string | undefined {
	const levels = [...changelog.matchAll(STABLE)]
		.map((found) => found[1] ?? found[2] ?? "")
		.filter((version) => version.startsWith(`${series}.`))
		.map((version) => Number(version.slice(series.length + 1)));
	const highest = levels.reduce((most, one) => Math.max(most, one), 0);
	return highest > 0 ? `${series}.${highest}` : undefined;
}

/**
 * The stable release that a packed changelog names for a kernel of this release; undefined where it names none, or can't be
 * read: it may sharpen what is expected, and nothing hangs on it.
 */
export async function stableOf(
	path: string,
	release: string,
): Promise<string | undefined> {
	const series = /^\d+\.\d+/.exec(release)?.[0];
	if (series === undefined) return undefined;
	let text = "";
	await pipeline(
		createReadStream(path),
		createGunzip(),
		async (chunks: AsyncIterable<Buffer>) => {
			for await (const chunk of chunks) {
				text += chunk.toString("latin1");
				if (text.length >= MOST_BYTES) return;
			}
		},
	).catch(() => {});
	return stableIn(text, series);
}
