/** Standard output whose reader may go away: `| head` is no crash. */
import { Writable } from "node:stream";

/** Ignores readers that have gone; every other trouble with standard output is still an error. */
export function tolerateClosedStdout(): void {
	process.stdout.on("error", (error: NodeJS.ErrnoException) => {
		if (error.code !== "EPIPE") throw error;
	});
	// Where even errors can't be told, there is nobody to tell.
	process.stderr.on("error", () => {});
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
			.on("error", reject)
			.end(text, () => resolve());
	});
}
