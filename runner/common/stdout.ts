/** Writes to standard output, and treats a reader that leaves early (`| head`) as no failure. */
import { Writable } from "node:stream";

let trouble: Error | undefined;

/** Keeps trouble with standard output from ending the process: whoever writes is told of it, and a reader that left is none. */
export function tolerateClosedStdout(): void {
	process.stdout.on("error", (error: NodeJS.ErrnoException) => {
		if (error.code !== "EPIPE") trouble ??= error;
	});
	// A closed standard error leaves no way to report anything, so its errors are ignored.
	process.stderr.on("error", () => {});
}

/** What went wrong with standard output so far, also for what was printed without waiting, such as help. */
export function stdoutTrouble(): Error | undefined {
	return trouble && writeError("standard output", trouble);
}

/** A stream onto standard output that may be ended, keeps its backpressure, and drops what nobody reads any more. */
export function stdoutStream(): Writable {
	let gone = false;
	return new Writable({
		decodeStrings: false,
		write(chunk, encoding, done) {
			if (gone) {
				done();
				return;
			}
			process.stdout.write(chunk, encoding, (error) => {
				gone ||= (error as NodeJS.ErrnoException | null)?.code === "EPIPE";
				done(gone ? null : error);
			});
		},
	});
}

/** Prints a text and waits until it is out of our hands. */
export function print(text: string): Promise<void> {
	return new Promise((resolve, reject) => {
		stdoutStream()
			.on("error", (error) => reject(writeError("standard output", error)))
			.end(text, () => resolve());
	});
}

/** What could not be written, and why. */
export function writeError(what: string, cause: unknown): Error {
	const why = cause instanceof Error ? cause.message : String(cause);
	return new Error(`${what} could not be written: ${why}`, { cause });
}
