import { VmError } from "../../vm/index.js";
import { UsageError } from "./usage.js";

/** A fault of crcap's own: an error that no kernel, file or command line can cause. It is no verdict on anything. */
export class OwnFault extends Error {
	override name = "OwnFault";
	/** What was thrown. */
	override readonly cause: Error;

	constructor(thrown: unknown) {
		const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
		super(`crcap itself failed: ${cause.message}`, { cause });
		this.cause = cause;
	}
}

/** True for an error that a user, a file or the system can cause: its message says all there is to say. */
export function isForeseen(error: unknown): boolean {
	if (!(error instanceof Error) || error instanceof OwnFault) return false;
	return (
		error instanceof UsageError ||
		error instanceof VmError ||
		// The system's own errors name the call that failed; Node's complaints about wrong arguments don't.
		"syscall" in error ||
		isForeseen(error.cause)
	);
}
