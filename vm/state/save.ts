/** Saving a guest that is ready and was asked nothing. QEMU sends all but the memory, which is in a file already, and ends. */

import { once } from "node:events";
import { closeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, VmError } from "../base/errors.js";
import type { Guest } from "../guest/guest.js";
import { type QemuProcess, STATE_TO } from "../qemu/process.js";
import type { StatePort } from "../qemu/statePort.js";
import { SavedState } from "./savedState.js";

/** A save takes some 10 ms; a busy host gets much more. */
const SAVE_MS = 20_000;
/** How often QEMU is asked whether it is done, milliseconds. */
const LOOK_MS = 2;
/** Has QEMU leave out memory that another process can map. */
export const IGNORE_SHARED = {
	capabilities: [{ capability: "x-ignore-shared", state: true }],
};

/** Why this guest had better not be saved, where it is so: what is wrong with it would be wrong with every copy. */
export function whyNotSave({
	console,
	savable,
}: Pick<Guest, "console" | "savable">): string | undefined {
	if (savable === undefined)
		return "it was not started so that it can be saved";
	const [finding] = console.findings;
	if (finding) return `the kernel complained while it booted: ${finding.line}`;
	if (savable.shown() === undefined) return "its console showed too much";
	return undefined;
}

/**
 * Saves a guest, and ends it: copies go on from here. It must have been asked nothing.
 * @throws VmError (state) where that failed; the guest is gone all the same
 */
export async function saveGuest(guest: Guest): Promise<SavedState> {
	const { end, savable } = guest;
	if (savable === undefined)
		throw new VmError("state", `the guest was not saved: ${whyNotSave(guest)}`);
	const { port, qemu, words } = savable;
	let ram: number | undefined = savable.takeMemory();
	try {
		const gone = end.then(({ reason }): never => {
			throw new VmError("state", reason);
		});
		gone.catch(() => {});
		const device = await Promise.race([gone, migrate(qemu, port)]);
		const savedAt = Date.now();
		await leave(guest, qemu);
		const why = whyNotSave(guest);
		if (why !== undefined) throw new VmError("state", why);
		const console = savable.shown() as Buffer;
		const state = new SavedState({ device, words, console, savedAt }, ram);
		ram = undefined;
		return state;
	} catch (error) {
		guest.kill("it could not be saved");
		if (ram !== undefined) closeSync(ram);
		throw new VmError("state", `the guest was not saved: ${messageOf(error)}`, {
			cause: error,
		});
	} finally {
		port.close();
	}
}

/** Ends QEMU so that all that the console had to show is here. */
async function leave(guest: Guest, qemu: QemuProcess): Promise<void> {
	const shown = once(qemu.console, "end").catch(() => {});
	void qemu.qmp.command("quit", {}, SAVE_MS).catch(() => {});
	const timer = setTimeout(() => guest.kill("QEMU did not end"), SAVE_MS);
	await Promise.race([shown, guest.end]);
	clearTimeout(timer);
}

async function migrate({ qmp }: QemuProcess, port: StatePort): Promise<Buffer> {
	await qmp.command("migrate-set-capabilities", IGNORE_SHARED, SAVE_MS);
	const received = port.receive();
	let refused: string | undefined;
	received.catch((error: unknown) => {
		refused = messageOf(error);
	});
	await qmp.command("migrate", { uri: STATE_TO }, SAVE_MS);
	const until = performance.now() + SAVE_MS;
	for (;;) {
		const reply = await qmp.command("query-migrate", {}, SAVE_MS);
		const { status, "error-desc": why } = reply as Record<string, unknown>;
		if (status === "completed") return received;
		if (status === "failed" || performance.now() > until)
			throw new VmError(
				"state",
				`QEMU's migration ended as ${status}: ${refused ?? why ?? "it does not say why"}`,
			);
		await sleep(LOOK_MS);
	}
}
