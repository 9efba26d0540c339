/**
 * Where QEMU sends a guest's state: a listening socket that has no name any more. QEMU reaches it through a descriptor that it
 * inherits, so nothing is on disk that an interrupted run could leave behind, and nobody else can connect.
 */
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf, VmError } from "../base/errors.js";

/** Linux's O_PATH, which Node does not name: the socket itself, not what it is connected to. */
const O_PATH = 0o10000000;
/** A state without the memory is some 300 KiB; more than this is none, bytes. */
const MAX_STATE = 64 * 1024 * 1024;

export class StatePort {
	/** The socket's descriptor, for QEMU to inherit. */
	readonly fd: number;
	readonly #server: Server;
	readonly #dir: number;
	#open = true;

	/** @throws VmError (storage) where no socket can be made */
	constructor() {
		let dir: string | undefined;
		let opened: number | undefined;
		this.#server = createServer({ pauseOnConnect: true });
		this.#server.on("error", () => {});
		try {
			dir = mkdtempSync(join(tmpdir(), "crcap-"));
			opened = openSync(dir, O_PATH);
			// Through the descriptor: a socket's own path may have 107 bytes, and Node.js cuts a longer one without a word.
			const path = `/proc/self/fd/${opened}/state`;
			// Bound at once; what fails is told later, and missed by the line below.
			this.#server.listen(path).unref();
			this.fd = openSync(path, O_PATH);
			this.#dir = opened;
		} catch (cause) {
			this.#server.close();
			if (opened !== undefined) closeSync(opened);
			throw new VmError(
				"storage",
				`no socket can be made in ${tmpdir()}: ${messageOf(cause)}`,
				{ cause, hint: "point TMPDIR to a directory that can be written" },
			);
		} finally {
			if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
		}
	}

	/** All that comes until QEMU is done. Rejects for what is too long. */
	receive(): Promise<Buffer> {
		return new Promise((resolve, reject) => {
			this.#server.once("connection", (socket: Socket) => {
				const chunks: Buffer[] = [];
				let bytes = 0;
				socket.on("data", (chunk: Buffer) => {
					chunks.push(chunk);
					bytes += chunk.length;
					if (bytes > MAX_STATE)
						socket.destroy(
							new Error(
								`more than ${MAX_STATE} bytes came: it sends the guest's memory along`,
							),
						);
				});
				socket.once("error", reject);
				socket.once("end", () => resolve(Buffer.concat(chunks)));
				socket.resume();
			});
		});
	}

	/** Harmless where it is closed. */
	close(): void {
		if (!this.#open) return;
		this.#open = false;
		// It unlinks the path, which is of the directory's descriptor.
		this.#server.close();
		closeSync(this.#dir);
		closeSync(this.fd);
	}
}
