/** A real OpenSSH server on the loopback, in a mount namespace of its own: with its own /tmp, home folders and one user more. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
	chmodSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { t } from "tap";
import { shortFolder } from "../../testing/shortFolder.test.helper.js";

const SSHD = "/usr/sbin/sshd";
const USER = { name: "crcap-test", uid: 47_110 };

/** Why there can be no server here; false where there can. */
export function noServer(): string | false {
	if (process.getuid?.() !== 0) return "a server for other users takes root";
	if (spawnSync("unshare", ["--mount", "true"]).status !== 0)
		return "this machine lets nobody have a mount namespace";
	return spawnSync(SSHD, ["-V"]).error ? `there is no ${SSHD}` : false;
}

/** The folders that the agent may look at, each with a file system of its own there. */
export const FOLDERS = ["/tmp", "/root", "/var/tmp", "/dev/shm", "/run"];

/** What embedded systems have: nothing can be written but what is lost at power-off, and what anyone can write runs nothing. */
export const SEALED = {
	"/": "ro",
	"/root": "ro",
	"/var/tmp": "ro",
	"/tmp": "noexec",
};

export interface Server {
	/** For `--ssh`. */
	readonly root: string;
	readonly user: string;
	/** An `ssh` that knows this server's keys, and the search path on which it is the first. */
	readonly ssh: string;
	readonly path: string;
	/** Files and folders that the agent left there. */
	left(): string[];
	/** Processes behind the server that are not its own. */
	running(): number[];
	/** Ends the connections: both sides are told. */
	cut(): void;
	/** Nothing comes through the connections any more, and nobody is told: a pulled cable. Only cut() ends them. */
	freeze(): void;
}

/** @param options of the mounts at those folders, e.g. `noexec`; of `/`, of the root's own */
export async function withServer(
	use: (server: Server) => Promise<void>,
	options: Record<string, string> = {},
): Promise<void> {
	await serving(use, (folder) => setUp(folder, options));
}

/**
 * A server that a script becomes, in a mount namespace of its own.
 * @param script of a shell, for keys in this folder and a server at this port of the loopback
 */
export async function serving(
	use: (server: Server) => Promise<void>,
	script: (folder: string, port: number) => string | Promise<string>,
): Promise<void> {
	const folder = shortFolder(t, 0o755);
	const port = await freePort();
	writeKeys(folder, port);
	const child = spawn(
		"unshare",
		[
			...["--mount", "--propagation", "private"],
			...["sh", "-ec", await script(folder, port)],
		],
		{ stdio: "ignore" },
	);
	try {
		await answering(port, child);
		await use(serverOf(child.pid as number, folder));
	} finally {
		const rest = inNamespaceOf(child.pid as number);
		child.kill("SIGKILL");
		for (const pid of rest) send(pid, "SIGKILL");
	}
}

function writeKeys(folder: string, port: number): void {
	for (const name of ["host", "user"])
		spawnSync("ssh-keygen", [
			...["-q", "-t", "ed25519", "-N", ""],
			...["-f", join(folder, name)],
		]);
	writeFileSync(
		join(folder, "sshd_config"),
		`Port ${port}
ListenAddress 127.0.0.1
HostKey ${folder}/host
AuthorizedKeysFile ${folder}/user.pub
StrictModes no
UsePAM no
PidFile none
PermitRootLogin yes
`,
	);
	writeFileSync(
		join(folder, "ssh_config"),
		`Host board
HostName 127.0.0.1
Port ${port}
IdentityFile ${folder}/user
UserKnownHostsFile /dev/null
StrictHostKeyChecking no
LogLevel ERROR
`,
	);
	const ssh = join(folder, "ssh");
	writeFileSync(
		ssh,
		`#!/bin/sh\nexec /usr/bin/ssh -F ${folder}/ssh_config "$@"\n`,
	);
	chmodSync(ssh, 0o755);
}

/** What happens in the namespace before the server is there. */
function setUp(folder: string, options: Record<string, string>): string {
	const { name, uid } = USER;
	return [
		`cp /etc/passwd ${folder}/passwd; cp /etc/shadow ${folder}/shadow`,
		`echo '${name}:x:${uid}:${uid}::/nonexistent:/bin/sh' >>${folder}/passwd`,
		`echo '${name}:*:19000:0:99999:7:::' >>${folder}/shadow`,
		`mount --bind ${folder}/passwd /etc/passwd`,
		`mount --bind ${folder}/shadow /etc/shadow`,
		// Its own folder is in /tmp, which will be another one.
		"mkdir -p /mnt; mount -t tmpfs none /mnt; mkdir /mnt/keep",
		`mount --bind ${folder} /mnt/keep`,
		...FOLDERS.map(
			(folder) =>
				`mount -t tmpfs -o mode=1777,${options[folder] ?? options.all ?? "rw"} none ${folder}`,
		),
		`if test -w /tmp; then mkdir -p ${folder}; mount --bind /mnt/keep ${folder}; fi`,
		"if ! mkdir -p /run/sshd 2>/dev/null; then mount -o remount,rw /run; mkdir -p /run/sshd; mount -o remount,ro /run; fi",
		"chmod 755 /run/sshd",
		`sed 's,${folder},/mnt/keep,g' /mnt/keep/sshd_config >/mnt/sshd_config`,
		...(options["/"] === undefined
			? []
			: [`mount -o remount,bind,${options["/"]} /`]),
		`exec ${SSHD} -D -f /mnt/sshd_config -E /mnt/keep/sshd.log`,
	].join("\n");
}

function serverOf(pid: number, folder: string): Server {
	return {
		root: "root@board",
		user: `${USER.name}@board`,
		ssh: join(folder, "ssh"),
		path: `${folder}:${process.env.PATH}`,
		left: () =>
			FOLDERS.flatMap((folder) =>
				readdirSync(`/proc/${pid}/root${folder}`)
					.filter((name) => name.startsWith("crcap-crcap"))
					.map((name) => join(folder, name)),
			),
		running: () =>
			inNamespaceOf(pid).filter((one) => one !== pid && !isServer(one)),
		cut: () => signalServers(pid, "SIGKILL"),
		freeze: () => signalServers(pid, "SIGSTOP"),
	};
}

/** To the server's processes for its connections. */
function signalServers(pid: number, signal: NodeJS.Signals): void {
	for (const one of inNamespaceOf(pid))
		if (one !== pid && isServer(one)) send(one, signal);
}

function isServer(pid: number): boolean {
	try {
		return /^(?:sshd|dropbear)/.test(readFileSync(`/proc/${pid}/comm`, "utf8"));
	} catch {
		return true;
	}
}

/** Every process with the server's mounts. */
function inNamespaceOf(pid: number): number[] {
	const namespace = mounts(pid);
	if (namespace === undefined) return [];
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.map(Number)
		.filter((one) => mounts(one) === namespace);
}

function mounts(pid: number): string | undefined {
	try {
		return readlinkSync(`/proc/${pid}/ns/mnt`);
	} catch {
		return undefined;
	}
}

function send(pid: number, signal: NodeJS.Signals): void {
	try {
		process.kill(pid, signal);
	} catch {
		// It is gone already.
	}
}

async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	const address = server.address();
	await new Promise((done) => server.close(done));
	return typeof address === "object" && address !== null ? address.port : 0;
}

async function answering(port: number, child: ChildProcess): Promise<void> {
	for (let look = 0; look < 200; look++) {
		if (child.exitCode !== null) break;
		const there = await new Promise<boolean>((done) => {
			const socket = connect(port, "127.0.0.1");
			socket.once("data", () => done(true));
			socket.once("error", () => done(false));
			socket.once("data", () => socket.destroy());
		});
		if (there) return;
		await sleep(50);
	}
	throw new Error("the server did not come up");
}

/** Waits until something holds; a test that waits for ever has its own limit. */
export async function until(holds: () => boolean): Promise<void> {
	while (!holds()) await sleep(20);
}
