/** A stream of bytes, read in pieces of the reader's own sizes. Nothing is held but the chunk at hand. */

export class Pieces {
	/** Bytes read so far. */
	position = 0;
	readonly #chunks: AsyncIterator<Uint8Array>;
	#rest: Buffer = Buffer.alloc(0);

	constructor(chunks: AsyncIterable<Uint8Array>) {
		this.#chunks = chunks[Symbol.asyncIterator]();
	}

	/** True where nothing follows. */
	async ended(): Promise<boolean> {
		while (this.#rest.length === 0) {
			const next = await this.#chunks.next();
			if (next.done) return true;
			const { buffer, byteOffset, byteLength } = next.value;
			this.#rest = Buffer.from(buffer, byteOffset, byteLength);
		}
		return false;
	}

	/** The next so many bytes, as they come. @throws Error where the stream ends before. */
	async *pass(length: number): AsyncIterable<Buffer> {
		const end = this.position + length;
		while (this.position < end) {
			if (await this.ended()) throw new Error("it is cut short");
			const piece = this.#rest.subarray(0, end - this.position);
			this.#rest = this.#rest.subarray(piece.length);
			this.position += piece.length;
			yield piece;
		}
	}

	/** The next so many bytes at once: for what is known to be small. Throws as pass() does. */
	async take(length: number): Promise<Buffer> {
		const pieces: Buffer[] = [];
		for await (const piece of this.pass(length)) pieces.push(piece);
		return Buffer.concat(pieces);
	}

	/** Passes over what lies before a position. */
	async skipTo(position: number): Promise<void> {
		for await (const _ of this.pass(position - this.position));
	}

	/** Reads the rest, whose end is worth knowing: packed data tell only there that they are whole. */
	async drain(): Promise<void> {
		while (!(await this.ended())) {
			this.position += this.#rest.length;
			this.#rest = this.#rest.subarray(this.#rest.length);
		}
	}
}
