/** What `--keep DIR` leaves: console, channel, initramfs and the script that boots the same guest. */
import { closeSync, openSync, renameSync, writeSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { makeDirs } from "../base/cache.js";
import { messageOf, VmError } from "../base/errors.js";
import type { GuestSpec } from "../qemu/arguments.js";
import { replayScript } from "./replay.js";

/** A log that a guest floods stops growing here, bytes. */
const MAX_LOG = 256 * 1024 * 1024;

export class Keeper {
	/** Where the initramfs was left; undefined when nothing is kept. */
	readonly initramfsPath: string | undefined;
	#dir: string | undefined;
	#fds: { console: number; channel: number } | undefined;
	#written = 0;

	private constructor(dir: string | undefined) {
		this.#dir = dir;
		this.initramfsPath = dir && join(dir, "initramfs.cpio");
	}

	/** Prepares the directory. @throws VmError (storage) when it cannot be written. */
	static async open(
		dir: string | undefined,
		guest: {
			program: string;
			spec: Omit<GuestSpec, "initrd">;
			initramfs: Uint8Array;
		},
	): Promise<Keeper> {
		const keeper = new Keeper(dir === undefined ? undefined : resolve(dir));
		if (keeper.#dir === undefined || !keeper.initramfsPath) return keeper;
		try {
			await makeDirs(keeper.#dir);
			await writeFile(keeper.initramfsPath, guest.initramfs);
			const script = join(keeper.#dir, "boot.sh");
			await writeFile(
				script,
				replayScript(guest.program, guest.spec, keeper.initramfsPath),
			);
			await chmod(script, 0o755);
		} catch (cause) {
			throw keeper.#error(cause);
		}
		return keeper;
	}

	/** Starts fresh logs; those of an earlier attempt are kept beside them. */
	beginAttempt(attempt: number): void {
		if (this.#dir === undefined) return;
		const dir = this.#dir;
		const fresh = (name: string) => {
			const path = join(dir, `${name}.log`);
			if (attempt > 1)
				renameSync(path, join(dir, `${name}.attempt${attempt - 1}.log`));
			return openSync(path, "w");
		};
		try {
			this.#fds = { console: fresh("console"), channel: fresh("channel") };
		} catch (cause) {
			throw this.#error(cause);
		}
	}

	console(bytes: Buffer): void {
		this.#write("console", bytes);
	}

	channel(bytes: Buffer): void {
		this.#write("channel", bytes);
	}

	endAttempt(): void {
		if (!this.#fds) return;
		closeSync(this.#fds.console);
		closeSync(this.#fds.channel);
		this.#fds = undefined;
	}

	/** A full disk costs the log, not the run. */
	#write(which: "console" | "channel", bytes: Buffer): void {
		if (!this.#fds || this.#written > MAX_LOG) return;
		this.#written += bytes.length;
		try {
			writeSync(this.#fds[which], bytes);
		} catch {
			this.endAttempt();
		}
	}

	#error(cause: unknown): VmError {
		return new VmError(
			"storage",
			`nothing can be kept in ${this.#dir}: ${messageOf(cause)}`,
			{ cause, hint: "name a directory that can be written" },
		);
	}
}
