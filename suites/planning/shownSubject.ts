/** Is the subject that a reply tells of the one that was asked for? The helper looks as well; but a guest may say what it likes. */
import { CAPABILITIES, capBits } from "../model/caps.js";
import { shownValues } from "../model/observation.js";

/** The step that ends the subject, with what its read-back must show. */
const READY = /(?:^| )--=(\S+)/;
const SETS: ReadonlySet<string> = new Set(["eff", "prm", "inh", "bnd", "amb"]);
/** The numbers that a kernel's last capability may have. */
const FIRST_LAST = 31;
const LAST_LAST = 63;

const known = new Map<string, ReadonlySet<bigint>>();

/** What a set may be in bits: it hangs on how many capabilities the kernel knows. */
function bitsOf(set: string): ReadonlySet<bigint> {
	const before = known.get(set);
	if (before !== undefined) return before;
	const lasts = /all/.test(set)
		? Array.from(
				{ length: LAST_LAST - FIRST_LAST + 1 },
				(_, i) => FIRST_LAST + i,
			)
		: [CAPABILITIES.length - 1];
	const bits = new Set(lasts.map((last) => capBits(set, last)));
	known.set(set, bits);
	return bits;
}

function fits(key: string, wanted: string, shown: string): boolean {
	if (SETS.has(key))
		return /^[0-9a-f]{1,16}$/.test(shown)
			? bitsOf(wanted).has(BigInt(`0x${shown}`))
			: false;
	// Where the system keeps core dumps of such programs for root, 2 stands for 0.
	if (key === "dumpable" && wanted === "0") return /^[02]$/.test(shown);
	return shown === wanted;
}

/** What is wrong with a reply's subject, in words; undefined where it is the one that the program makes. */
export function wrongSubject(
	subjectProgram: string,
	who: string | undefined,
): string | undefined {
	const ready = READY.exec(subjectProgram)?.[1];
	if (ready === undefined) return undefined;
	if (who === undefined) return "the helper did not tell who tried";
	const shown = shownValues(who);
	for (const item of ready.split(",")) {
		const cut = item.indexOf(":");
		const [key, wanted] = [item.slice(0, cut), item.slice(cut + 1)];
		const value = shown.get(key) ?? "?";
		if (!fits(key, wanted, value))
			return `the helper told of another subject than was asked for: ${key} is ${value}, not ${wanted}`;
	}
	return undefined;
}
