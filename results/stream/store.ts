/** Text set aside until its turn, in memory while it is little and in an unlinked temporary file beyond. */
import {
	closeSync,
	mkdtempSync,
	openSync,
	readSync,
	rmSync,
	writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Bytes kept in memory before a file is used. */
const IN_MEMORY = 8 * 1024 * 1024;

/** The file is read in pieces of this many bytes. */
const READ = 262144;

/** Where a piece of text is: itself, or its place in the file. */
export type Ref = string | { at: number; bytes: number };

export class TextStore {
	#limit: number;
	#held = 0;
	#fd: number | undefined;
	#end = 0;

	constructor(limit: number = IN_MEMORY) {
		this.#limit = limit;
	}

	/** Sets text aside. Where no file can be had, memory it is: a run is not lost for a full temporary directory. */
	add(text: string): Ref {
		if (this.#held + text.length > this.#limit) {
			try {
				return this.#write(Buffer.from(text));
			} catch {
				this.#limit = Number.POSITIVE_INFINITY;
			}
		}
		this.#held += text.length;
		return text;
	}

	#write(data: Buffer): Ref {
		const at = this.#end;
		this.#fd ??= openUnlinked();
		for (let done = 0; done < data.length; ) {
			done += writeSync(this.#fd, data, done, data.length - done, at + done);
		}
		this.#end += data.length;
		return { at, bytes: data.length };
	}

	/** Gives the text that this refers to, from memory or from the file. */
	get(ref: Ref): string {
		if (typeof ref === "string") return ref;
		const data = Buffer.alloc(ref.bytes);
		for (let done = 0; done < ref.bytes; ) {
			const count = readSync(
				this.#fd ?? -1,
				data,
				done,
				Math.min(READ, ref.bytes - done),
				ref.at + done,
			);
			if (count === 0)
				throw new Error(
					"a temporary file of this run was cut short by someone else",
				);
			done += count;
		}
		return data.toString();
	}

	/** Forgets text that was in memory, making space for more. */
	drop(ref: Ref): void {
		if (typeof ref === "string") this.#held -= ref.length;
	}

	/** Gives memory and file back. */
	close(): void {
		if (this.#fd !== undefined) closeSync(this.#fd);
		this.#fd = undefined;
		this.#held = 0;
		this.#end = 0;
	}
}

/** A file that has no name any more, so that nothing stays behind however the process ends. */
function openUnlinked(): number {
	const dir = mkdtempSync(join(tmpdir(), "crcap-"));
	try {
		return openSync(join(dir, "spool"), "wx+", 0o600);
	} finally {
		rmSync(dir, { recursive: true, force: true });
	}
}
