/** Security modules: a policy that refuses CAP_CHECKPOINT_RESTORE to those who have it, and what is recorded of that. */
import { holds } from "../model/caps.js";
import { type CiteName, has } from "../model/citations.js";
import type { Facts } from "../model/facts.js";
import {
	type Boundary,
	type ExpectedResult,
	pidsAt,
	type Row,
	type Suite,
} from "../model/row.js";
import { pidOwner, type Subject } from "../model/subjects.js";
import { MINOR_ROWS } from "./lsmMinor.js";
import { LSM_STATEMENTS } from "./lsmStatements.js";
import { type Asked, ask, labelOf, ORDER } from "./lsmSubjects.js";
import { TOMOYO_ROWS } from "./lsmTomoyo.js";

const NUMBERS = { checkpoint_restore: 40, sys_admin: 21 } as const;
/** SELinux's classes: by the capability's number, and by the user namespace that is asked about. */
const CLASSES = {
	checkpoint_restore: ["capability2", "cap2_userns"],
	sys_admin: ["capability", "cap_userns"],
} as const;

/** One refusal as the helper tells its record (native/boundaries/audit.c). */
function record(
	s: Subject,
	capability: Asked["refused"][number],
	depth: number,
	facts: Facts,
): string {
	const { module, label } = labelOf(s);
	const what = `${label}/${NUMBERS[capability]}/${capability}`;
	return module === "selinux"
		? `selinux/denied/${CLASSES[capability][depth === 0 ? 0 : 1]}/${what}`
		: `apparmor/DENIED/capable/${has("apparmor_class", facts.version) ? "cap" : "-"}/${what}`;
}

/** AppArmor may leave out the second of two refusals; the first shows what is asked for first all the same. */
const onlyFirst = (s: Subject): boolean =>
	labelOf(s).module === "apparmor" &&
	ORDER.every(
		(capability) =>
			holds(s.caps, capability) && labelOf(s).refuses.includes(capability),
	);

/** What must be recorded when the module was asked so. */
function records(
	s: Subject,
	{ refused }: Asked,
	depth: number,
	facts: Facts,
): ExpectedResult {
	const { silent } = labelOf(s);
	if (silent || refused.length === 0) return "0:none";
	const recorded = onlyFirst(s) ? refused.slice(0, 1) : refused;
	return `0:${recorded.map((capability) => record(s, capability, depth, facts)).join(";")}`;
}

const auditStep = (s: Subject): string =>
	onlyFirst(s) ? "audit=a,first" : "audit=a";

function outcomeOf(s: Subject, { granted, refused }: Asked): string {
	const { module, words } = labelOf(s);
	const name = module === "selinux" ? "SELinux" : "AppArmor";
	if (refused.length === 0)
		return granted
			? `${words}: ${name} refuses nothing that is asked for here`
			: `the subject has none of the capabilities here: ${name} is not asked, and gives nothing`;
	const what = refused
		.map((capability) => `CAP_${capability.toUpperCase()}`)
		.join(" and ");
	return granted
		? `${name} refuses ${what}; CAP_SYS_ADMIN, which the subject has as well, is asked for next and serves`
		: `${name} refuses ${what}, which the subject has`;
}

function reason(s: Subject, asked: Asked): string {
	const outcome = outcomeOf(s, asked);
	if (asked.refused.length === 0) return outcome;
	return `${outcome}; the refusal is ${labelOf(s).silent ? "not recorded, as the policy has it" : "recorded"}`;
}

const cite = (s: Subject, { refused }: Asked): CiteName =>
	refused.length === 0
		? "lsm_order"
		: labelOf(s).module === "selinux"
			? "selinux_capability"
			: refused.length > 1
				? "apparmor_dedupe"
				: "apparmor_class";

interface Asking {
	readonly boundary: Boundary;
	readonly title: string;
	readonly probe: string;
	readonly program: string;
	/** How deep the user namespace lies in which the capability counts. */
	readonly depth: (s: Subject) => number;
	readonly granted: (s: Subject) => readonly ExpectedResult[];
	readonly denied: readonly ExpectedResult[];
	readonly needs?: Row["needs"];
	readonly levels?: number;
	readonly order?: (facts: Facts) => typeof ORDER;
}

function row(of: Asking): Row {
	return {
		name: of.boundary,
		boundaries: [of.boundary],
		title: of.title,
		probe: of.probe,
		program: (s) => `${of.program} ${auditStep(s)}`,
		subjects: (s) => s.groups.includes("lsm"),
		expect: (s, facts) => {
			const depth = of.depth(s);
			const asked = ask(s, of.order?.(facts) ?? ORDER, depth);
			return {
				results: [
					...(asked.granted ? of.granted(s) : of.denied),
					records(s, asked, depth, facts),
				],
				reason: reason(s, asked),
				cite: cite(s, asked),
			};
		},
		needs: of.needs ?? [],
		levels: of.levels ?? 0,
		catches:
			"the module is not asked, or its word does not count, or CAP_SYS_ADMIN is asked for first; a refusal is not recorded, or as another capability's, or where none was refused",
	};
}

const LAST_PID = "/proc/sys/kernel/ns_last_pid";
const NEXT_ID = "/proc/sys/kernel/msg_next_id";
/** Sequence 30000, index 9: an id that counting does not come to. */
const ID = 30000 * 32768 + 9;

/** Where the capability is asked for: when the file is opened and again when it is written to, when it is written to, or not at all. */
function askedAt(facts: Facts): "open" | "write" | "never" {
	const mode = facts.reported.msg_next_id;
	const { oldest } = facts.identity;
	if (has("ipc_permissions", oldest) || mode === "0444") return "open";
	return has("ipc_handler", oldest) || mode === "0666" ? "write" : "never";
}

/** With audit, until that was found to fill the log: AppArmor leaves out what it recorded of the process a moment ago. */
function askedTwice(s: Subject, asked: Asked, facts: Facts): ExpectedResult {
	if (has("ipc_noaudit", facts.version)) return "0:none";
	const again = asked.granted && labelOf(s).module === "selinux";
	const refused = again ? [...asked.refused, ...asked.refused] : asked.refused;
	return records(s, { ...asked, refused }, s.ipcOwner, facts);
}

const IPC: Row = {
	name: "ipc_next_id",
	boundaries: ["ipc_next_id"],
	title: "write msg_next_id and make a queue: the one check without audit",
	probe: "open",
	program: (s) =>
		`open=f,w,${NEXT_ID} write=f,${ID} ipc_new=msg ${auditStep(s)}`,
	subjects: (s) => s.groups.includes("lsm"),
	expect: (s, facts) => {
		const asked = ask(s, ORDER, s.ipcOwner);
		const made = asked.granted ? `0:${ID}` : `0:!${ID}`;
		if (askedAt(facts) === "never")
			return {
				results: ["EACCES", "-", `0:!${ID}`, "0:none"],
				reason:
					"before 5.16 the files are root's to write: no capability is asked for, and no module",
				cite: "ipc_owner",
			};
		if (askedAt(facts) === "write")
			return {
				results: [
					...["0", asked.granted ? "0:9" : "EPERM", made],
					records(s, asked, s.ipcOwner, facts),
				],
				reason: reason(s, asked),
				cite: "ipc_handler",
			};
		const recorded = askedTwice(s, asked, facts);
		const how =
			recorded === "0:none"
				? "without audit"
				: "with audit, as it was until 7.0";
		return {
			results: [
				...(asked.granted ? ["0", "0:9"] : ["EACCES", "-"]),
				made,
				recorded,
			],
			reason: `${outcomeOf(s, asked)}; it is asked for ${how}`,
			cite: "ipc_noaudit",
		};
	},
	needs: ["next_id", "sysvipc"],
	levels: 0,
	catches:
		"the module is not asked, or its word does not count; every look at the files' permissions is recorded as a refusal",
};

const ROWS: readonly Row[] = [
	row({
		boundary: "ns_last_pid",
		title: "write ns_last_pid",
		probe: "next_pid",
		program: `open=f,w,${LAST_PID} next_pid=f,9000`,
		depth: pidOwner,
		granted: () => ["0", "0:+1"],
		denied: ["0", "EPERM"],
		needs: ["ns_last_pid"],
		levels: 1,
	}),
	row({
		boundary: "set_tid",
		title: "clone3 with set_tid",
		probe: "clone3",
		program: "clone3=tid:20000",
		depth: pidOwner,
		granted: (s) => [`0:${pidsAt(s, 20000)}`],
		denied: ["EPERM"],
		needs: ["clone3"],
		levels: 1,
	}),
	row({
		boundary: "map_files",
		title: "open a memfd through its mapping",
		probe: "open",
		program:
			"map=m,memfd,0666,bytes%20of%20a%20memfd @ open=g,r,/proc/self/map_files/$m read=g,16",
		depth: () => 0,
		granted: () => ["0", "0:bytes of a memfd"],
		denied: ["EPERM", "-"],
		needs: ["map_files"],
	}),
	row({
		boundary: "exe_fd",
		title: "change /proc/self/exe to a memfd",
		probe: "mm_map",
		program: "exe_unmap memfd=x mm_map=exe:x exe=x",
		depth: (s) => s.userDepth,
		granted: () => ["0", "0:yes"],
		denied: ["EPERM", "0:no"],
		needs: ["mm_map"],
	}),
	IPC,
	row({
		boundary: "tty_lock",
		title: "lock ECHO of a terminal",
		probe: "tty_lock",
		program: "pty=y @ tty_lock=y tty_locked=y tty_echo=y",
		depth: () => 0,
		granted: () => ["0", "0:echo", "0:kept"],
		denied: ["EPERM", "0:none", "0:changed"],
		needs: ["ptmx"],
		order: (facts) =>
			has("tty_lock_cap", facts.version) ? ORDER : ["sys_admin"],
	}),
];

export const LSM: Suite = {
	name: "lsm",
	description:
		"what a security module's policy makes of the capability, and what the audit log says of it",
	needs: ["cap_checkpoint_restore"],
	statements: LSM_STATEMENTS,
	rows: [...ROWS, ...TOMOYO_ROWS, ...MINOR_ROWS],
};
