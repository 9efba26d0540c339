/** What this machine's build of QEMU is and can do. */
import { spawn } from "node:child_process";
import { open, readFile, writeFile } from "node:fs/promises";
import { cacheDir, fillAtomically } from "../base/cache.js";
import { errnoOf, VmError } from "../base/errors.js";
import { type OfShape, readJsonShape } from "../base/jsonShape.js";
import type { Machine } from "../base/machines.js";
import { findOnPath } from "../base/path.js";
import { familyEnv, familyName, killFamily } from "./family.js";

/** What can be told of a build. */
const BUILD = {
	/** E.g. `7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)`. */
	version: "string",
	/** True where it has the seccomp sandbox. */
	sandbox: "boolean",
} as const;

/** What this machine's build of a QEMU can do. */
export interface QemuBuild extends OfShape<typeof BUILD> {
	program: string;
	/** The file's identity: another build has another one. Undefined for a script, which may start anything. */
	identity?: string;
}

const builds = new Map<string, Promise<QemuBuild>>();

/**
 * Looks once at the QEMU of a machine.
 * @param signal ends that
 * @throws VmError (missing) that names the package when it is not installed.
 */
export function qemuBuild(
	machine: Machine,
	signal?: AbortSignal,
): Promise<QemuBuild> {
	const known = builds.get(machine.qemu);
	if (known) return known;
	const probed = probeBuild(machine, signal);
	builds.set(machine.qemu, probed);
	// A failure is not remembered: the package may be installed meanwhile.
	probed.catch(() => builds.delete(machine.qemu));
	return probed;
}

interface Help {
	error: Error | null;
	stdout: string;
	stderr: string;
}

const MAX_HELP_MS = 20_000;
const MAX_HELP = 4_000_000;

/** Asks for its help, which also ends where the program does not, or leaves behind what keeps its pipes open. */
function askHelp(program: string, signal?: AbortSignal): Promise<Help> {
	return new Promise((resolve) => {
		const family = familyName();
		const child = spawn(program, ["--help"], {
			stdio: ["ignore", "pipe", "pipe"],
			detached: true,
			env: familyEnv(family),
		});
		const said = { stdout: "", stderr: "" };
		const end = (error: Error | null) => {
			clearTimeout(timer);
			process.off("exit", leave);
			signal?.removeEventListener("abort", stop);
			killFamily(family, child.exitCode === null ? child.pid : undefined);
			child.stdout?.destroy();
			child.stderr?.destroy();
			resolve({ error, ...said });
		};
		const stop = () => end(new Error("interrupted"));
		signal?.addEventListener("abort", stop, { once: true });
		const leave = () => killFamily(family, child.pid);
		process.once("exit", leave);
		const timer = setTimeout(
			() => end(new Error(`no answer in ${MAX_HELP_MS / 1000} s`)),
			MAX_HELP_MS,
		);
		for (const name of ["stdout", "stderr"] as const)
			child[name]?.setEncoding("utf8").on("data", (text: string) => {
				said[name] += text;
				if (said[name].length > MAX_HELP) end(new Error("it never ends"));
			});
		child.once("error", end);
		child.once("close", () => end(null));
		// What holds the pipes after it has ended is none of its words.
		child.once("exit", () => killFamily(family, undefined));
	});
}

/** The file's identity: another build is another file. Undefined for a script, which may start anything. */
async function identityOf(program: string): Promise<string | undefined> {
	const path = findOnPath(program);
	if (path === undefined) return undefined;
	const file = await open(path);
	try {
		const { dev, ino, size, mtimeNs } = await file.stat({ bigint: true });
		const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
		if (buffer.toString("latin1") !== "\x7fELF") return undefined;
		return [program, dev, ino, size, mtimeNs].join("-");
	} finally {
		await file.close();
	}
}

/** What is remembered of this file, or what it says itself, which takes as long as much of the way to a boot. */
async function probeBuild(
	machine: Machine,
	signal?: AbortSignal,
): Promise<QemuBuild> {
	const program = machine.qemu;
	const identity = await identityOf(program).catch(() => undefined);
	if (identity === undefined)
		return { program, ...(await ask(machine, signal)) };
	const path = cacheDir("qemu", identity);
	const text = await readFile(path, "utf8").catch(() => "");
	const known = readJsonShape(text, BUILD);
	if (known) return { program, identity, ...known };
	const build = await ask(machine, signal);
	await fillAtomically(path, (to) =>
		writeFile(to, JSON.stringify(build)),
	).catch(() => {
		// Not to remember costs the next run a moment, no more.
	});
	return { program, identity, ...build };
}

async function ask(
	machine: Machine,
	signal?: AbortSignal,
): Promise<OfShape<typeof BUILD>> {
	const help = await askHelp(machine.qemu, signal);
	if (signal?.aborted)
		throw new VmError("aborted", `${machine.qemu} --help was interrupted`, {
			cause: signal.reason,
		});
	if (errnoOf(help.error) === "ENOENT")
		throw new VmError("missing", `${machine.qemu} is not on the PATH`, {
			hint: `install it: apt-get install ${machine.qemuPackage}`,
		});
	const version = /QEMU emulator version ([^\n]*)/.exec(help.stdout)?.[1];
	if (version === undefined)
		throw new VmError(
			"missing",
			`${machine.qemu} --help does not name its version: ${[help.error?.message, help.stderr.slice(0, 200)].filter(Boolean).join(": ")}`,
			{ hint: `reinstall it: apt-get install ${machine.qemuPackage}` },
		);
	return {
		version: version.trim(),
		sandbox: /^-sandbox on/m.test(help.stdout),
	};
}
