/** A person at a guest's shell: types a line, reads what comes of it. */
import { setTimeout as sleep } from "node:timers/promises";

/** A guest that says nothing for so long waits for something else than this. */
const SILENCE_MS = 180_000;

/** How often a prompt is asked for, and how long it may take, milliseconds. */
const LOOKS = 60;
const LOOK_MS = 1000;

export class Dialogue {
	readonly type: (text: string) => void;
	readonly #gone: Promise<unknown>;
	#said = "";
	#heard = () => {};

	/**
	 * @param type sends what is typed
	 * @param gone settles once the guest has ended
	 */
	constructor(type: (text: string) => void, gone: Promise<unknown>) {
		this.type = type;
		this.#gone = gone;
		void gone.then(() => this.#heard());
	}

	/** Takes what the terminal shows. */
	hear(bytes: Buffer): void {
		this.#said += bytes.toString("latin1");
		this.#heard();
	}

	/** What was said up to this, which is taken away. @throws where the guest has gone without a word of it */
	async until(pattern: RegExp): Promise<RegExpExecArray & { before: string }> {
		let gone = false;
		void this.#gone.then(() => {
			gone = true;
		});
		for (;;) {
			const found = pattern.exec(this.#said);
			if (found !== null) {
				const before = this.#said.slice(0, found.index);
				this.#said = this.#said.slice(found.index + found[0].length);
				return Object.assign(found, { before });
			}
			if (gone) throw new Error(`it ended: ${this.#said.slice(-2000)}`);
			const heard = new Promise<true>((resolve) => {
				this.#heard = () => resolve(true);
			});
			if (
				!(await Promise.race([heard, sleep(SILENCE_MS, false, { ref: false })]))
			)
				throw new Error(`it says no more: ${this.#said.slice(-2000)}`);
		}
	}

	/** Waits for a shell that answers: a serial port may lose what comes before. */
	async ready(): Promise<void> {
		await this.until(/this is a shell/);
		for (let look = 0; look < LOOKS; look++) {
			this.type("\r");
			await sleep(LOOK_MS);
			if (/# [\s\S]*\n# /.test(this.#said)) return;
		}
		throw new Error(`there is no prompt: ${this.#said.slice(-2000)}`);
	}

	/** Runs a line there. What the terminal echoes has no digits where the answer has its status. */
	async run(line: string): Promise<{ status: number; output: string }> {
		this.type(`${line}; echo "<<$?>>"\r`);
		const { 1: status, before } = await this.until(/<<(\d+)>>/);
		return { status: Number(status), output: before.replaceAll("\r", "") };
	}
}
