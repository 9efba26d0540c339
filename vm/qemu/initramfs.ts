/** An initramfs (cpio, "newc" format) written in memory: no root, no external tools, the same bytes for the same entries. */
import { gzipSync } from "node:zlib";
import { VmError } from "../base/errors.js";

/** One member. Parent directories are made where they are not named. */
export type InitramfsEntry =
	| { type: "file"; path: string; data: Uint8Array; mode?: number }
	| { type: "dir"; path: string; mode?: number }
	| { type: "symlink"; path: string; target: string }
	| {
			type: "chardev";
			path: string;
			major: number;
			minor: number;
			mode?: number;
	  };

const TYPE_BITS = {
	file: 0o100000,
	dir: 0o040000,
	symlink: 0o120000,
	chardev: 0o020000,
} as const;

const DEFAULT_MODE = {
	file: 0o644,
	dir: 0o755,
	symlink: 0o777,
	chardev: 0o600,
} as const;

function normalise(path: string): string {
	const clean = path.replace(/^\/+/, "");
	const parts = clean.split("/");
	if (
		path.includes("\0") ||
		parts.some((part) => part === "" || part === "." || part === "..")
	)
		throw new VmError(
			"usage",
			`initramfs: ${JSON.stringify(path)} is not a plain path`,
		);
	return clean;
}

function pad4(length: number): Buffer {
	return Buffer.alloc((4 - (length % 4)) % 4);
}

/** A member's record. Fields are eight hex digits each (kernel: Documentation/driver-api/early-userspace/buffer-format.rst). */
function record(
	ino: number,
	name: string,
	mode: number,
	data: Uint8Array,
	device: [number, number],
	links: number,
): Buffer[] {
	const nameBytes = Buffer.from(`${name}\0`);
	const fields = [
		ino,
		mode,
		0, // uid
		0, // gid
		links,
		0, // mtime: always the epoch, so that equal entries give equal bytes
		data.length,
		0, // the archive's own device
		0,
		device[0],
		device[1],
		nameBytes.length,
		0, // checksum, unused in "newc"
	];
	const header = Buffer.from(
		`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`,
	);
	return [
		header,
		nameBytes,
		pad4(header.length + nameBytes.length),
		Buffer.from(data.buffer, data.byteOffset, data.byteLength),
		pad4(data.length),
	];
}

function contentOf(entry: InitramfsEntry): Uint8Array {
	if (entry.type === "file") return entry.data;
	return Buffer.from(entry.type === "symlink" ? entry.target : "");
}

/** The directories above a path, outermost first. */
function parentsOf(path: string): string[] {
	const parts = path.split("/").slice(0, -1);
	return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}

/** The entries under their final names, with the missing directories before what needs them. */
function withParents(
	entries: Iterable<InitramfsEntry>,
): Map<string, InitramfsEntry> {
	const all = new Map<string, InitramfsEntry>();
	for (const entry of entries) {
		const path = normalise(entry.path);
		for (const parent of parentsOf(path)) {
			if (!all.has(parent)) all.set(parent, { type: "dir", path: parent });
		}
		if (all.has(path) && entry.type !== "dir")
			throw new VmError("usage", `initramfs: ${path} is named twice`);
		all.set(path, entry);
	}
	return all;
}

/**
 * The archive that holds these entries, owned by root.
 * @throws VmError (usage) for a path that is not plain or is named twice.
 */
export function buildInitramfs(
	entries: Iterable<InitramfsEntry>,
	options: { gzip?: boolean } = {},
): Buffer {
	const chunks: Buffer[] = [];
	let ino = 1;
	for (const [path, entry] of withParents(entries)) {
		const mode =
			TYPE_BITS[entry.type] |
			(entry.type === "symlink"
				? DEFAULT_MODE.symlink
				: (entry.mode ?? DEFAULT_MODE[entry.type]));
		const device: [number, number] =
			entry.type === "chardev" ? [entry.major, entry.minor] : [0, 0];
		const links = entry.type === "dir" ? 2 : 1;
		chunks.push(...record(ino++, path, mode, contentOf(entry), device, links));
	}
	chunks.push(...record(0, "TRAILER!!!", 0, Buffer.alloc(0), [0, 0], 1));
	const archive = Buffer.concat(chunks);
	return options.gzip ? gzipSync(archive, { level: 1 }) : archive;
}

/** Where the agent reads the name of its port; the command line carries it too, but need not. */
export const CHANNEL_FILE = "crcap/channel";

/**
 * What every guest starts with: the agent as `/init`, a console for its first words, mount points, and the name of the
 * device on which it talks to the runner.
 */
export function agentEntries(
	agent: Uint8Array,
	channelDevice: string,
): InitramfsEntry[] {
	return [
		{ type: "file", path: "init", data: agent, mode: 0o755 },
		{ type: "chardev", path: "dev/console", major: 5, minor: 1 },
		{ type: "chardev", path: "dev/null", major: 1, minor: 3, mode: 0o666 },
		{ type: "dir", path: "proc" },
		{ type: "dir", path: "sys" },
		{ type: "dir", path: "tmp", mode: 0o1777 },
		{
			type: "file",
			path: CHANNEL_FILE,
			data: Buffer.from(`${channelDevice}\n`),
		},
	];
}
