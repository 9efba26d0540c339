/**
 * Cases that a helper can judge by itself, with what they must give: those whose answer is the same on every version that has
 * the capability. What a case needs of the kernel is asked of the plan: a fact is taken away, and what is skipped needs it.
 */
import type { PlannedCase, Suites } from "../common/suiteApi.js";
import { DEFAULT_DEADLINE_MS } from "../execute/caseRequest.js";

/** Facts that a kernel may lack. A case that needs any other is left out. */
const FACTS = [
	...["ns_last_pid", "mm_map_size", "map_files", "msg_next_id", "ptmx"],
	...["user_ns", "pid_ns", "ipc_ns", "uts_ns", "time_ns", "net_ns"],
	...["clone3", "openat2", "faccessat2", "pidfd_getfd", "kcmp"],
	...["process_vm_readv", "fhandle", "multiuser", "sysvipc", "seccomp"],
	...["memfd_secret", "noexec_seal", "hugetlb", "overlay", "pagemap"],
] as const;

/** Settings under which some cases can't be tried. */
const SETTINGS = [
	["yama_ptrace_scope", "3"],
	["suid_dumpable", "1"],
	["memfd_noexec", "2"],
	["sysctl_writes_strict", "0"],
	["sysctl_writes_strict", "-1"],
	["max_user_namespaces", "0"],
	["unprivileged_userns_clone", "0"],
	["apparmor_restrict_unprivileged_userns", "1"],
] as const;

type Reported = Readonly<Record<string, string>>;

const EVERYTHING: Reported = {
	...Object.fromEntries(FACTS.map((fact) => [fact, "1"])),
	cap_last_cap: "40",
	uid: "0",
	caps: "1ffffffffff",
};

/** A list and what did not go into it. */
export interface CaseList {
	/** As native/agent/ktap.c reads it. */
	readonly text: string;
	readonly count: number;
	/** Cases of the selection that hang on the version, on what a guest carries, or would touch the machine itself. */
	readonly left: number;
}

/**
 * Writes the list.
 * @param ids the cases that are wanted
 * @param releases every series with the capability, oldest first, such as `5.9`
 */
export function caseList(
	suites: Suites,
	ids: ReadonlySet<string>,
	releases: readonly string[],
): CaseList {
	const planAt = (
		release: string | undefined,
		wanted: ReadonlySet<string>,
		more: Reported = {},
	): readonly PlannedCase[] =>
		suites.plan(
			{
				reported: { ...EVERYTHING, release: `${release}.0`, ...more },
				arch: "x86_64",
				// What is not in a configuration that is known is off, and the cases that need it are skipped.
				config: "CONFIG_SECCOMP_FILTER=y",
			},
			wanted,
		).cases;
	const newest = releases.at(-1);
	let cases = planAt(newest, ids).filter(
		({ id, skip, touchesHost }) =>
			ids.has(id) && skip === undefined && !touchesHost,
	);
	for (const release of releases.slice(0, -1)) {
		const then = new Map(
			planAt(release, idsOf(cases)).map((one) => [one.id, one]),
		);
		cases = cases.filter((now) => same(now, then.get(now.id)));
	}
	const wanted = idsOf(cases);
	const needs = new Map<string, string[]>();
	const note = (need: string, more: Reported): void => {
		for (const { id, skip } of planAt(newest, wanted, more))
			if (skip !== undefined) needs.set(id, [...(needs.get(id) ?? []), need]);
	};
	for (const fact of FACTS) note(fact, { [fact]: "0" });
	for (const [fact, value] of SETTINGS)
		note(`${fact}!${value}`, { [fact]: value });
	const lines = cases.map((planned) => line(planned, needs.get(planned.id)));
	return {
		text: `crcap-ktap 1 ${cases.length}\n${lines.join("")}`,
		count: cases.length,
		left: ids.size - cases.length,
	};
}

const idsOf = (cases: readonly PlannedCase[]): Set<string> =>
	new Set(cases.map(({ id }) => id));

const same = (now: PlannedCase, then: PlannedCase | undefined): boolean =>
	then !== undefined &&
	then.skip === undefined &&
	then.program === now.program &&
	then.results.join("\n") === now.results.join("\n");

function line(planned: PlannedCase, needs: readonly string[] = []): string {
	const results = planned.operations.map((step, i) => {
		const [result = "", ...pattern] = (planned.results[i] ?? "").split(":");
		const evidence = pattern.join(":");
		return evidence === ""
			? `${step}:${result}`
			: `${step}:${result}:${escapeEvidence(evidence)}`;
	});
	return `${[
		planned.id,
		needs.join(",") || "-",
		planned.deadlineMs ?? DEFAULT_DEADLINE_MS,
		results.join(" "),
		planned.program,
	].join("\t")}\n`;
}

/** As the helper escapes the evidence that it tells (cr_put_escaped() in native/core/text.c). */
function escapeEvidence(text: string): string {
	return text.replace(
		/[^!-~]|[%{},:~]/g,
		(char) =>
			`%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
	);
}
