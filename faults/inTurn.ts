/**
 * Many faults in one guest, planted one after the other through the kernel's parameter. Each of a fault's cases runs without
 * it and then with it: what fails with it only has caught it.
 */
import { lsmBoots, readLsms } from "../runner/request/lsm.js";
import {
	agentPath,
	policyFiles,
	requestCatalogue,
} from "../runner/targets/agents.js";
import { findKernels } from "../runner/targets/kernelTargets.js";
import { qemuTarget } from "../runner/targets/qemuTarget.js";
import type { CaseRequest, Session } from "../runner/targets/target.js";
import {
	type Judgement,
	judge,
	type PlannedCase,
	plan,
	readFacts,
} from "../suites/index.js";
import type { Kernel } from "./kernel/build.js";
import { EVERYWHERE, type Fault, type Finding } from "./table.js";

/** Where the kernel is told which fault it has; "none" takes it away. */
const PARAMETER = "/sys/module/crcap_fault/parameters/planted";
/** Everyone is this subject once the file is written; where nobody can be, whoever comes first. */
const WRITER = "uid1000-none";
/** Suites whose cases may catch a fault that is in none. */
const ANY = ["routes", "workarounds", "set_tid", "ns_last_pid", "exe_fd"];
/** A fault that a known case catches is tried with no more cases than this. */
const ENOUGH = 6;
/** A case of a fault must answer within this, milliseconds. */
const DEADLINE_MS = 30_000;

/** The faults that one guest is tried with. Faults that need another module, or subjects made in another way, need another guest. */
export interface Group {
	readonly faults: readonly Fault[];
	/** The name of the security module that the guest boots with; empty where the kernel comes up as it is. */
	readonly modules: readonly string[];
	/** Where the fault is in how a subject comes by its capabilities, no subject is made in advance. */
	readonly freshSubjects: boolean;
}

/** The guests that these faults take; one that shows under several modules is tried under the first. */
export function groupsOf(faults: readonly Fault[]): Group[] {
	const modules = new Set(faults.flatMap((fault) => fault.modules?.[0] ?? []));
	const without = faults.filter(({ modules }) => modules === undefined);
	const isShared = ({ part }: Fault): boolean => part === EVERYWHERE;
	return [
		{
			faults: without.filter((fault) => !isShared(fault)),
			...{ modules: [], freshSubjects: false },
		},
		{
			faults: without.filter(isShared),
			...{ modules: [], freshSubjects: true },
		},
		...[...modules].map((module) => ({
			faults: faults.filter((fault) => fault.modules?.[0] === module),
			...{ modules: [module], freshSubjects: false },
		})),
	].filter((group) => group.faults.length > 0);
}

/** The case that a fault's entry names, by the fault's name. */
export function namedCases(
	faults: readonly Fault[],
): ReadonlyMap<string, string> {
	return new Map(
		faults.flatMap(({ name, caughtBy }) => {
			const id = /^([a-z_]+\.\w+\.[\w-]+):/.exec(caughtBy)?.[1];
			return id === undefined ? [] : [[name, id] as const];
		}),
	);
}

/** The cases to try a fault with: those of the row that caught it before, else all that may. */
export function casesFor(
	{ part }: Fault,
	cases: readonly PlannedCase[],
	before: string | undefined,
): readonly PlannedCase[] {
	const first = cases.find(({ id }) => id === before);
	if (first !== undefined) {
		const row = rowOf(first);
		const others = cases.filter((one) => one !== first && rowOf(one) === row);
		return [first, ...others.slice(0, ENOUGH - 1)];
	}
	const suites = part === EVERYWHERE ? ANY : [part];
	return cases.filter(({ suite }) => suites.includes(suite));
}

const rowOf = ({ id }: PlannedCase): string =>
	id.split(".").slice(0, 2).join(".");

/** What is asked of the guest, in its order. */
interface Step {
	readonly request: CaseRequest;
	readonly fault: Fault;
	/** The case, and whether it is tried with the fault; undefined: planting it or taking it away. */
	readonly tried: { planned: PlannedCase; planted: boolean } | undefined;
}

/** Yields what is asked for each fault: its cases, planting it, its cases again, taking it away. */
export function* stepsOf(
	faults: readonly Fault[],
	cases: readonly PlannedCase[],
	caughtBefore: ReadonlyMap<string, string>,
): Iterable<Step> {
	const writer = cases.find(({ subject }) => subject === WRITER) ?? cases[0];
	if (writer === undefined) throw new Error("no case can be tried");
	let n = 0;
	const plant = (fault: Fault, name: string): Step => ({
		fault,
		tried: undefined,
		request: {
			...{ n: n++, deadlineMs: DEADLINE_MS, program: "" },
			subjectProgram: writer.subjectProgram,
			probeProgram: `put=${PARAMETER},${name} @ used`,
		},
	});
	const step = (
		fault: Fault,
		planned: PlannedCase,
		planted: boolean,
	): Step => ({
		...{ fault, tried: { planned, planted } },
		request: {
			...{ n: n++, deadlineMs: DEADLINE_MS },
			subjectProgram: planned.subjectProgram,
			probeProgram: planned.probeProgram,
			program: planned.program,
		},
	});
	for (const fault of faults) {
		const chosen = casesFor(fault, cases, caughtBefore.get(fault.name));
		for (const planned of chosen) yield step(fault, planned, false);
		yield plant(fault, fault.name);
		for (const planned of chosen) yield step(fault, planned, true);
		yield plant(fault, "none");
	}
}

const BAD: readonly Judgement["verdict"][] = ["fail", "timeout"];

/** What came of one fault's cases. */
export class Turn {
	readonly #without = new Set<string>();
	readonly #with: string[] = [];
	#tried = 0;
	#trouble: string | null = null;
	/** True once the fault was planted, tried and taken away again. */
	done = false;

	/** Takes the answer to one of its steps. */
	add({ tried }: Step, payload: string): void {
		if (tried === undefined) {
			this.done = this.#tried > 0;
			if (!/^obs \d+ .*\bend=ok\b/.test(payload))
				this.#trouble = `the fault could not be planted or taken away: ${payload}`;
			return;
		}
		const { verdict } = judge(tried.planned, payload);
		const { id } = tried.planned;
		if (tried.planted) this.#tried++;
		if (!BAD.includes(verdict)) return;
		if (tried.planted) this.#with.push(id);
		else this.#without.add(id);
	}

	/** The guest ended before the fault was taken away again. */
	died(detail: string): void {
		if (this.#with.length === 0) this.#trouble = `incomplete: ${detail}`;
		this.done = true;
	}

	/** A case failed without the fault: something before it left its mark on the guest. */
	get marked(): boolean {
		return this.#without.size > 0;
	}

	get finding(): Finding {
		return {
			caught: this.#with.filter((id) => !this.#without.has(id)),
			...{ spread: [], details: [], trouble: this.#trouble },
		};
	}
}

export interface InTurnOptions {
	readonly kernel: Kernel;
	/** What else stands on its command line. */
	readonly append: string;
	/** What it is said to be (`--expect`). */
	readonly expect: readonly string[];
	/** The case that caught a fault before, by the fault's name. */
	readonly caughtBefore: ReadonlyMap<string, string>;
	readonly signal: AbortSignal;
	readonly say: (line: string) => void;
	/** Hears of each fault once it is known. */
	readonly found: (fault: Fault, finding: Finding) => void;
}

/**
 * Tries every fault of a group. A guest that dies of one, or on which one left its mark, is followed by another. What the
 * known cases do not catch is tried again with all that may.
 */
export async function tryInTurn(
	{ faults, modules, freshSubjects }: Group,
	options: InTurnOptions,
): Promise<void> {
	const known = new Map(options.caughtBefore);
	let left = [...faults];
	while (left.length > 0) {
		const session = await open(options, modules, freshSubjects);
		const turns = await oneGuest(session, options.expect, left, known);
		const again: Fault[] = [];
		for (const fault of left) {
			const turn = turns.get(fault.name);
			const first = fault === left[0];
			if (turn === undefined || !turn.done || (turn.marked && !first)) {
				again.push(fault);
				continue;
			}
			const { finding } = turn;
			const { caught, trouble } = finding;
			const narrow = known.delete(fault.name);
			if (caught.length === 0 && trouble === null && narrow) again.push(fault);
			else options.found(fault, finding);
		}
		if (again.length === left.length && again[0] === left[0] && !known.size)
			throw new Error(`no guest gets through with ${left[0]?.name}`);
		left = again;
	}
}

/** Runs what one guest can; a fault without a turn was not come to. */
async function oneGuest(
	session: Session,
	expect: readonly string[],
	faults: readonly Fault[],
	known: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, Turn>> {
	try {
		const planned = plan(readFacts({ ...session.facts, expect })).filter(
			({ skip }) => skip === undefined,
		);
		const asked: Step[] = [];
		const turns = new Map<string, Turn>();
		let answers = 0;
		function* requests(): Iterable<CaseRequest> {
			for (const step of stepsOf(faults, planned, known)) {
				asked.push(step);
				yield step.request;
			}
		}
		const end = await session.run(requests(), {
			reply: (payload) => {
				const step = asked[answers++];
				if (step === undefined) return;
				const { name } = step.fault;
				const turn = turns.get(name) ?? new Turn();
				turns.set(name, turn);
				turn.add(step, payload);
			},
			complaint: () => {},
		});
		if (end.how !== "bye") {
			const at = [...turns.values()].at(-1);
			if (at !== undefined && !at.done) at.died(end.detail);
		}
		return turns;
	} finally {
		await session.close();
	}
}

async function open(
	{ kernel, append, signal, say }: InTurnOptions,
	modules: readonly string[],
	freshSubjects: boolean,
): Promise<Session> {
	const [found] = await findKernels(kernel.bzImage, { signal, say: () => {} });
	if (found === undefined) throw new Error(`no kernel in ${kernel.bzImage}`);
	const words = modules.flatMap((name) => readLsms(name));
	const [boot] = lsmBoots(words, found.kernel.config);
	return await qemuTarget({
		...{ name: found.name, kernel: found.kernel, freshSubjects, say },
		agent: agentPath(found.kernel.machine.arch),
		catalogue: requestCatalogue(),
		extraFiles: policyFiles(),
		append: [boot?.append, append].filter(Boolean).join(" "),
		chooseAccel: async () => ({
			accel: "tcg",
			reason: "as in every run of faults",
			probeMs: 0,
		}),
	}).open(signal);
}
