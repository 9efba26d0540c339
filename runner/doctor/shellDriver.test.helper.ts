/** A person at a guest's shell: types a line, reads what comes of it. */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Diagnosis } from "./diagnosis.js";

/** A guest that says nothing for so long waits for something else than this. */
const SILENCE_MS = 120_000;

/** So often a prompt is asked for, and so long it may take, milliseconds. */
const LOOKS = 60;
const LOOK_MS = 1000;

const MAIN = fileURLToPath(new URL("../cli/main.js", import.meta.url));

export class ShellDriver {
	readonly exited: Promise<number | null>;
	#child: ChildProcess;
	#said = "";
	#heard = () => {};

	/** `crcap run --shell` on a pseudo-terminal, which script(1) makes. */
	constructor(kernel: string) {
		const words = [process.execPath, MAIN, "run", "--shell", "--accel", "tcg"];
		const command = [...words, "--kernel", kernel].join(" ");
		this.#child = spawn("script", ["-qec", command, "/dev/null"], {
			stdio: ["pipe", "pipe", "inherit"],
		});
		this.#child.stdout?.on("data", (bytes: Buffer) => {
			this.#said += bytes.toString("latin1");
			this.#heard();
		});
		this.exited = new Promise((resolve) => {
			this.#child.once("exit", (code) => {
				resolve(code);
				this.#heard();
			});
		});
	}

	type(text: string): void {
		this.#child.stdin?.write(text);
	}

	/** What was said up to this, which is taken away. @throws where the guest has gone without a word of it */
	async until(pattern: RegExp): Promise<RegExpExecArray & { before: string }> {
		let gone = false;
		void this.exited.then(() => {
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

	/** What the doctor says there to `command --doctor --json`. */
	async diagnose(command: string): Promise<Diagnosis> {
		const { output } = await this.run(command);
		const json = output.split("\n").findLast((text) => text.startsWith("{"));
		if (json === undefined) throw new Error(`${command}: ${output}`);
		return JSON.parse(json) as Diagnosis;
	}

	/** Ends it, if it has not ended. */
	kill(): void {
		this.#child.kill("SIGKILL");
	}
}
