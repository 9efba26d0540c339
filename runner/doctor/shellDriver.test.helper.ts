/** `crcap run --shell` as a person uses it, who also asks the doctor there. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Dialogue } from "../shell/dialogue.test.helper.js";
import type { Diagnosis } from "./diagnosis.js";

const MAIN = fileURLToPath(new URL("../cli/main.js", import.meta.url));

export class ShellDriver extends Dialogue {
	readonly exited: Promise<number | null>;
	readonly #child: ChildProcess;

	/** On a pseudo-terminal, which script(1) makes. */
	constructor(kernel: string, ...options: string[]) {
		const words = [process.execPath, MAIN, "run", "--shell", "--accel", "tcg"];
		const command = [...words, "--kernel", kernel, ...options].join(" ");
		const child = spawn("script", ["-qec", command, "/dev/null"], {
			stdio: ["pipe", "pipe", "inherit"],
		});
		const exited = new Promise<number | null>((resolve) => {
			child.once("exit", resolve);
		});
		super((text) => void child.stdin.write(text), exited);
		child.stdout.on("data", (bytes: Buffer) => this.hear(bytes));
		this.#child = child;
		this.exited = exited;
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
