/** Fragments of a kernel configuration: pieced together, and held against the .config that came of them. */

const SET = /^(CONFIG_\w+)=(.+)$/;
const UNSET = /^# (CONFIG_\w+) is not set$/;

/** An option's name and the value asked for; undefined asks for it to be off. */
type Options = Map<string, string | undefined>;

function parseOptions(text: string): Options {
	const options: Options = new Map();
	for (const line of text.split("\n")) {
		const set = SET.exec(line);
		const unset = UNSET.exec(line);
		if (set?.[1]) options.set(set[1], set[2]);
		else if (unset?.[1]) options.set(unset[1], undefined);
		else if (!/^(#( |$)|$)/.test(line))
			throw new Error(`not a line of a kernel configuration: ${line}`);
	}
	return options;
}

/** One fragment of several: the later ones win. */
export function mergeFragments(...fragments: readonly string[]): string {
	const merged: Options = new Map();
	for (const fragment of fragments)
		for (const [name, value] of parseOptions(fragment)) merged.set(name, value);
	const lines = [...merged].map(([name, value]) =>
		value === undefined ? `# ${name} is not set` : `${name}=${value}`,
	);
	return `${lines.join("\n")}\n`;
}

/** What a fragment asks for and a .config does not have, as "NAME=wanted (is found)". */
export function unmetOptions(fragment: string, config: string): string[] {
	const found = parseOptions(config);
	const unmet: string[] = [];
	for (const [name, wanted] of parseOptions(fragment)) {
		const is = found.get(name);
		if (is !== wanted) unmet.push(`${name}=${wanted ?? "n"} (is ${is ?? "n"})`);
	}
	return unmet;
}
