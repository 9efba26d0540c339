/** Subjects whose real, effective and saved ids differ, and one whose do not: for checks that go by one of them. */
import type { CapSet } from "./caps.js";
import type { Subject } from "./subjects.js";

const CR = "checkpoint_restore";
const SETS: readonly CapSet[] = ["none", CR, `${CR}+dac_read_search`];
/** Real, effective, saved. */
const IDS = ["1000/1000/1000", "2000/1000/2000", "1000/2000/1000"] as const;

function looker(ids: string, set: CapSet): Subject {
	const [real, effective, saved] = ids.split("/");
	return {
		name: `ids_${ids.replaceAll("/", "_")}-${set === "none" ? "none" : `cap_${set.replace("+", "_and_")}`}`,
		description: `real user ${real}, effective user ${effective}, saved user ${saved}, with ${set === "none" ? "no capability" : set.replace("+", " and ")}`,
		groups: ["looker"],
		steps: `ids=${ids} caps=${set} dumpable=1`,
		ready: `uid:${real === effective ? real : `${ids}/${effective}`},eff:${set},prm:${set},dumpable:1`,
		needs: [
			"root",
			"multiuser",
			...(set === "none" ? [] : (["cap_checkpoint_restore"] as const)),
		],
		kuid: Number(effective),
		caps: set,
		userDepth: 0,
		pidOwners: [0],
		ipcOwner: 0,
	};
}

export const LOOKERS: readonly Subject[] = IDS.flatMap((ids) =>
	SETS.map((set) => looker(ids, set)),
);
