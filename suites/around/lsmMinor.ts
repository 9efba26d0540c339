/** Security modules that stand beside the one that confines: what they refuse to those who have the capability. */
import { type Expectation, named, type Row } from "../model/row.js";
import { hasCapability, mayCheckpointRestore } from "../model/subjects.js";

const OPEN = "open=g,r,/proc/self/map_files/$m";

const asked = named(
	"uid1000-none",
	"uid1000-cap_checkpoint_restore",
	"uid1000-cap_sys_admin",
	"uid1000-cap_both",
);

/** A mapping's link, followed in a Landlock domain that may read no file. */
function inLandlock(
	name: string,
	what: string,
	map: string,
	operations: string,
	allowed: Pick<Expectation, "results" | "reason">,
	catches: string,
): Row {
	const others = operations.split(" ").slice(1);
	return {
		name,
		boundaries: ["map_files"],
		title: `in a Landlock domain that may read no file, follow the link of ${what}`,
		probe: "open",
		program: `map=m,${map} @ landlock ${operations}`,
		subjects: asked,
		expect: (s, facts) =>
			mayCheckpointRestore(s, 0, facts)
				? { ...allowed, cite: "landlock_open" }
				: {
						results: ["EPERM", ...others.map(() => "-")],
						reason: "the capability is asked for before Landlock",
						cite: "map_files_cap",
					},
		needs: ["landlock", "map_files"],
		levels: 0,
		catches,
	};
}

export const MINOR_ROWS: readonly Row[] = [
	inLandlock(
		"landlock_file",
		"a deleted one",
		"deleted,/tmp/crcap-deleted,0644,bytes",
		OPEN,
		{
			results: ["EACCES"],
			reason:
				"the subject may follow the link; Landlock refuses the file, as it would by any path",
		},
		"a link in map_files is a way round Landlock, or Landlock is asked first",
	),
	inLandlock(
		"landlock_memfd",
		"a memfd, which has no path",
		"memfd,0666,bytes",
		`${OPEN} read=g,5`,
		{
			results: ["0", "0:bytes"],
			reason: "Landlock knows files by their paths, and a memfd has none",
		},
		"Landlock refuses what has no path, or the check is missing",
	),
	{
		name: "bpf_refuses",
		boundaries: ["set_tid"],
		title:
			"choose a pid while a program of the BPF module refuses everyone CAP_CHECKPOINT_RESTORE",
		probe: "clone3",
		program: "bpf_refuse @ clone3=tid:20601",
		subjects: asked,
		expect: (s) =>
			hasCapability(s, "sys_admin", 0)
				? {
						results: ["0:20601"],
						reason: "CAP_SYS_ADMIN, which is not refused, serves as well",
						cite: "bpf_lsm",
					}
				: {
						results: ["EPERM"],
						reason:
							"the program refuses the capability, or the subject has none",
						cite: "bpf_lsm",
					},
		needs: ["bpf_lsm"],
		levels: 0,
		catches:
			"the modules' word on this capability does not count, or CAP_SYS_ADMIN is no longer asked for after it",
	},
];
