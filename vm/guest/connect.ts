/** The connection to a QEMU that was just started, until the guest's end: its logs, and the caller's signal. */
import type { RequestCatalogue } from "../channel/requestCatalogue.js";
import type { QemuProcess } from "../qemu/process.js";
import type { Keeper } from "../replay/keep.js";
import { AgentConnection } from "./agentConnection.js";
import type { GuestEnd } from "./ending.js";

export interface ConnectPlan {
	slackMs: number;
	/** The requests in the initramfs. */
	catalogue: RequestCatalogue;
	keeper: Keeper;
	signal: AbortSignal | undefined;
	/** QEMU is broken when its standard error matches. */
	fatalStderr: RegExp | undefined;
}

export interface Connected {
	connection: AgentConnection;
	end: Promise<GuestEnd>;
}

/** What a resumed guest had said and shown before it was saved. */
export interface Before {
	readonly words: readonly string[];
	readonly console: Buffer;
}

/** @param onConsole told each piece of the console, as it comes */
export function connect(
	qemu: QemuProcess,
	plan: ConnectPlan,
	{
		before,
		onConsole,
	}: { before?: Before; onConsole?: (bytes: Buffer) => void } = {},
): Connected {
	if (before) plan.keeper.console(before.console);
	const connection = new AgentConnection(qemu, {
		slackMs: plan.slackMs,
		catalogue: plan.catalogue,
		...(before && { before }),
		onConsole: (bytes) => {
			plan.keeper.console(bytes);
			onConsole?.(bytes);
		},
		onChannel: (bytes) => plan.keeper.channel(bytes),
	});
	const abort = () =>
		connection.kill({ kind: "killed", reason: "interrupted by the caller" });
	plan.signal?.addEventListener("abort", abort, { once: true });
	if (plan.signal?.aborted) abort();
	const end = connection.ended.finally(() => {
		plan.signal?.removeEventListener("abort", abort);
		plan.keeper.endAttempt();
	});
	qemu.onStderr((text) => {
		if (plan.fatalStderr?.test(text))
			connection.kill({
				kind: "hang",
				reason: `QEMU said "${firstLine(text)}"`,
			});
	});
	return { connection, end };
}

function firstLine(text: string): string {
	return (text.trim().split("\n", 1)[0] ?? "").slice(0, 160);
}
