/** QEMU's command line, from small pure functions, and what this machine's build of it can do. */
import { execFile } from "node:child_process";
import { errnoOf, VmError } from "./errors.js";
import type { Machine } from "./machines.js";

export type Accel = "kvm" | "tcg";

/** A guest to be. Paths are as QEMU sees them (`/dev/fd/N` for what is handed over open). */
export interface GuestSpec {
	machine: Machine;
	accel: Accel;
	kernel: string;
	initrd: string;
	/** The whole kernel command line. */
	cmdline: string;
	/** True where the build has the seccomp sandbox. */
	sandbox: boolean;
	/** MiB, instead of the machine's own. */
	memoryMiB?: number;
	/** Instead of the machine's own model. */
	cpu?: string;
}

/** The far ends of the guest's ports, as `-chardev` backends without their `id`. */
export interface Backends {
	console: string;
	/** Absent where the frames share the console's port. */
	results?: string;
	qmp?: string;
}

/** What is wanted of the sandbox: QEMU itself needs none of it. */
const SANDBOX =
	"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

/** Nothing that is not asked for: no network, no disk, no display, no host directory; a reset ends it. */
function isolationArgs(sandbox: boolean): string[] {
	const args = ["-nodefaults", "-no-user-config", "-display", "none"];
	args.push("-no-reboot");
	if (sandbox) args.push("-sandbox", SANDBOX);
	return args;
}

function machineArgs(spec: GuestSpec): string[] {
	const { machine, accel } = spec;
	const kvm = accel === "kvm";
	const type = kvm ? (machine.kvmMachine ?? machine.machine) : machine.machine;
	return [
		"-machine",
		type,
		"-accel",
		accel,
		"-cpu",
		spec.cpu ?? (kvm ? "host" : machine.cpu),
		"-m",
		String(spec.memoryMiB ?? machine.memoryMiB),
	];
}

function bootArgs(spec: GuestSpec): string[] {
	return [
		"-kernel",
		spec.kernel,
		"-initrd",
		spec.initrd,
		"-append",
		spec.cmdline,
	];
}

/** A chardev's option; QEMU reads `,,` as one comma. */
function chardev(id: string, backend: string): string[] {
	const [kind, ...rest] = backend.split(",");
	return ["-chardev", [kind, `id=${id}`, ...rest].join(",")];
}

function portArgs(machine: Machine, backends: Backends): string[] {
	const args = [
		...chardev("console", backends.console),
		...machine.consoleArgs,
	];
	if (backends.results !== undefined && machine.channel.kind === "own")
		args.push(...chardev("results", backends.results), ...machine.channel.args);
	if (backends.qmp !== undefined)
		args.push(
			...chardev("qmp", backends.qmp),
			"-mon",
			"chardev=qmp,mode=control",
		);
	return args;
}

/** QEMU's arguments, the program's name not included. */
export function qemuArgs(spec: GuestSpec, backends: Backends): string[] {
	return [
		...isolationArgs(spec.sandbox),
		...machineArgs(spec),
		...portArgs(spec.machine, backends),
		...bootArgs(spec),
	];
}

/** The kernel command line: console, an end to panics, the agent's port, then the user's own words, which win. */
export function kernelCmdline(machine: Machine, append = ""): string {
	return [
		`console=${machine.console}`,
		// A panic resets the machine at once, and -no-reboot makes that the end.
		"panic=-1",
		machine.append ?? "",
		`crcap_channel=${machine.channel.device}`,
		append.trim(),
	]
		.filter(Boolean)
		.join(" ");
}

/** One word for a POSIX shell. */
export function shellQuote(word: string): string {
	return /^[\w@%+=:,./-]+$/.test(word)
		? word
		: `'${word.replaceAll("'", "'\\''")}'`;
}

/** What this machine's build of a QEMU can do. */
export interface QemuBuild {
	program: string;
	/** E.g. `7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)`. */
	version: string;
	sandbox: boolean;
}

const builds = new Map<string, Promise<QemuBuild>>();

/**
 * Looks once at the QEMU of a machine.
 * @throws VmError (missing) that names the package when it is not installed.
 */
export function qemuBuild(machine: Machine): Promise<QemuBuild> {
	const known = builds.get(machine.qemu);
	if (known) return known;
	const probed = probeBuild(machine);
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

function askHelp(program: string): Promise<Help> {
	return new Promise((resolve) => {
		execFile(
			program,
			["--help"],
			{ timeout: 20_000, maxBuffer: 4_000_000 },
			(error, stdout, stderr) => resolve({ error, stdout, stderr }),
		).stdin?.end();
	});
}

async function probeBuild(machine: Machine): Promise<QemuBuild> {
	const help = await askHelp(machine.qemu);
	if (errnoOf(help.error) === "ENOENT")
		throw new VmError("missing", `${machine.qemu} is not on the PATH`, {
			hint: `install it: apt-get install ${machine.qemuPackage}`,
		});
	const version = /QEMU emulator version ([^\n]*)/.exec(help.stdout)?.[1];
	if (version === undefined)
		throw new VmError(
			"missing",
			`${machine.qemu} --help does not name its version: ${help.stderr.slice(0, 200)}`,
			{ hint: `reinstall it: apt-get install ${machine.qemuPackage}` },
		);
	return {
		program: machine.qemu,
		version: version.trim(),
		sandbox: /^-sandbox on/m.test(help.stdout),
	};
}
