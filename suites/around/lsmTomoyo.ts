/** Tomoyo: who may change its policy goes by /proc/self/exe, which is why changing that link was ever guarded. */
import { type ExpectedResult, named, type Row } from "../model/row.js";
import { mayCheckpointRestore, type Subject } from "../model/subjects.js";

const PROFILE = "/sys/kernel/security/tomoyo/profile";
/** The policy's one comment, by which a write shows; what was taken is given back. */
const comment = (text: string): string => `0-COMMENT=${text}%0A`;
const HEAD = "PROFILE_VERSION=20150505%0A0-COMMENT=";

/** Root opens the policy; the subject makes the program its own link names, then writes. */
const program = (path: string): string =>
	`policy=tomoyo scratch mkfile=${path},0755,0 open=w,w,${PROFILE} open=r,r,${PROFILE} @ ` +
	`exe_unmap open=x,r,${path} mm_map=exe:x exe=x write=w,${comment("taken")} read=r,40 write=w,${comment("crcap")}`;

const TAKEN: readonly ExpectedResult[] = ["0:16", `0:${HEAD}taken`, "0:16"];
const KEPT: readonly ExpectedResult[] = ["EPERM", `0:${HEAD}crcap`, "EPERM"];

function row(
	name: string,
	title: string,
	path: string,
	subjects: Row["subjects"],
	lets: (s: Subject) => boolean,
	why: (s: Subject) => string,
): Row {
	return {
		name,
		boundaries: ["exe_fd"],
		title,
		probe: "write",
		program: program(path),
		subjects,
		expect: (s, facts) => {
			const changes = mayCheckpointRestore(s, 0, facts);
			return {
				results: [
					"0",
					...(changes ? ["0", "0:yes"] : ["EPERM", "0:no"]),
					...(changes && lets(s) ? TAKEN : KEPT),
				],
				reason: changes
					? `the subject may change its link; ${why(s)}`
					: "without either capability the link stays, and Tomoyo sees the program that it is",
				cite: "tomoyo_manager",
			};
		},
		needs: ["tomoyo", "mm_map"],
		levels: 0,
		catches:
			"the link changes without the capability, so that any root process changes the policy; or Tomoyo looks at something else",
	};
}

export const TOMOYO_ROWS: readonly Row[] = [
	row(
		"tomoyo_manager",
		"change /proc/self/exe to a program that may change Tomoyo's policy, and change it",
		"/tmp/manager",
		named(
			"uid0-none",
			"uid0-cap_checkpoint_restore",
			"uid0-cap_sys_admin",
			"uid0-all_but_both",
			"uid0-all",
			"uid1000-cap_checkpoint_restore",
		),
		(s) => s.kuid === 0,
		(s) =>
			s.kuid === 0
				? "root with this link may change the policy"
				: "but only root may change the policy",
	),
	row(
		"tomoyo_other_program",
		"the same with a program that is no manager",
		"/tmp/other",
		named("uid0-cap_checkpoint_restore", "uid0-all"),
		() => false,
		() => "this program is in no list of managers",
	),
];
