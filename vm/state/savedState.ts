/** A guest as it stood at the agent's `ready`, before it was asked anything: any number of copies can go on from there. */
import { closeSync } from "node:fs";

/** What is saved of a guest beside its memory. */
export interface StateParts {
	/** All of the machine but its memory, as QEMU wrote it. */
	readonly device: Buffer;
	/** What the agent had said: hello, facts, ready. */
	readonly words: readonly string[];
	/** What the console had shown. */
	readonly console: Buffer;
	/** When it was saved, milliseconds since 1970. */
	readonly savedAt: number;
}

export class SavedState implements StateParts {
	readonly device: Buffer;
	readonly words: readonly string[];
	readonly console: Buffer;
	readonly savedAt: number;
	/** The guest's memory, an open file that nobody writes any more. */
	readonly ram: number;
	/**
	 * Resolves to whether memory and the rest are what was saved. A copy may come up meanwhile, but nothing that it says counts
	 * before that.
	 */
	readonly sound: Promise<boolean>;
	#open = true;

	/** @param ram an open file, which is closed with the state */
	constructor(
		parts: StateParts,
		ram: number,
		sound: Promise<boolean> = Promise.resolve(true),
	) {
		this.device = parts.device;
		this.words = parts.words;
		this.console = parts.console;
		this.savedAt = parts.savedAt;
		this.ram = ram;
		this.sound = sound;
	}

	/** No copy can be made any more; those that run go on. Harmless where it is closed. */
	close(): void {
		if (!this.#open) return;
		this.#open = false;
		void this.sound.finally(() => closeSync(this.ram));
	}
}
