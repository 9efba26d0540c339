/** Settings in which the doctor is asked: each is real, and made by the system's own tools or by fixtures/under.c. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { t } from "tap";
import { shortFolder } from "../../testing/shortFolder.test.helper.js";
import { agentPath } from "../targets/agents.js";
import { localArch } from "../targets/localTarget.js";
import type { Diagnosis } from "./diagnosis.js";

const UNDER = fileURLToPath(
	new URL("../../../runner/doctor/fixtures/under.c", import.meta.url),
);

/** Any user can execute what is in it. */
export const folder = shortFolder(t, 0o755);
/** The helper. */
export const helper = join(folder, "crprobe");
/** The launcher. */
export const under = join(folder, "under");

t.before(() => {
	copyFileSync(agentPath(localArch()), helper);
	chmodSync(helper, 0o755);
	const built = spawnSync("cc", ["-O1", "-Wall", "-o", under, UNDER], {
		encoding: "utf8",
	});
	if (built.status !== 0) throw new Error(`${UNDER}: ${built.stderr}`);
	chmodSync(under, 0o755);
});

t.after(() => {
	for (const child of started) child.kill("SIGKILL");
});

/** A word for each argument of a command. */
export type Words = readonly string[];

/** Nobody in particular, without any capability. */
export const USER: Words = [
	...["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups"],
];

/** The same with capabilities that a program keeps when it is executed. */
export const userWith = (...names: string[]): Words => {
	const caps = names.map((name) => `+${name}`).join(",");
	return [...USER, "--inh-caps", caps, "--ambient-caps", caps];
};

/** In mounts of its own, after these commands of a shell. */
export const mounted = (script: string): Words => [
	...["unshare", "--mount", "sh", "-ec", `${script}\nexec "$@"`, "sh"],
];

/** A copy of the helper with these capabilities in its file. */
export function withFileCaps(flags: "p" | "ep"): string {
	const path = join(folder, `crprobe-${flags}`);
	copyFileSync(helper, path);
	chmodSync(path, 0o755);
	const set = spawnSync(
		helper,
		[`-- filecap=${path},checkpoint_restore,${flags}`],
		{ encoding: "utf8" },
	);
	if (!/ end=ok /.test(set.stdout)) throw new Error(set.stdout);
	return path;
}

/** What a command's doctor says, as text and as JSON. */
export interface Asked {
	readonly status: number | null;
	readonly text: string;
	readonly diagnosis: Diagnosis;
}

/** Asks in a setting. @param env more for the environment */
export function ask(
	setting: Words,
	options: Words = [],
	env: Record<string, string> = {},
	program = helper,
): Asked {
	const run = (...more: string[]) => {
		const words = [...setting, program, "--doctor", ...options, ...more];
		const [command = "", ...args] = words;
		return spawnSync(command, args, {
			encoding: "utf8",
			cwd: "/",
			env: { PATH: process.env.PATH, ...env },
		});
	};
	const { status, stdout, stderr } = run("--json");
	if (stdout === "") throw new Error(`${setting.join(" ")}: ${stderr}`);
	return {
		status,
		text: run().stdout,
		diagnosis: JSON.parse(stdout) as Diagnosis,
	};
}

/** One boundary of a diagnosis: usable, or its causes. */
export function causesOf({ diagnosis }: Asked, name: string): string[] {
	const found = diagnosis.boundaries.find((one) => one.name === name);
	return found?.causes.map(({ id }) => id) ?? ["nothing is said"];
}

const started: ChildProcess[] = [];

/** A process that stays until the tests end; its pid, once `ready` was printed or it was executed. */
export async function target(words: Words): Promise<number> {
	const [command = "", ...args] = words;
	const child = spawn(command, args, {
		stdio: ["ignore", "pipe", "inherit"],
		cwd: "/",
	});
	started.push(child);
	const [said] = await once(child.stdout, "data");
	child.stdout.destroy();
	child.unref();
	return Number(String(said).trim());
}

/** What says its own pid and stays. */
export function stayer(mode = 0o755): string {
	const path = join(folder, `stayer-${mode.toString(8)}`);
	copyFileSync(under, path);
	chmodSync(path, mode);
	return path;
}

/** A root directory with the helper as /crprobe, places for /proc and /dev, and these empty files. */
export function rootFolder(name: string, files: Words): string {
	const root = join(folder, name);
	for (const one of ["proc", "dev", "run"])
		mkdirSync(join(root, one), { recursive: true });
	copyFileSync(helper, join(root, "crprobe"));
	for (const file of files) writeFileSync(join(root, file), "");
	return root;
}

/** A file with a text. */
export function fileWith(text: string): string {
	const path = join(folder, "file");
	writeFileSync(path, text);
	return path;
}
