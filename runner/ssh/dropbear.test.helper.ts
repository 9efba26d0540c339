/**
 * A board: a QEMU guest whose dropbear answers on its second serial port, with busybox for everything else, as small systems have it.
 * No stock kernel has a network card's driver without modules.
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import {
	guestProgram,
	type InitramfsEntry,
	type Machine,
	type ProgramSource,
} from "../../vm/index.js";
import { startSystem, systemFile } from "../shell/system.test.helper.js";

export const DROPBEAR: ProgramSource = {
	name: "dropbear",
	suite: "bookworm",
	package: "dropbear-bin",
	program: "usr/sbin/dropbear",
};

export interface Board {
	/** A folder for the front of the search path: its `ssh` knows the board, under the name `board`. */
	readonly path: string;
	/** What a shell on its console prints to this line. */
	ask(line: string): Promise<string>;
	stop(): Promise<void>;
}

/** @param folder for keys and sockets, which must be there and private */
export async function startBoard(
	kernel: string,
	machine: Machine,
	folder: string,
): Promise<Board> {
	makeKeys(folder);
	const files = await filesOf(machine, folder);
	const system = await startSystem(kernel, machine, files);
	let bridge: Server | undefined;
	const stop = async (): Promise<void> => {
		bridge?.close();
		await system.stop();
	};
	try {
		for (const line of setUp(machine.channel.device)) await system.ask(line);
		bridge = await bridgeTo(system.port, join(folder, "port"));
		return { path: folder, ask: system.ask, stop };
	} catch (error) {
		await stop();
		throw error;
	}
}

async function filesOf(
	machine: Machine,
	folder: string,
): Promise<InitramfsEntry[]> {
	const dropbear = await guestProgram(DROPBEAR, machine.arch);
	if (dropbear === undefined)
		throw new Error(`Debian has no dropbear for ${machine.arch}`);
	return [
		...dropbear.files.map((one) => ({ type: "file", ...one }) as const),
		systemFile("etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
		systemFile("etc/group", "root:x:0:\n"),
		systemFile(
			"root/.ssh/authorized_keys",
			readFileSync(join(folder, "user.pub")),
			0o600,
		),
	];
}

/** What a board's boot scripts would do. Each connection is carried between the port and the loopback. */
const setUp = (port: string): string[] => [
	"dmesg -n 1",
	"ifconfig lo up",
	"mkdir -p /etc/dropbear /var/run",
	"chmod 700 /root /root/.ssh",
	"/usr/sbin/dropbear -R -E -s -p 127.0.0.1:22 2>/var/run/log",
	`stty -F ${port} raw -echo`,
	`(while :; do nc 127.0.0.1 22 <${port} >${port} 2>&1; done) & true`,
];

/** One socket on the disk for the port: whoever connects is on the line. */
async function bridgeTo(port: Duplex, path: string): Promise<Server> {
	const server = createServer((socket) => {
		socket.on("error", () => socket.destroy());
		const hear = (bytes: Buffer): void => void socket.write(bytes);
		port.on("data", hear);
		socket.on("data", (bytes) => void port.write(bytes));
		socket.on("close", () => port.off("data", hear));
	});
	server.listen(path);
	await once(server, "listening");
	return server;
}

function makeKeys(folder: string): void {
	spawnSync("ssh-keygen", [
		...["-q", "-t", "ed25519", "-N", ""],
		...["-f", join(folder, "user")],
	]);
	writeFileSync(
		join(folder, "carry.mjs"),
		`import { connect } from "node:net";
const port = connect(${JSON.stringify(join(folder, "port"))});
process.stdin.pipe(port).pipe(process.stdout);
`,
	);
	writeFileSync(
		join(folder, "ssh_config"),
		`Host board
ProxyCommand "${process.execPath}" "${join(folder, "carry.mjs")}"
IdentityFile "${join(folder, "user")}"
UserKnownHostsFile /dev/null
StrictHostKeyChecking no
LogLevel ERROR
`,
	);
	writeFileSync(
		join(folder, "ssh"),
		`#!/bin/sh\nexec /usr/bin/ssh -F '${folder}/ssh_config' "$@"\n`,
	);
	chmodSync(join(folder, "ssh"), 0o755);
}
