/**
 * Everything that a program has started, found and killed. A QEMU may be a script that starts another one, and what that
 * leaves may live in a session of its own: it is known by its parents and, where they are gone, by a word in its environment.
 */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";

/** The variable by whose value a family's members are known. */
const VARIABLE = "CRCAP_FAMILY";
/** Who forks while it is looked for is found the next time. */
const MAX_ROUNDS = 20;

/** A process, as far as it tells to whom it belongs. */
interface Member {
	readonly pid: number;
	readonly parent: number;
	readonly group: number;
	readonly session: number;
}

/** A word that only one family has. */
export function familyName(): string {
	return `${process.pid}-${randomBytes(8).toString("hex")}`;
}

/** The environment for a family's first process. */
export function familyEnv(name: string): NodeJS.ProcessEnv {
	return { ...process.env, [VARIABLE]: name };
}

/** Reads `PID (NAME) STATE PPID PGRP SESSION …`; a NAME may hold anything. Undefined for what is dead already. */
function memberOf(pid: number): Member | undefined {
	let stat: string;
	try {
		stat = readFileSync(`/proc/${pid}/stat`, "latin1");
	} catch {
		return undefined;
	}
	const words = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	if (words[0] === "Z" || words[0] === "X") return undefined;
	const [parent = 0, group = 0, session = 0] = words.slice(1, 4).map(Number);
	return { pid, parent, group, session };
}

/** True where it is the user's own, and has the family's name in its environment. */
function hasName(pid: number, entry: string): boolean {
	try {
		if (statSync(`/proc/${pid}`).uid !== process.geteuid?.()) return false;
		const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
		return environment.split("\0").includes(entry);
	} catch {
		return false;
	}
}

/** Names in /proc; none where there is no /proc, when only the family's group is killed. */
function processes(): string[] {
	try {
		return readdirSync("/proc");
	} catch {
		return [];
	}
}

/** @param first the family's first process; undefined once it was waited for, when its number may be another's */
function livingMembers(name: string, first: number | undefined): number[] {
	const all = processes().flatMap((entry) => {
		const pid = /^\d+$/.test(entry) ? Number(entry) : process.pid;
		const found = pid === process.pid ? undefined : memberOf(pid);
		return found ? [found] : [];
	});
	const entry = `${VARIABLE}=${name}`;
	const found = new Set<number>();
	for (const { pid, group, session } of all) {
		const near = first !== undefined && [pid, group, session].includes(first);
		if (near || hasName(pid, entry)) found.add(pid);
	}
	for (let before = -1; before !== found.size; ) {
		before = found.size;
		for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
	}
	return [...found];
}

/**
 * Kills a whole family at once.
 * @param first its first process; undefined once it was waited for
 */
export function killFamily(name: string, first: number | undefined): void {
	for (let round = 0; round < MAX_ROUNDS; round++) {
		// All are found before the first one dies: an orphan no longer tells whose child it was.
		const living = livingMembers(name, first);
		if (first !== undefined && round === 0) {
			kill(-first);
			kill(first);
		}
		if (living.length === 0) return;
		for (const pid of living) kill(pid);
	}
}

function kill(pid: number): void {
	try {
		process.kill(pid, "SIGKILL");
	} catch {
		// It is gone, or it is another user's by now.
	}
}
