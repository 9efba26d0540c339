/** Observations: the payloads of `obs` frames, as native/PROTOCOL.md has them. They come from a guest: nothing is taken on trust. */
import { EvidenceError } from "./errors.js";

export interface StepResult {
	readonly step: string;
	/** `0`, an errno's name, or `-`: not tried. */
	readonly result: string;
	readonly value?: string;
	/** What the value would have been, had other processes not taken the pids from there up to its own. */
	readonly instead?: string;
}

export interface Observation {
	readonly n: number;
	readonly us: number;
	/** ok, subject, setup, deadline, died, parse or signal:NUMBER. */
	readonly end: string;
	readonly at?: string;
	readonly why?: string;
	readonly who?: string;
	/** Processes that the case left behind: killed, or -1 where they would not die. */
	readonly kids: number;
	/** Pids that the case asked for and other processes had, joined by slashes. */
	readonly taken?: string;
	readonly results: readonly StepResult[];
}

const HEAD = /^obs (\d{1,9})((?: [a-z]+=[!-~]*)*)$/;
const END = /^(ok|subject|setup|deadline|died|parse|signal(:\d{1,3})?)$/;
const RESULT = /^([A-Za-z0-9_?-]+):(0|-|E[A-Z0-9-]+)(?::(.*))?$/;
const LONGEST = 8000;

/** Undoes %XX. What is no character of its own stays escaped, so that the text is printable. */
function unescapeText(text: string): string {
	return text.replace(/%([0-9A-F]{2})/g, (whole, hex: string) => {
		const code = Number.parseInt(hex, 16);
		return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : whole;
	});
}

/**
 * Reads a payload.
 * @throws Error for what is no observation, with what is wrong.
 */
export function parseObservation(payload: string): Observation {
	const refuse = (what: string): never => {
		throw new EvidenceError(
			`not an observation (${what}): ${JSON.stringify(payload.slice(0, 200))}`,
		);
	};
	if (payload.length > LONGEST) refuse("too long");
	const head = HEAD.exec(payload);
	if (!head) return refuse("its form");
	const results: StepResult[] = [];
	const keys = new Map<string, string>();
	for (const word of (head[2] ?? "").split(" ").slice(1)) {
		const cut = word.indexOf("=");
		const key = word.slice(0, cut);
		const text = word.slice(cut + 1);
		if (key === "r") {
			const match = RESULT.exec(text);
			if (!match?.[1] || !match[2]) return refuse(`result ${text}`);
			const [value, instead, ...more] =
				match[3]?.split("~").map(unescapeText) ?? [];
			if (more.length > 0) return refuse(`result ${text}`);
			results.push({
				step: match[1],
				result: match[2],
				...(value === undefined ? {} : { value }),
				...(instead === undefined ? {} : { instead }),
			});
		} else if (keys.has(key)) {
			refuse(`${key} stands twice`);
		} else {
			keys.set(key, text);
		}
	}
	const us = Number(keys.get("us") ?? "x");
	const end = keys.get("end") ?? "";
	const kids = Number(keys.get("kids") ?? 0);
	if (!Number.isSafeInteger(us) || us < 0) refuse("us");
	if (!END.test(end)) refuse("end");
	if (!Number.isSafeInteger(kids)) refuse("kids");
	const at = keys.get("at");
	const why = keys.get("why");
	const who = keys.get("who");
	const taken = keys.get("taken");
	if (taken !== undefined && !/^\d+(\/\d+)*$/.test(taken)) refuse("taken");
	return {
		n: Number(head[1]),
		us,
		end,
		kids,
		results,
		...(at === undefined ? {} : { at: unescapeText(at) }),
		...(why === undefined ? {} : { why: unescapeText(why) }),
		...(who === undefined ? {} : { who }),
		...(taken === undefined ? {} : { taken }),
	};
}

/** No guest has more processes in a row, and no machine by far. */
const MOST_TAKEN = 4096;

/** The values that the result would have had, had each of the taken pids right below its own been free: the lowest first. */
export function takenValues({ value, instead }: StepResult): string[] {
	const high = value?.split("/") ?? [];
	const low = instead?.split("/") ?? [];
	const at = high.findIndex((part, i) => part !== low[i]);
	const [from, to] = [Number(low[at]), Number(high[at])];
	const rest = (parts: readonly string[]) => parts.toSpliced(at, 1).join("/");
	if (!(from < to && to - from <= MOST_TAKEN) || rest(low) !== rest(high))
		return [];
	const sign = (n: number) => (high[at]?.startsWith("+") && n >= 0 ? "+" : "");
	return Array.from({ length: to - from }, (_, i) =>
		high.with(at, `${sign(from + i)}${from + i}`).join("/"),
	);
}

/** For people: `open ok, write EPERM, fork ok (32701)`. */
export function formatResults(results: readonly StepResult[]): string {
	return results
		.map((entry) => {
			const { step, result, value } = entry;
			if (result === "-") return `${step} not tried`;
			if (result !== "0") return `${step} ${result}`;
			if (value === undefined) return `${step} ok`;
			const taken = takenValues(entry);
			const [first, last] = [taken[0], taken.at(-1)];
			const note =
				first === undefined
					? ""
					: first === last
						? `, ${first} was taken`
						: `, ${first} to ${last} were taken`;
			return `${step} ok (${value}${note})`;
		})
		.join(", ");
}

/** What the helper leaves out of a read-back, since it is the ordinary value. */
const ORDINARY: ReadonlyArray<readonly [string, string]> = [
	["uid", "?"],
	["gid", "=uid"],
	["groups", "none"],
	["eff", "?"],
	["prm", "=eff"],
	["inh", "0"],
	["bnd", "0"],
	["amb", "0"],
	["nnp", "0"],
	["seccomp", "0"],
	["dumpable", "1"],
	["userns", "same"],
	["map", "0:0:4294967295"],
	["pidns", "same"],
	["depth", "1"],
	["ipcns", "same"],
];

/** A read-back's values by key, what was left out included. */
export function shownValues(who: string): ReadonlyMap<string, string> {
	const shown = new Map(
		who.split(",").map((item): [string, string] => {
			const cut = item.indexOf(":");
			return [item.slice(0, cut), item.slice(cut + 1)];
		}),
	);
	const label = shown.get("label");
	return new Map([
		...ORDINARY.map(([key, ordinary]): [string, string] => [
			key,
			shown.get(key) ??
				(ordinary.startsWith("=")
					? (shown.get(ordinary.slice(1)) ?? "?")
					: ordinary),
		]),
		// Read only of those who have one of their own.
		...(label === undefined ? [] : [["label", label] as const]),
	]);
}

/** The read-back subject for people, whole: `uid=1000 gid=1000 eff=10000000000 …`. */
export function formatReadback(who: string): string {
	return [...shownValues(who)]
		.map(([key, value]) => `${key}=${value}`)
		.join(" ");
}

/** Is the text this pattern, in which `*` stands for digits and the rest for itself? */
export function matchesPattern(pattern: string, text: string): boolean {
	const source = pattern
		.split("*")
		.map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
		.join("\\d+");
	return new RegExp(`^${source}$`).test(text);
}
