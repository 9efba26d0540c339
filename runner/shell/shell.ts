/** `--shell` and `--gdb`: a kernel with this terminal as its own. Nothing is tried in it but by hand. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ShellGuest } from "../../vm/index.js";
import { SHELL_READY } from "../../vm/index.js";
import { EXIT } from "../common/exitStatus.js";
import { listenForStop } from "../common/interrupt.js";
import { shellLine } from "../common/shellQuote.js";
import { tell } from "../common/tell.js";
import { UsageError } from "../common/usage.js";
import type { RunRequest } from "../request/runRequest.js";
import type { RunDeps } from "../run/run.js";
import { OpenError, type Target } from "../targets/target.js";

/** Ctrl-], as telnet(1) and virsh(1) have it. */
const ESCAPE = 0x1d;
/** Ctrl-D, the end of a terminal's input. */
const END_OF_INPUT = "\x04";
/** The line is printed again this often, milliseconds. */
const AGAIN_MS = 1000;
/** More of a console's end is never looked at. */
const TAIL = 256;

/** What a shell is connected to. */
export interface Terminal {
	readonly input: NodeJS.ReadStream;
	readonly output: NodeJS.WritableStream;
}

const HERE: Terminal = { input: process.stdin, output: process.stdout };

/**
 * Boots the one kernel that is asked for and connects it with the terminal until it ends.
 * @returns ok where the guest ended after its shell had begun, incomplete where it never got there
 * @throws UsageError where there is not exactly one kernel to boot
 */
export async function runShell(
	request: RunRequest,
	deps: RunDeps,
	gdb: boolean,
	terminal: Terminal = HERE,
): Promise<number> {
	const option = gdb ? "--gdb" : "--shell";
	const stop = listenForStop(EXIT.interrupted, request.timeout);
	const { signal } = stop;
	try {
		const say = tell;
		const targets: Target[] = [];
		for (const spec of request.targets)
			targets.push(...(await deps.prepare(spec, request, { signal, say })));
		const [target, ...others] = targets;
		if (target === undefined || others.length > 0)
			throw new UsageError(
				`${option} takes one kernel, and ${targets.length} are named`,
			);
		if (target.shell === undefined)
			throw new UsageError(
				`${option} boots a kernel: --local has none to boot`,
			);
		const guest = await target.shell(gdb, signal);
		if (guest.gdbSocket !== undefined) tell(gdbText(target, guest.gdbSocket));
		if (terminal.input.isTTY) tell("Ctrl-] ends the guest at once");
		const ended = await connect(guest, terminal, signal);
		return stop.interrupted() ? EXIT.interrupted : ended;
	} catch (error) {
		if (stop.interrupted()) return EXIT.interrupted;
		if (!(error instanceof OpenError)) throw error;
		tell(error.message);
		return EXIT.incomplete;
	} finally {
		stop.dispose();
	}
}

/** The line that attaches a debugger, with the kernel's symbols where its build tree has them. */
function gdbText({ kernel }: Target, socket: string): string {
	const vmlinux = symbolsOf(kernel.path);
	const line = shellLine([
		...["gdb", "-ex", `target remote ${socket}`],
		...(vmlinux === undefined ? [] : [vmlinux]),
	]);
	const symbols =
		vmlinux === undefined
			? "; the vmlinux of this kernel, as its last argument, has the symbols"
			: "";
	return `the guest waits for a debugger: ${line}${symbols}; \`continue\` boots it`;
}

/** The vmlinux of the build tree that an image stands in: arch/ARCH/boot is three folders deep. */
function symbolsOf(image: string): string | undefined {
	const folders = [image, "..", "../..", "../../.."].map((up, i) =>
		i === 0 ? image : join(dirname(image), up),
	);
	return folders
		.map((folder) => join(folder, "vmlinux"))
		.find((path) => existsSync(path));
}

/** Bytes from here to there and back until the guest is gone. */
async function connect(
	guest: ShellGuest,
	{ input, output }: Terminal,
	signal: AbortSignal,
): Promise<number> {
	const { console } = guest;
	let ready = false;
	let tail = "";
	const held: Buffer[] = [];
	const send = (bytes: Buffer): void => {
		// What comes before there is a shell would be lost: a port holds a few bytes.
		if (ready) guest.input.write(bytes);
		else held.push(bytes);
	};
	const typed = (bytes: Buffer): void => {
		if (input.isTTY && bytes.includes(ESCAPE)) guest.kill();
		else send(bytes);
	};
	let ending: NodeJS.Timeout | undefined;
	// A terminal forgets it where its reader changes its mode meanwhile, as a shell does before each prompt.
	const over = (): void => {
		send(Buffer.from(END_OF_INPUT));
		ending = setInterval(() => {
			if (ready) guest.input.write(END_OF_INPUT);
		}, AGAIN_MS);
	};
	const kill = (): void => guest.kill();
	console.on("data", (bytes: Buffer) => {
		output.write(bytes);
		if (ready) return;
		tail = (tail + bytes.toString("latin1")).slice(-TAIL);
		ready = tail.includes(SHELL_READY);
		if (ready) for (const bytes of held.splice(0)) guest.input.write(bytes);
	});
	signal.addEventListener("abort", kill, { once: true });
	if (signal.aborted) kill();
	if (input.isTTY) input.setRawMode(true);
	input.on("data", typed).once("end", over);
	try {
		const { error, code } = await guest.exited;
		if (ready) return EXIT.ok;
		if (signal.aborted) return EXIT.incomplete;
		tell(
			error?.message ??
				(guest.stderr() ||
					`the guest ended before its shell began (QEMU's status ${code})`),
		);
		return EXIT.incomplete;
	} finally {
		clearInterval(ending);
		signal.removeEventListener("abort", kill);
		input.off("data", typed).off("end", over).pause();
		if (input.isTTY) input.setRawMode(false);
	}
}
