/** Who runs CRIU: by how the capability came to it, and what else is in the way. */
import type { CapSet } from "../model/caps.js";
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
	/** Part of subjects' names. */
	readonly name: string;
	readonly where: Placement;
	readonly words: string;
	/** Steps of root's, before there is a victim. */
	readonly prepare?: (gate: Gate) => string;
	/** The program, where it is not the guest's. */
	readonly program?: string;
	/** The subject's capabilities; absent where the program brings them. */
	readonly caps?: (gate: Gate) => CapSet;
	/** Steps of the subject's before it has them. */
	readonly before?: string;
	/** What the read-back must show of those. */
	readonly shows?: string;
	readonly needs?: readonly NeedName[];
	/** The boundary's citation, where the way leads over one of its own. */
	readonly cite?: CiteName;
}

const UID1000 = placement(
	"uid1000",
	"user 1000",
	"",
	"uid:1000,userns:same,pidns:same",
	{ kuid: 1000 },
);
const COPY = "/tmp/criu";

const WAYS: readonly Way[] = [
	{
		name: "ambient",
		where: UID1000,
		words: "ambient",
		caps: (gate) => gate,
	},
	{
		name: "file",
		where: UID1000,
		words: "as a file capability of the program (setcap +ep)",
		prepare: (gate) => `criu_copy=${COPY} filecap=${COPY},${gate},ep`,
		program: COPY,
	},
	{
		name: "yama",
		where: UID1000,
		words: "ambient with CAP_SYS_PTRACE, which yama's ptrace_scope of 1 wants",
		prepare: () => "yama=1",
		caps: (gate) => `${gate}+sys_ptrace`,
		needs: ["yama"],
	},
	{
		name: "no_clone3",
		where: UID1000,
		words:
			"ambient, under a seccomp filter that hides clone3, as containers have it: CRIU writes ns_last_pid",
		caps: (gate) => gate,
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
		caps: (gate) => gate,
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
function stepsOf({ where, caps, before }: Way, gate: Gate | null): string {
	const set = gate === null ? undefined : caps?.(gate);
	return [
		where.steps,
		before ?? "",
		where.userDepth === 0 ? "uid=1000" : "",
		...(set === undefined
			? ["caps=none"]
			: [`caps=${set}`, `inh=${set}`, `amb=${set}`]),
		"dumpable=1",
	]
		.filter((step) => step !== "")
		.join(" ");
}

const CAPABILITY: Readonly<Record<Gate, string>> = {
	checkpoint_restore: "CAP_CHECKPOINT_RESTORE",
	sys_admin: "CAP_SYS_ADMIN",
};

function subjectOf(way: Way, gate: Gate | null): Subject {
	const set = (gate === null ? undefined : way.caps?.(gate)) ?? "none";
	const named = gate === null ? "none" : `cap_${gate}`;
	const has =
		gate === null ? "neither capability" : `${CAPABILITY[gate]} ${way.words}`;
	const plain = subjectAt(way.where, { name: named, set, words: has }, [
		"criu",
	]);
	const subject: Subject = {
		...plain,
		name: `criu_${way.name}-${named}`,
		description: `CRIU, run by ${plain.description}`,
		steps: stepsOf(way, gate),
		ready: [
			`${way.where.ready},eff:${set},prm:${set},inh:${set},amb:${set},dumpable:1`,
			...(way.shows === undefined ? [] : [way.shows]),
		].join(),
		needs: [...plain.needs, ...(way.needs ?? [])],
	};
	clients.set(subject, { way, gate });
	return subject;
}

/** Each way with CAP_CHECKPOINT_RESTORE; with CAP_SYS_ADMIN, or neither, where nothing else is in the way. */
export const CRIU_SUBJECTS: readonly Subject[] = WAYS.flatMap((way) => [
	...(way.name === "ambient"
		? [subjectOf(way, null), subjectOf(way, "checkpoint_restore")]
		: [subjectOf(way, "checkpoint_restore")]),
	...(way.name === "ambient" ? [subjectOf(way, "sys_admin")] : []),
]);

/** The victim that every way is tried with. */
export const FIRST = "plain";

/** Root's steps before the subject is made: what the case has of its own, and the victim where the subject sees it. */
function setUp(way: Way, gate: Gate, victim: string): string {
	return [
		"scratch loopback",
		way.prepare?.(gate) ?? "",
		way.where.userDepth === 0 ? `victim=p,${victim},1000` : "",
	]
		.filter((part) => part !== "")
		.join(" ");
}

/** The subject's own: in namespaces of its own it brings the victim along. */
const bring = ({ where }: Way, victim: string): string =>
	where.userDepth === 0 ? "" : `victim=p,${victim} `;

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
