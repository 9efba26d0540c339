/** Reports whose cases tell more than a verdict: of CRIU, and of security modules. */
import { noTotals, planGroups } from "../model/counts.js";
import type { CaseResult, Report, TargetResult } from "../model/model.js";
import { cleanReport } from "./sample.test.data.js";

/** What a case of these reports is about; the rest is the sample's. */
type CaseSketch = Pick<CaseResult, "id" | "verdict" | "observed"> &
	Partial<CaseResult>;

function withCases(
	target: TargetResult,
	sketches: readonly CaseSketch[],
): TargetResult {
	const [like] = target.cases;
	if (like === undefined) throw new Error("the sample has no case");
	const cases = sketches.map((one): CaseResult => {
		const [suite = "", , subject = ""] = one.id.split(".");
		return { ...like, suite, subject, ...one };
	});
	const totals = noTotals();
	for (const { verdict } of cases) totals[verdict] += 1;
	const groups = planGroups(cases);
	return { ...target, cases, totals, groups, planned: cases.length };
}

/** A report with a target for each list of cases. */
export function reportOfCases(
	...targets: readonly (readonly CaseSketch[])[]
): Report {
	const clean = cleanReport();
	const [target] = clean.targets;
	if (target === undefined) throw new Error("the sample has no target");
	return {
		...clean,
		plannedTargets: targets.length,
		targets: targets.map((sketches, at) => ({
			...withCases(target, sketches),
			name: `kernel ${at + 1}`,
		})),
	};
}

const ALONE = "criu_ambient-cap_checkpoint_restore";

const criu = (outcome: string, log = "", control = "not asked"): string =>
	`criu_check ok (Looks good.), criu ok (${outcome}), criu_log ok${log === "" ? "" : ` (${log})`}, controlled ok (${control})`;

/** CRIU on a kernel that has all it needs. */
export const CRIU_GOOD: readonly CaseSketch[] = [
	{
		id: "criu.plain.criu_ambient-none",
		verdict: "pass",
		observed: criu("refused by CRIU itself"),
	},
	{ id: `criu.plain.${ALONE}`, verdict: "pass", observed: criu("resumed") },
	{ id: `criu.deleted.${ALONE}`, verdict: "pass", observed: criu("resumed") },
	{
		id: "criu.plain.criu_yama-cap_checkpoint_restore",
		verdict: "skip",
		observed: "",
	},
];

/** The same where map_files refuses the capability. */
export const CRIU_BAD: readonly CaseSketch[] = CRIU_GOOD.map((sketch) =>
	sketch.id.startsWith("criu.deleted.")
		? {
				...sketch,
				verdict: "fail",
				observed: criu(
					"dump failed",
					"criu/proc_parse.c:353: Can't open mapped [/tmp/victim-p.mapped (deleted)]: No such file or directory",
					"resumed",
				),
				boundary: "map_files",
			}
		: sketch,
);

/** Security modules that refuse, as their policy has it but for one. */
export const REFUSALS: readonly CaseSketch[] = [
	{
		id: "lsm.set_tid.apparmor_omit-cap_checkpoint_restore",
		verdict: "pass",
		observed:
			"clone3 EPERM, audit ok (apparmor/DENIED/capable/cap/crcap_omit/40/checkpoint_restore)",
		boundary: "set_tid",
	},
	{
		id: "lsm.set_tid.apparmor_deny_both-cap_both",
		verdict: "pass",
		observed:
			"clone3 EPERM, audit ok (apparmor/DENIED/capable/cap/crcap_deny_both/40/checkpoint_restore;apparmor/DENIED/capable/cap/crcap_deny_both/21/sys_admin)",
		boundary: "set_tid",
	},
	{
		id: "lsm.exe_fd.selinux_omit-cap_checkpoint_restore",
		verdict: "fail",
		observed:
			"mm_map EPERM, exe ok (no), audit ok (selinux/denied/capability2/u:r:crcap_omit_t/40/checkpoint_restore)",
		boundary: "exe_fd",
	},
	{
		id: "lsm.exe_fd.selinux_allow-cap_checkpoint_restore",
		verdict: "pass",
		observed: "mm_map ok, exe ok (yes), audit ok (none)",
		boundary: "exe_fd",
	},
];
