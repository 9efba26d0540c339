/** Who runs CRIU: by how the capability came to it, and what else is in the way. */
import { type CapSet, RUNTIME_SET } from "../model/caps.js";
import type { CiteName } from "../model/citations.js";
import type { NeedName } from "../model/needs.js";
import {
	type Placement,
	placement,
	type Subject,
	subjectAt,
	USER,
} from "../model/subjects.js";

type Gate = "checkpoint_restore" | "sys_admin";

/** A way to run CRIU, with one capability or another. */
interface Way {
	/** Stands in the names of its subjects. */
	readonly name: string;
	readonly where: Placement;
	readonly words: string;
	/** It is tried with each of these; with CAP_CHECKPOINT_RESTORE alone where none are named. */
	readonly gates?: readonly (Gate | null)[];
	/** Steps of root's, before there is a victim. */
	readonly prepare?: (gate: Gate) => string;
	/** What else it has that this takes; nothing where absent. */
	readonly beside?: string;
	/** The program, where it is not the guest's. */
	readonly program?: string;
	/** The subject's capabilities, ambient unless it is root; absent where the program brings them. */
	readonly caps?: (gate: Gate | null) => CapSet;
	/** The bounding set, where it is not full. */
	readonly bounding?: (gate: Gate | null) => CapSet;
	/** Steps of the subject's before it has them. */
	readonly before?: string;
	/** What the read-back must show of those. */
	readonly shows?: string;
	readonly needs?: readonly NeedName[];
	/** The boundary's citation, where the way leads over one of its own. */
	readonly cite?: CiteName;
	/** What it has without either capability, in words, and what comes of that where it is not CRIU that refuses. */
	readonly without?: {
		readonly words: string;
		readonly outcome?: Outcome;
	};
}

/** How CRIU comes out, and why. */
interface Outcome {
	readonly result: string;
	readonly reason: string;
	readonly cite: CiteName;
}

const UID1000 = placement(
	"uid1000",
	"user 1000",
	"",
	"uid:1000,userns:same,pidns:same",
	{ kuid: 1000 },
);
/** As runtimes make them, without a user namespace. */
const CONTAINER = "mntns pidns proc=/proc unshare=ipc";
const IN_CONTAINER = "userns:same,pidns:new,ipcns:new";
const COPY = "/tmp/criu";

const only = (gate: Gate | null): CapSet => gate ?? "none";
const added = (gate: Gate | null): CapSet =>
	gate === null ? RUNTIME_SET : `${RUNTIME_SET}+${gate}`;
const fileCapability = (set: CapSet): string =>
	`criu_copy=${COPY} filecap=${COPY},${set},ep`;

const WAYS: readonly Way[] = [
	{
		name: "ambient",
		where: UID1000,
		words: "ambient",
		gates: [null, "checkpoint_restore", "sys_admin"],
		caps: only,
	},
	{
		name: "file",
		where: UID1000,
		words: "as a file capability of the program (setcap +ep)",
		prepare: fileCapability,
		program: COPY,
	},
	{
		name: "yama",
		where: UID1000,
		words: "ambient with CAP_SYS_PTRACE, which yama's ptrace_scope of 1 wants",
		beside: "and CAP_SYS_PTRACE",
		prepare: () => "yama=1",
		caps: (gate) => `${gate}+sys_ptrace`,
		needs: ["yama"],
	},
	{
		name: "no_clone3",
		where: UID1000,
		words:
			"ambient, under a seccomp filter that hides clone3, as containers have it: CRIU writes ns_last_pid",
		caps: only,
		before: "seccomp=clone3-enosys",
		shows: "seccomp:2",
		needs: ["seccomp_filter", "ns_last_pid"],
		cite: "ns_last_pid_cap",
	},
	{
		name: "own_userns",
		where: placement(
			"own_userns",
			"user 1000 in a user and a pid namespace of its own",
			`${USER} userns=1000:1000:1 mntns pidns proc=/proc`,
			"uid:1000,userns:new,map:1000:1000:1,pidns:new",
		),
		words: "ambient there",
		caps: only,
	},
	{
		name: "container",
		where: placement(
			"criu_container",
			"root of a container",
			CONTAINER,
			`uid:0,${IN_CONTAINER}`,
		),
		words: "beside a runtime's default capabilities (--cap-add)",
		beside: "beside a runtime's default capabilities",
		gates: [null, "checkpoint_restore"],
		caps: added,
		bounding: added,
		without: { words: "a runtime's default capabilities" },
	},
	{
		name: "container_file",
		where: placement(
			"criu_container",
			"user 1000 of a container",
			CONTAINER,
			`uid:1000,${IN_CONTAINER}`,
			{ kuid: 1000 },
		),
		words:
			"as a file capability of the program (setcap +ep) beside CAP_SETPCAP, with which CRIU restores the bounding set; that is a runtime's with the capability added (--cap-add)",
		beside: "and CAP_SETPCAP",
		gates: [null, "checkpoint_restore"],
		prepare: (gate) => fileCapability(`${gate}+setpcap`),
		program: COPY,
		bounding: added,
		without: {
			words:
				"CAP_CHECKPOINT_RESTORE as a file capability of the program (setcap +ep), which a runtime's bounding set lacks",
			outcome: {
				result: "0:not executed: EPERM",
				reason:
					"a file capability that the bounding set lacks is not had, and a program that needs it effective is not executed",
				cite: "file_caps",
			},
		},
	},
];

/** What a row needs of a subject that runs CRIU. */
export interface Client {
	readonly way: Way;
	/** What it has; null for neither. */
	readonly gate: Gate | null;
}

const clients = new Map<Subject, Client>();

/** What CRIU is run by. @throws Error for a subject that is none */
export function clientOf(subject: Subject): Client {
	const client = clients.get(subject);
	if (client === undefined) throw new Error(`${subject.name} runs no CRIU`);
	return client;
}

/** The steps that make a subject of this way, who has the capability. */
function stepsOf(way: Way, gate: Gate | null): string {
	const { where, before = "", bounding } = way;
	const set = way.caps?.(gate) ?? "none";
	return [
		where.steps,
		before,
		bounding === undefined ? "" : `bnd=${bounding(gate)}`,
		where.userDepth === 0 && where.kuid !== 0 ? `uid=${where.kuid}` : "",
		`caps=${set}`,
		...(isAmbient(way, gate) ? [`inh=${set}`, `amb=${set}`] : []),
		"dumpable=1",
	]
		.filter((step) => step !== "")
		.join(" ");
}

/** Root has its capabilities after execve without that. */
const isAmbient = ({ where, caps }: Way, gate: Gate | null): boolean =>
	where.kuid !== 0 && (caps?.(gate) ?? "none") !== "none";

/** What the read-back must show of a subject of this way. */
function readyOf(way: Way, gate: Gate | null): string {
	const set = way.caps?.(gate) ?? "none";
	const ambient = isAmbient(way, gate) ? set : "none";
	const bounding = way.bounding?.(gate);
	return [
		way.where.ready,
		`eff:${set},prm:${set},inh:${ambient},amb:${ambient},dumpable:1`,
		...(bounding === undefined ? [] : [`bnd:${bounding}`]),
		...(way.shows === undefined ? [] : [way.shows]),
	].join();
}

const CAPABILITY: Readonly<Record<Gate, string>> = {
	checkpoint_restore: "CAP_CHECKPOINT_RESTORE",
	sys_admin: "CAP_SYS_ADMIN",
};

function subjectOf(way: Way, gate: Gate | null): Subject {
	const named = gate === null ? "none" : `cap_${gate}`;
	const has =
		gate === null
			? (way.without?.words ?? "neither capability")
			: `${CAPABILITY[gate]} ${way.words}`;
	const set = way.caps?.(gate) ?? "none";
	const plain = subjectAt(way.where, { name: named, set, words: has }, [
		"criu",
	]);
	const subject: Subject = {
		...plain,
		name: `criu_${way.name}-${named}`,
		description: `CRIU, run by ${plain.description}`,
		steps: stepsOf(way, gate),
		ready: readyOf(way, gate),
		needs: [...plain.needs, ...(way.needs ?? [])],
	};
	clients.set(subject, { way, gate });
	return subject;
}

/** Each way as it is tried. */
export const CRIU_SUBJECTS: readonly Subject[] = WAYS.flatMap((way) =>
	(way.gates ?? ["checkpoint_restore" as const]).map((gate) =>
		subjectOf(way, gate),
	),
);

/** What comes of it where a subject has neither capability. */
export const refusalOf = ({ way }: Client): Outcome =>
	way.without?.outcome ?? {
		result: "0:refused by CRIU itself",
		reason:
			"without either capability CRIU refuses to begin: the kernel is not asked",
		cite: "criu_refuses",
	};

/** The victim that every way is tried with. */
export const FIRST = "plain";
/** The same as root of a user namespace that its user made, and the first process of a pid namespace there. */
export const NESTED = "nested";

/** Root's steps before the subject is made: what the case has of its own, and the victim where the subject sees it. */
function setUp(way: Way, gate: Gate, victim: string): string {
	return [
		"scratch loopback",
		way.prepare?.(gate) ?? "",
		isApart(way) ? "" : `victim=p,${victimStep(victim)}`,
	]
		.filter((part) => part !== "")
		.join(" ");
}

/** In a pid namespace of its own, where root's victims are none. */
const isApart = ({ where }: Way): boolean => where.pidOwners.length > 1;

/** A victim of user 1000, or one in namespaces of its own below the subject's. */
const victimStep = (victim: string): string =>
	victim === NESTED ? `${FIRST},1000,${NESTED}` : `${victim},1000`;

/** The subject's own: in namespaces of its own it brings the victim along. */
const bring = (way: Way, victim: string): string =>
	isApart(way) ? `victim=p,${victim} ` : "";

const criu = ({ program }: Way, slot: string): string =>
	`criu=${slot}${program === undefined ? "" : `,${program}`}`;

/** What "criu check" says; of a victim that is not the first one, only where CRIU fails: it would say the same again. */
function checkStep({ program = "" }: Way, when: "first" | "failed"): string {
	const words = when === "first" ? program : `${program},failed`;
	return words === "" ? "criu_check" : `criu_check=${words}`;
}

/**
 * The program of a case. Where CRIU fails, the control tries the same with the other capability: a kernel on which both
 * fail lacks something that CRIU needs.
 * @param then more for the subject to try
 * @param controls the victim that the control tries
 */
export function criuProgram(
	subject: Subject,
	victim: string,
	then = "",
	controls = victim,
): string {
	const { way, gate } = clientOf(subject);
	const tried =
		victim === FIRST
			? `${checkStep(way, "first")} ${bring(way, victim)}${criu(way, "p")} criu_log`
			: `${bring(way, victim)}${criu(way, "p")} criu_log ${checkStep(way, "failed")}`;
	if (gate === null)
		return `${setUp(way, "checkpoint_restore", victim)} @ ${tried}${then}`;
	const other = gate === "sys_admin" ? "checkpoint_restore" : "sys_admin";
	const control = `${setUp(way, other, controls)} ${stepsOf(way, other)} ${bring(way, controls)}${criu(way, "p")}`;
	return `control=c { ${control} } ${setUp(way, gate, victim)} @ ${tried}${then} controlled=c`;
}

/** A second, plain victim of the same subject. */
export const thenPlain = (subject: Subject): string =>
	` victim=q,plain ${criu(clientOf(subject).way, "q")} criu_log`;
