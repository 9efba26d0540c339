/** How a guest ended, told from the evidence. QEMU's exit status is no evidence: a panic, a reboot and a power-off all exit 0. */
import type { ChannelStats } from "../channel/channel.js";
import type { QemuExit } from "../qemu/process.js";
import type { ConsoleLog, Finding } from "./console.js";

export type EndKind =
	/** The agent said goodbye: the only good end. */
	| "bye"
	/** The kernel panicked. */
	| "panic"
	/** The kernel oopsed and was not heard of again. */
	| "oops"
	/** Silence past the deadline. */
	| "hang"
	/** The guest restarted itself. */
	| "reboot"
	/** The guest powered off before the agent said goodbye. */
	| "poweroff"
	/** QEMU itself failed or was killed by someone else. */
	| "qemu-died"
	/** What came over the channel was not the agent's protocol. */
	| "broken-channel"
	/** This process ended it: interrupted, or a deadline of the caller's. */
	| "killed";

export interface GuestEnd {
	kind: EndKind;
	/** What happened, in a sentence. */
	reason: string;
	/** The request that was being run, as it was sent; absent between requests. */
	running?: string;
	/** N of that request where it is a `case`. */
	runningCase?: number;
	/** The console's last lines, and those in which the kernel died; then the registers. */
	consoleTail: string[];
	/** What the kernel complained of, from the boot on; of a flood the first of each kind in each case at least. */
	findings: Finding[];
	/** How often the kernel said `Linux version`; more than once means that it booted again. */
	banners: number;
	/** What QEMU said on its standard error. */
	qemuStderr: string;
	/** The CPU's registers, where a hang left QEMU able to tell. */
	registers: string[];
	channel: ChannelStats;
}

/** Why this side ended the guest, where it did. */
export interface Cause {
	kind: "hang" | "broken-channel" | "killed" | "panic" | "reboot";
	reason: string;
}

export interface Evidence {
	saidBye: boolean;
	cause?: Cause;
	shutdown?: string;
	exit: QemuExit;
	stderr: string;
	console: Pick<ConsoleLog, "findings">;
}

function firstOf(
	findings: readonly Finding[],
	kinds: readonly Finding["kind"][],
): Finding | undefined {
	return findings.find((finding) => kinds.includes(finding.kind));
}

/** A console line without its time stamp, short enough for a sentence. */
function quote(line: string): string {
	return `"${line.replace(/^\[[^\]]*\] ?/, "").slice(0, 160)}"`;
}

function exitWords(exit: QemuExit, stderr: string): string {
	const how = exit.error
		? `could not be run: ${exit.error.message}`
		: exit.signal
			? `was killed by ${exit.signal}`
			: `ended with status ${exit.code}`;
	const words = stderr.slice(-400).replace(/\s*\n\s*/g, " / ");
	return words ? `QEMU ${how}: ${words}` : `QEMU ${how}`;
}

/** Kind and reason of an end. */
export function judgeEnd(
	evidence: Evidence,
): Pick<GuestEnd, "kind" | "reason"> {
	const { cause, shutdown, exit, stderr } = evidence;
	const { findings } = evidence.console;
	const panic = firstOf(findings, ["panic"]);
	const oops = firstOf(findings, ["oops", "bug"]);
	if (cause?.kind === "broken-channel") return cause;
	if (evidence.saidBye)
		return { kind: "bye", reason: "the agent said goodbye" };
	if (cause?.kind === "killed") return cause;
	if (panic || shutdown === "guest-panic")
		return {
			kind: "panic",
			reason: panic
				? `the kernel panicked: ${quote(panic.line)}`
				: "the kernel panicked",
		};
	if (oops)
		return {
			kind: "oops",
			reason: `the kernel oopsed and was lost: ${quote(oops.line)}`,
		};
	if (cause) return { kind: cause.kind, reason: cause.reason };
	if (exit.error || exit.signal || exit.code !== 0)
		return { kind: "qemu-died", reason: exitWords(exit, stderr) };
	if (shutdown === "guest-reset")
		return { kind: "reboot", reason: "the guest restarted" };
	if (shutdown === "guest-shutdown")
		return {
			kind: "poweroff",
			reason: "the guest powered off before the agent's goodbye",
		};
	return {
		kind: "qemu-died",
		reason: `QEMU ended without a word (${shutdown ?? "no shutdown event"}), status 0`,
	};
}
