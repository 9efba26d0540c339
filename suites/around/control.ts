/** A control: what another capability guards, and CAP_CHECKPOINT_RESTORE must not unlock. */
import type { Capability } from "../model/caps.js";
import type { CiteName } from "../model/citations.js";
import { at, both, type ExpectedResult, type Row } from "../model/row.js";
import { hasCapability, type Subject } from "../model/subjects.js";

export const CAUGHT = "CAP_CHECKPOINT_RESTORE unlocks what it should not";

const single = (s: Subject): boolean => !s.name.endsWith("cap_both");

export const takes = both(
	at("uid0", "uid1000", "userns", "userns_pidns"),
	single,
);

/** The same where a program names a process by its pid in the initial pid namespace. */
export const sharingPids = both(at("uid0", "uid1000", "userns"), single);

/** The same where user 0 is let in by its id or group, without a capability. */
export const withoutUid0 = both(at("uid1000", "userns"), single);

/* The depth of the user namespace in which the capability counts. */

export const initial = (): number => 0;
export const own = (s: Subject): number => s.userDepth;

/** Another user's process, for those who may look into any. */
export const OTHER = "spawn=t { uid=2000 caps=none dumpable=1 }";

interface Control {
	readonly name: string;
	readonly title: string;
	readonly program: string;
	/** The deciding operation, where it is not the last one. */
	readonly probe?: string;
	readonly capability: Capability;
	readonly depth?: (s: Subject) => number;
	readonly subjects?: Row["subjects"];
	readonly granted: readonly ExpectedResult[];
	readonly denied: readonly ExpectedResult[];
	readonly cite: CiteName;
	readonly needs?: Row["needs"];
}

export function control({
	name,
	title,
	program,
	probe = program.split(" ").at(-1)?.split("=")[0] ?? "",
	capability,
	depth = initial,
	subjects = takes,
	granted,
	denied,
	cite,
	needs = [],
}: Control): Row {
	const word = `CAP_${capability.toUpperCase()}`;
	return {
		name,
		title,
		probe,
		program,
		subjects,
		expect: (s) =>
			hasCapability(s, capability, depth(s))
				? { results: granted, reason: `${word} allows it`, cite }
				: { results: denied, reason: `this takes ${word}`, cite },
		needs,
		catches: CAUGHT,
	};
}
