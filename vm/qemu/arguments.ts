/** QEMU's command line, from small pure functions. */
import type { Machine } from "../base/machines.js";

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
	/** The guest waits for a debugger, for which QEMU listens on a socket of this path. */
	gdbSocket?: string;
	/** Where its memory is, if not in QEMU alone. */
	memory?: GuestMemory;
}

/** Memory that a saved state and its copies share. */
export interface GuestMemory {
	/**
	 * `shared`: what the guest writes is in the file, and what is saved of it is the rest. `copy`: the file stays as it is, what the
	 * copy writes is its own, and it waits for the rest of the state.
	 */
	readonly kind: "shared" | "copy";
	readonly path: string;
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
	const size = spec.memoryMiB ?? machine.memoryMiB;
	return [
		...memoryArgs(spec.memory, size),
		"-machine",
		spec.memory === undefined ? type : `${type},memory-backend=ram`,
		"-accel",
		accel,
		"-cpu",
		spec.cpu ?? (kvm ? "host" : machine.cpu),
		"-m",
		String(size),
	];
}

/** How much memory a guest has, bytes. */
export function memoryBytes({
	machine,
	memoryMiB = machine.memoryMiB,
}: Pick<GuestSpec, "machine" | "memoryMiB">): number {
	return memoryMiB * 1024 * 1024;
}

/** @param size MiB */
function memoryArgs(memory: GuestMemory | undefined, size: number): string[] {
	if (memory === undefined) return [];
	const share = memory.kind === "shared" ? "on" : "off";
	return [
		"-object",
		`memory-backend-file,id=ram,size=${size}M,mem-path=${memory.path},share=${share}`,
		...(memory.kind === "copy" ? ["-incoming", "defer"] : []),
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

function debugArgs({ gdbSocket }: GuestSpec): string[] {
	return gdbSocket === undefined
		? []
		: [
				"-S",
				"-gdb",
				`unix:${gdbSocket.replaceAll(",", ",,")},server=on,wait=off`,
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
		...debugArgs(spec),
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
