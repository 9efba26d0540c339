/** The System V IPC sysctls sem_next_id, msg_next_id and shm_next_id: the id that the next object gets. */
import { has } from "../model/citations.js";
import type { Facts } from "../model/facts.js";
import {
	always,
	core,
	type Expectation,
	few,
	type Row,
	type Suite,
	sweptInitial,
} from "../model/row.js";
import { mayCheckpointRestore, type Subject } from "../model/subjects.js";
import { IPC_NEXT_ID_STATEMENTS } from "./ipcNextIdStatements.js";

const file = (kind: string): string => `/proc/sys/kernel/${kind}_next_id`;
/** Sequence 30000, index 7: an id that counting does not come to. */
const ID = 30000 * 32768 + 7;
/** The same sequence, and the last index that an id has space for. */
const LAST = 30000 * 32768 + 32767;

/**
 * Three generations of the check, the oldest first: root's by permission bits alone, mode 0644 (until 5.15); the capability
 * asked for at write(2), mode 0666 (5.16 to 5.18); the capability asked for at open(2) as well, mode 0444 (since 5.19).
 */
const GENERATIONS = ["owner", "handler", "permissions"] as const;
type Generation = (typeof GENERATIONS)[number];

const MODES = ["0644", "0666", "0444"];

/**
 * The mode may show a generation newer than the version, a backport. It is never asked whether the check is older than the
 * version has it: that is what these cases are there to find. Where the version is in doubt, the mode decides.
 */
function generation(facts: Facts): Generation {
	const byVersion = has("ipc_permissions", facts.identity.oldest)
		? 2
		: has("ipc_handler", facts.identity.oldest)
			? 1
			: 0;
	const byMode = MODES.indexOf(facts.reported.msg_next_id ?? "");
	return GENERATIONS[Math.max(byVersion, byMode)] ?? "permissions";
}

function mayWrite(s: Subject, facts: Facts): boolean {
	return generation(facts) === "owner"
		? s.kuid === 0
		: mayCheckpointRestore(s, s.ipcOwner, facts);
}

/** The same for the ipc namespace that the helper starts in. */
const mayWriteInitial = (s: Subject, facts: Facts): boolean =>
	mayWrite({ ...s, ipcOwner: 0 }, facts);

const cite = (facts: Facts) =>
	(
		({
			owner: "ipc_owner",
			handler: "ipc_handler",
			permissions: "ipc_permissions",
		}) as const
	)[generation(facts)];

function reason(s: Subject, facts: Facts): string {
	if (generation(facts) === "owner")
		return s.kuid === 0
			? "before 5.16 the files are root's to write, with or without capabilities"
			: "before 5.16 the files are root's to write, and no capability helps";
	return mayWrite(s, facts)
		? "the subject has the capability in the user namespace that owns its ipc namespace"
		: "neither CAP_CHECKPOINT_RESTORE nor CAP_SYS_ADMIN in the user namespace that owns the ipc namespace";
}

/** An outcome for those who may write; for the rest open and write answer as this kernel's generation does. */
function outcome(
	granted: readonly string[],
	refusedOpen: readonly string[],
	refusedWrite: readonly string[],
): (s: Subject, facts: Facts) => Expectation {
	return (s, facts) => ({
		results: mayWrite(s, facts)
			? granted
			: generation(facts) === "handler"
				? refusedWrite
				: refusedOpen,
		reason: reason(s, facts),
		cite: cite(facts),
	});
}

/** Is the use of a capability accounted where it opens the way? Until 5.15 none is asked for. */
const ACCOUNTED: Row = {
	name: "accounted",
	title:
		"write msg_next_id, and look whether the kernel says that a capability was used (PF_SUPERPRIV): only where it was",
	probe: "write",
	program: `child { used open=f,w,${file("msg")} write=f,${ID} used }`,
	subjects: few,
	expect: (s, facts) =>
		outcome(
			["0:no", "0", "0:9", generation(facts) === "owner" ? "0:no" : "0:yes"],
			["0:no", "EACCES", "-", "0:no"],
			["0:no", "0", "EPERM", "0:no"],
		)(s, facts),
	catches: "the capability's use is not accounted, or is where it was refused",
};

function rows(kind: "sem" | "msg" | "shm"): Row[] {
	const open = `open=f,w,${file(kind)}`;
	return [
		{
			name: `${kind}_next`,
			title: `write ${kind}_next_id and make one: it has that id`,
			probe: "write",
			program: `${open} write=f,${ID} ipc_new=${kind}`,
			subjects: sweptInitial,
			expect: outcome(
				["0", "0:9", `0:${ID}`],
				["EACCES", "-", `0:!${ID}`],
				["0", "EPERM", `0:!${ID}`],
			),
			catches: `the check is missing for ${kind}, asks for another capability or another user namespace; the id is another one`,
		},
		{
			name: `${kind}_opened_by_root`,
			title: `root opens ${kind}_next_id, the subject writes to it`,
			probe: "write",
			program: `${open} @ write=f,${ID} ipc_new=${kind}`,
			// The descriptor is of the opener's ipc namespace, which the initial user namespace owns.
			subjects: (s) =>
				few(s) || /^userns_ipcns-(all|cap_checkpoint_restore)$/.test(s.name),
			expect: (s, facts) => ({
				results: mayWriteInitial(s, facts)
					? ["0:9", `0:${ID}`]
					: ["EPERM", `0:!${ID}`],
				reason: `${mayWriteInitial(s, facts) ? "the subject may write" : "the subject may not write"} to the opener's ipc namespace; the writer counts as well as the opener`,
				cite: cite(facts),
			}),
			catches: "only the opener's credentials count",
		},
		{
			name: `${kind}_read`,
			title: `read ${kind}_next_id: anyone may`,
			probe: "cat",
			program: `cat=${file(kind)}`,
			subjects: few,
			expect: (_s, facts) =>
				always(
					["0:-1"],
					"the capability is asked for when writing only; -1 means that no id is requested",
					cite(facts),
				)(),
			catches: "reading takes the capability",
		},
		{
			name: `${kind}_negative`,
			title: `write -1 to ${kind}_next_id`,
			probe: "write",
			program: `${open} write=f,-1`,
			subjects: few,
			expect: outcome(["0", "EINVAL"], ["EACCES", "-"], ["0", "EPERM"]),
			catches: "values are checked before the capability, or not at all",
		},
		{
			name: `${kind}_dropped_after_open`,
			title: `open ${kind}_next_id, drop all capabilities, write`,
			probe: "write",
			program: `${open} caps=none write=f,${ID} ipc_new=${kind}`,
			subjects: few,
			expect: (s, facts) =>
				generation(facts) === "owner" && s.kuid === 0
					? {
							results: ["0", "0:9", `0:${ID}`],
							reason: reason(s, facts),
							cite: cite(facts),
						}
					: outcome(
							["0", "EPERM", `0:!${ID}`],
							["EACCES", "-", `0:!${ID}`],
							["0", "EPERM", `0:!${ID}`],
						)(s, facts),
			catches: "the capability is asked for when opening only",
		},
		{
			name: `${kind}_dropped_after_write`,
			title: `write ${kind}_next_id and make one, drop all capabilities, write again through the same descriptor`,
			probe: "write",
			program: `${open} write=f,${ID} ipc_new=${kind} caps=none seek=f,0 write=f,${ID} ipc_new=${kind}`,
			subjects: few,
			expect: (s, facts) => {
				const stays = generation(facts) === "owner";
				return outcome(
					stays
						? ["0", "0:9", `0:${ID}`, "0", "0:9", `0:${ID}`]
						: ["0", "0:9", `0:${ID}`, "0", "EPERM", `0:!${ID}`],
					["EACCES", "-", `0:!${ID}`, "-", "-", `0:!${ID}`],
					["0", "EPERM", `0:!${ID}`, "0", "EPERM", `0:!${ID}`],
				)(s, facts);
			},
			catches: "a write that was allowed is remembered in the open file",
		},
		{
			name: `${kind}_permitted_only`,
			title: `the capability is permitted but not effective: open ${kind}_next_id`,
			probe: "open",
			program: `eff=none ${open} write=f,${ID}`,
			subjects: few,
			expect: (s, facts) =>
				generation(facts) === "owner" && s.kuid === 0
					? {
							results: ["0", "0:9"],
							reason: reason(s, facts),
							cite: cite(facts),
						}
					: {
							results:
								generation(facts) === "handler"
									? ["0", "EPERM"]
									: ["EACCES", "-"],
							reason: "only effective capabilities count",
							cite: cite(facts),
						},
			catches: "the permitted set is looked at instead of the effective one",
		},
	];
}

/** In an ipc namespace of the case's own, where nothing else has an id. */
function fresh(
	name: string,
	title: string,
	steps: string,
	granted: readonly string[],
	refused: readonly string[],
	catches: string,
): Row[] {
	return [
		{
			name,
			title: `in an ipc namespace without any object, ${title}`,
			probe: "ipc_new",
			program: `unshare=ipc @ open=f,w,${file("msg")} ${steps}`,
			subjects: (s) =>
				/^uid(0-all|1000-cap_checkpoint_restore|1000-none)$/.test(s.name),
			expect: outcome(
				["0", ...granted],
				["EACCES", ...refused],
				["0", ...refused.map((result, i) => atWrite(result, granted[i]))],
			),
			catches,
		},
	];
}

/** Where anyone may open the file, the cases behind the open can be tried: a write is refused, a seek is not. */
function atWrite(refused: string, granted = ""): string {
	if (refused !== "-") return refused;
	return granted === "0" ? "0" : "EPERM";
}

/** Until the fix of CVE-2026-52923 the search went on into the bits of the sequence. */
function lastIndexTaken(): Row {
	const asked = (beyond: string): Row[] =>
		fresh(
			"last_index_taken",
			"ask for the last index there is, which is in use: refused, since there is none behind it",
			`write=f,${LAST} ipc_new=msg,1,keep seek=f,0 write=f,${LAST} ipc_new=msg ipc_new=msg`,
			["0:9", `0:${LAST}`, "0", "0:9", beyond, "0:0"],
			["-", "0:0", "-", "-", `0:!${LAST}`, `0:!${LAST}`],
			"the search for a free index runs on beyond the last one: the id names no object, or another's",
		);
	const [sound] = asked("ENOSPC");
	const [faulty] = asked(`0:${LAST + 1}`);
	if (sound === undefined || faulty === undefined)
		throw new Error("fresh() makes a row");
	return {
		...sound,
		needs: [...(sound.needs ?? []), "ipcmni"],
		expect: (s, facts) => {
			const fixed = has("ipc_index_end", facts.version);
			const expected = (fixed ? sound : faulty).expect(s, facts);
			if (!mayWrite(s, facts)) return expected;
			return fixed
				? {
						...expected,
						reason: "an index has its bounds, and none is free behind it",
						cite: "ipc_index_end",
					}
				: {
						...expected,
						reason:
							"the kernel has CVE-2026-52923: the search has no upper bound",
						cite: "ipc_index_endless",
					};
		},
	};
}

const ROWS: readonly Row[] = [
	...rows("sem"),
	...rows("msg"),
	...rows("shm"),
	ACCOUNTED,
	...["msgmni", "msgmax", "shmmax", "sem"].map(
		(name): Row => ({
			name: `other_${name}`,
			title: `open ${name}, which is root's to write`,
			probe: "open",
			program: `open=f,w,/proc/sys/kernel/${name}`,
			subjects: (s) =>
				/^(uid0|uid1000)-(none|cap_checkpoint_restore)$/.test(s.name),
			expect: (s) => ({
				results: [s.kuid === 0 ? "0" : "EACCES"],
				reason:
					"the limits have mode 0644 and are root's: no capability counts",
				cite: "ipc_limits",
			}),
			catches: "CAP_CHECKPOINT_RESTORE unlocks other System V IPC sysctls",
		}),
	),
	{
		name: "access",
		title: "access(W_OK) on msg_next_id, which asks for the real user",
		probe: "access",
		program: `access=w,${file("msg")}`,
		subjects: few,
		expect: (s, facts) => {
			const root = s.kuid === 0 && mayWrite(s, facts);
			return {
				results: [root || generation(facts) === "handler" ? "0" : "EACCES"],
				reason: root
					? reason(s, facts)
					: "access(2) leaves a real user other than root no capability",
				cite: "access_real",
			};
		},
		catches: "access(2) goes by the effective capabilities",
	},
	...fresh(
		"zero",
		"write 0: the next one has id 0",
		"write=f,0 ipc_new=msg",
		["0:1", "0:0"],
		["-", "0:0"],
		"0 is out of range",
	),
	...fresh(
		"counter_stays",
		"a requested id leaves the counter of ordinary ids alone: the one after it has id 0",
		`write=f,${ID} ipc_new=msg ipc_new=msg`,
		["0:9", `0:${ID}`, "0:0"],
		["-", "0:0", `0:!${ID}`],
		"ordinary ids continue from the one that was asked for",
	),
	...fresh(
		"keyed",
		"a requested id holds for one with a key as well",
		`write=f,${ID} ipc_new=msg,1`,
		["0:9", `0:${ID}`],
		["-", `0:!${ID}`],
		"only objects without a key get the id asked for",
	),
	...fresh(
		"found",
		"looking one up that is there does not use the requested id up",
		`ipc_new=msg,1,keep write=f,${ID} ipc_find=msg,1 ipc_new=msg`,
		["0:0", "0:9", "0:0", `0:${ID}`],
		["0:0", "-", "0:0", `0:!${ID}`],
		"a lookup uses the requested id up",
	),
	...fresh(
		"index_taken",
		"ask for an index that is in use: the next free one comes",
		`write=f,${ID} ipc_new=msg,1,keep seek=f,0 write=f,${ID} ipc_new=msg`,
		["0:9", `0:${ID}`, "0", "0:9", `0:${ID + 1}`],
		["-", "0:0", "-", "-", `0:!${ID + 1}`],
		"an index in use is refused, or taken away",
	),
	lastIndexTaken(),
	{
		name: "next_only_once",
		title:
			"the requested id holds for one object: the one after it gets an ordinary id",
		probe: "ipc_new",
		program: `open=f,w,${file("msg")} write=f,${ID} ipc_new=msg ipc_new=msg cat=${file("msg")}`,
		subjects: (s) =>
			core(s) &&
			/^(uid0-all|uid1000-cap_sys_admin|uid1000-cap_checkpoint_restore)$/.test(
				s.name,
			),
		expect: outcome(
			["0", "0:9", `0:${ID}`, `0:!${ID}`, "0:-1"],
			["EACCES", "-", `0:!${ID}`, `0:!${ID}`, "0:-1"],
			["0", "EPERM", `0:!${ID}`, `0:!${ID}`, "0:-1"],
		),
		catches: "the requested id is kept",
	},
];

export const IPC_NEXT_ID: Suite = {
	name: "ipc_next_id",
	description:
		"writing the System V IPC sysctls sem_next_id, msg_next_id and shm_next_id",
	needs: ["next_id"],
	statements: IPC_NEXT_ID_STATEMENTS,
	rows: ROWS.map((row) => ({ levels: 0, ...row })),
};
