/** What cases tell in the words of their observations: how CRIU came out, and what security modules refused. */

/**
 * @typedef {{ module: string, label: string, what: string }} Refusal A capability `what` that a module refused to a profile or a context.
 */

/** @type {Record<string, string>} */
const MODULES = { apparmor: "AppArmor", selinux: "SELinux" };

/**
 * How CRIU came out for its victim; "" where none was run.
 * @param {string} observed
 */
export function criuOutcome(observed) {
	return /(?:^|, )criu ok \(([^()]*)\)/.exec(observed)?.[1] ?? "";
}

/**
 * The refusals among the audit records of an observation. A record is `MODULE/denied/…/LABEL/NUMBER/CAPABILITY`.
 * @param {string} observed
 * @returns {Refusal[]}
 */
export function refusals(observed) {
	return [...observed.matchAll(/(?:^|, )audit ok \(([^)]*)\)/g)]
		.flatMap(([, records = ""]) => records.split(";"))
		.flatMap((record) => {
			const [name = "", how = "", ...parts] = record.split("/");
			const [label = "", , what = ""] = parts.slice(-3);
			const module = Object.hasOwn(MODULES, name) ? MODULES[name] : undefined;
			if (module === undefined || how.toLowerCase() !== "denied") return [];
			return [{ module, label, what }];
		});
}

/**
 * In words: "AppArmor refused sys_admin to PROFILE"; "" where nothing was refused.
 * @param {string} observed
 */
export function refusedBy(observed) {
	const said = refusals(observed).map(
		({ module, label, what }) => `${module} refused ${what} to ${label}`,
	);
	return [...new Set(said)].join(", ");
}
