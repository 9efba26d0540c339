/** What the audit records of a case say: which security module refused what. */
import type { Observation } from "../model/observation.js";

const NAMES: Readonly<Record<string, string>> = {
	apparmor: "AppArmor",
	selinux: "SELinux",
};

/** `apparmor/DENIED/OPERATION/CLASS/PROFILE/NUMBER/NAME`, `selinux/denied/CLASS/CONTEXT/NUMBER/PERMISSION` (native/boundaries/audit.c). */
function refusal(record: string): string | undefined {
	const [module = "", how, ...parts] = record.split("/");
	const name = NAMES[module];
	const [label, , what] = parts.slice(-3);
	if (name === undefined || !/^denied$/i.test(how ?? "")) return undefined;
	return `${name} refused ${what === "-" ? parts[0] : what} to ${label}`;
}

/** In words; undefined where the case asked for no records, or none is of a refusal. */
export function refusedByModule({ results }: Observation): string | undefined {
	const records = results
		.filter(({ step, result }) => step === "audit" && result === "0")
		.flatMap(({ value }) => value?.split(";") ?? [])
		.map(refusal)
		.filter((text) => text !== undefined);
	return records.length === 0
		? undefined
		: `the audit records say that ${[...new Set(records)].join(" and ")}`;
}
