/** Asks the helper's doctor. It is a child of this process, and may what a program may that is started from here. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { OwnFault } from "../common/ownFault.js";
import { UsageError } from "../common/usage.js";
import { agentPath } from "../targets/agents.js";
import { localArch } from "../targets/localTarget.js";
import { Diagnosis } from "./diagnosis.js";

export interface DoctorOptions {
	/** Another process, whose map_files and memory are looked at. */
	readonly pid?: number;
	readonly json?: boolean;
}

export interface DoctorAnswer {
	/** Text, or one line of JSON. */
	readonly text: string;
	/** Nothing is in the way. */
	readonly usable: boolean;
}

/** The helper's exit statuses. */
const STATUS = { usable: 0, blocked: 1, usage: 2 } as const;

/** The helper could not even begin. */
export class NothingTried extends Error {
	override name = "NothingTried";
}

/**
 * Tries every boundary here.
 * @param helper a static crprobe for this machine
 * @throws UsageError where there is no helper or no such process; NothingTried
 */
export async function askDoctor(
	{ pid, json = false }: DoctorOptions,
	helper = agentPath(localArch()),
): Promise<DoctorAnswer> {
	const child = spawn(
		helper,
		[
			"--doctor",
			...(pid === undefined ? [] : ["--pid", String(pid)]),
			...(json ? ["--json"] : []),
		],
		{ stdio: ["ignore", "pipe", "pipe"] },
	);
	const ended = new Promise<number | NodeJS.Signals | null>(
		(resolve, reject) => {
			child.once("error", reject);
			child.once("close", (code, signal) => resolve(signal ?? code));
		},
	);
	const [said, complaint, status] = await Promise.all([
		text(child.stdout),
		text(child.stderr),
		ended,
	]);
	const why = complaint.trim().replace(/^crprobe: /, "");
	if (status === STATUS.usage) throw new UsageError(why);
	if (status !== STATUS.usable && status !== STATUS.blocked)
		throw new NothingTried(why || `the helper ended with ${status}`);
	if (json) check(said);
	return { text: said, usable: status === STATUS.usable };
}

function check(said: string): void {
	try {
		Diagnosis.parse(JSON.parse(said));
	} catch (error) {
		throw new OwnFault(error);
	}
}
