/** The sweep: every capability alone. Exactly two of them may unlock a boundary, in the user namespace that counts. */
import { CAPABILITIES } from "../model/caps.js";
import { PLACEMENTS, type Subject, subjectAt } from "../model/subjects.js";

const SWEPT = ["uid1000", "userns_pidns"];

/** One subject for each capability that the kernel knows, those without a name by number. */
export function sweep(capLastCap: number): Subject[] {
	const count = Math.max(capLastCap, CAPABILITIES.length - 1) + 1;
	return PLACEMENTS.filter(({ name }) => SWEPT.includes(name)).flatMap(
		(placement) =>
			Array.from({ length: count }, (_, nr) => {
				const set = CAPABILITIES[nr] ?? String(nr);
				const subject = subjectAt(
					placement,
					{
						name: `cap_${set}`,
						set,
						words: `CAP_${set.toUpperCase()} alone`,
					},
					[],
				);
				return { ...subject, name: `sweep_${subject.name}`, groups: ["sweep"] };
			}),
	);
}
