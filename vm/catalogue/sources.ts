/** The machine's own package sources: where it gets Debian's archive from. Both of apt's formats are read (sources.list(5)). */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** One archive of the machine. */
export interface Source {
	uris: string[];
	suites: string[];
	components: string[];
	signedBy: string | undefined;
}

/** Parses a `.list` file; lines that are no binary archive are left out. */
export function parseList(text: string): Source[] {
	const sources: Source[] = [];
	for (const raw of text.split("\n")) {
		const line = raw.replace(/#.*/, "").trim();
		const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)(?:\s+(.*))?$/.exec(
			line,
		);
		if (!match) continue;
		const [, options = "", uri, suite, components = ""] = match;
		sources.push({
			uris: [uri as string],
			suites: [suite as string],
			components: components.split(/\s+/).filter(Boolean),
			signedBy: /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1],
		});
	}
	return sources;
}

/** Parses a deb822 `.sources` file; disabled stanzas and those of source packages are left out. */
export function parseDeb822(text: string): Source[] {
	const clean = text
		.split("\n")
		.filter((line) => !line.startsWith("#"))
		.join("\n");
	return clean
		.split(/\n[ \t]*\n/)
		.map(stanzaFields)
		.filter(
			(fields) =>
				words(fields, "types").includes("deb") &&
				fields.get("enabled")?.toLowerCase() !== "no",
		)
		.map((fields) => ({
			uris: words(fields, "uris"),
			suites: words(fields, "suites"),
			components: words(fields, "components"),
			signedBy: signedByPath(fields.get("signed-by")),
		}));
}

function stanzaFields(stanza: string): Map<string, string> {
	const fields = new Map<string, string>();
	let name: string | undefined;
	for (const line of stanza.split("\n")) {
		const start = /^([A-Za-z0-9-]+):(.*)$/.exec(line);
		if (start) {
			name = (start[1] as string).toLowerCase();
			fields.set(name, (start[2] as string).trim());
		} else if (name !== undefined && /^[ \t]/.test(line)) {
			fields.set(name, `${fields.get(name)}\n${line.trim()}`);
		}
	}
	return fields;
}

function words(fields: Map<string, string>, name: string): string[] {
	return (fields.get(name) ?? "").split(/\s+/).filter(Boolean);
}

/** A key may stand in the field itself; only a file can be named again. */
function signedByPath(value: string | undefined): string | undefined {
	return value?.startsWith("/") ? value.split(/\s/)[0] : undefined;
}

/** All sources that are configured below `root` (`/etc/apt`). Files that cannot be read are left out. */
export async function configuredSources(root = "/etc/apt"): Promise<Source[]> {
	const parts = await readdir(join(root, "sources.list.d")).catch(() => []);
	const files = [
		join(root, "sources.list"),
		...parts.sort().map((name) => join(root, "sources.list.d", name)),
	];
	const sources: Source[] = [];
	for (const file of files) {
		const text = await readFile(file, "utf8").catch(() => "");
		if (file.endsWith(".sources")) sources.push(...parseDeb822(text));
		else if (file.endsWith(".list")) sources.push(...parseList(text));
	}
	return sources;
}

/** Suites that have no updates and no security archive. */
const ROLLING = new Set(["sid", "unstable", "experimental", "rc-buggy"]);
/** How an archive's sources are told from others. */
export interface Archive {
	/** Signed with this keyring, a source is the archive's. */
	keyring: RegExp;
	/** Without a keyring, its address must say so. */
	uri: RegExp;
}

export const ARCHIVES: Readonly<Record<"debian" | "ubuntu", Archive>> = {
	// `…/debian`, `…/debian-security`, `mirror+file:/…/debian.list`
	debian: {
		keyring: /debian-archive/,
		uri: /[/.]debian(-security)?(\.list)?\/?$/,
	},
	ubuntu: {
		keyring: /ubuntu-archive/,
		uri: /[/.]ubuntu(-ports)?(\.list)?\/?$/,
	},
};
const SECURITY = /-security$|\/updates$/;

/**
 * The sources for a suite of Debian's or Ubuntu's, made from those that this machine has for its own: same mirror, same key, other suite.
 * The first is the suite itself, the others its updates and its security archive. Empty when none is the archive's.
 */
export function sourcesForSuite(
	configured: readonly Source[],
	suite: string,
	archive: Archive = ARCHIVES.debian,
): Source[] {
	const own = configured.filter(
		({ components, signedBy, uris }) =>
			components.includes("main") &&
			(signedBy === undefined
				? uris.every((uri) => archive.uri.test(uri))
				: archive.keyring.test(signedBy)),
	);
	const plain = /^[a-z]+$/;
	const found: Source[] = [];
	for (const source of own) {
		for (const name of source.suites) {
			const wanted = plain.test(name)
				? suite
				: ROLLING.has(suite)
					? undefined
					: name.endsWith("-updates")
						? `${suite}-updates`
						: SECURITY.test(name)
							? `${suite}-security`
							: undefined;
			if (wanted === undefined) continue;
			if (found.some((other) => other.suites[0] === wanted)) continue;
			found.push({ ...source, suites: [wanted], components: ["main"] });
		}
	}
	const base = found.findIndex((source) => source.suites[0] === suite);
	if (base < 0) return [];
	return [...found.splice(base, 1), ...found];
}

/** A source as apt reads it. */
export function formatSource(source: Source, debianArch: string): string {
	const lines = [
		"Types: deb",
		`URIs: ${source.uris.join(" ")}`,
		`Suites: ${source.suites.join(" ")}`,
		`Components: ${source.components.join(" ")}`,
		`Architectures: ${debianArch}`,
	];
	if (source.signedBy !== undefined)
		lines.push(`Signed-By: ${source.signedBy}`);
	return `${lines.join("\n")}\n`;
}
