/** What went wrong, so that a caller can tell the user's mistake from the machine's trouble. */
export type VmErrorKind =
	/** The image is no kernel, cut short, or in a form that nothing here can unpack. */
	| "image"
	/** A program or package is missing on this machine. */
	| "missing"
	/** The name is not in the catalogue, or cannot be fetched. */
	| "catalogue"
	/** The disk is full or a directory cannot be written. */
	| "storage"
	/** QEMU refused to start. */
	| "qemu"
	/** No attempt to boot reached the agent. */
	| "boot"
	/** A saved guest can't be made, or can't be used. */
	| "state"
	/** A value from the caller is not allowed. */
	| "usage"
	/** The caller's signal ended it. */
	| "aborted";

/** An error of this room: the message says what was wrong and where, `hint` what to do next. */
export class VmError extends Error {
	override readonly name: string = "VmError";
	readonly kind: VmErrorKind;
	readonly hint: string | undefined;

	constructor(
		kind: VmErrorKind,
		message: string,
		options: { hint?: string; cause?: unknown } = {},
	) {
		super(
			options.hint ? `${message}; ${options.hint}` : message,
			options.cause === undefined ? undefined : { cause: options.cause },
		);
		this.kind = kind;
		this.hint = options.hint;
	}
}

/** An error's message, whatever was thrown. */
export function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** The errno name of a system error, `""` for anything else. */
export function errnoOf(error: unknown): string {
	const code = (error as { code?: unknown } | null)?.code;
	return typeof code === "string" ? code : "";
}
