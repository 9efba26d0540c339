/**
 * Saved guests from run to run. QEMU checks nothing of a state but its layout, and a state shows only in what it makes of a
 * guest: so the key is all that shaped it, and every part has a checksum here.
 */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync } from "node:fs";
import {
	chmod,
	mkdir,
	open,
	readdir,
	readFile,
	rm,
	stat,
	utimes,
	writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { cacheDir, exists, fillAtomically, makeDirs } from "../base/cache.js";
import { errnoOf, messageOf, VmError } from "../base/errors.js";
import { readJsonShape } from "../base/jsonShape.js";
import { hashRam } from "./ram.js";
import { SavedState } from "./savedState.js";

/** All states together take no more than this on the disk, bytes; the one that was used longest ago goes first. */
const MAX_BYTES = 2 * 1024 ** 3;
/** What a state is and how it is kept: another form is another key. */
const FORM = 1;
const NAMES = { ram: "ram", device: "device", manifest: "manifest.json" };

/** The manifest: a text, and its own checksum. */
const SIGNED = { sha256: "string", text: "string" } as const;
/** What the text holds. `words` are lines, `console` is base64, `memory` bytes, `savedAt` milliseconds since 1970. */
const MANIFEST = {
	key: "string",
	label: "string",
	savedAt: "string",
	words: "string",
	console: "string",
	memory: "string",
	device: "string",
	ram: "string",
} as const;

const sha256 = (data: string | Uint8Array): string =>
	createHash("sha256").update(data).digest("hex");

/** The key of a state that all of this shaped. */
export function stateKey(shapers: object): string {
	return sha256(JSON.stringify([FORM, shapers]));
}

const statesDir = (): string => cacheDir("states");

/** The folder, which is the user's alone. */
async function ownDir(): Promise<string> {
	const dir = statesDir();
	await makeDirs(dir);
	await chmod(dir, 0o700);
	return dir;
}

/** A state that can't be used: `what` ends a sentence. */
const unusable = (what: string): VmError =>
	new VmError("state", `the saved state ${what}`);

/**
 * The state under this key; undefined where there is none. Its memory is still being looked at (`sound`).
 * @param memory how many bytes the guest has
 * @throws VmError (state) for one that is damaged or not this user's; it is gone then
 */
export async function findState(
	key: string,
	memory: number,
): Promise<SavedState | undefined> {
	const dir = join(statesDir(), key);
	let ram: number | undefined;
	try {
		if (!(await exists(dir))) return undefined;
		await refuseForeign(dir);
		const manifest = readManifest(
			await readFile(join(dir, NAMES.manifest), "utf8"),
		);
		if (manifest?.key !== key || manifest.memory !== String(memory))
			throw unusable("is damaged: its manifest is not whole");
		const device = await readFile(join(dir, NAMES.device));
		if (sha256(device) !== manifest.device)
			throw unusable("is damaged: the machine's part is not what was saved");
		ram = openRam(join(dir, NAMES.ram), memory);
		const now = new Date();
		await utimes(dir, now, now);
		const sound = hashRam(ram, memory).then(
			(found) => found === manifest.ram,
			() => false,
		);
		const state = new SavedState(
			{
				device,
				words: manifest.words.split("\n"),
				console: Buffer.from(manifest.console, "base64"),
				savedAt: Number(manifest.savedAt),
			},
			ram,
			sound,
		);
		ram = undefined;
		return state;
	} catch (error) {
		if (ram !== undefined) closeSync(ram);
		await forgetState(key);
		if (error instanceof VmError) throw error;
		throw unusable(`can't be read: ${messageOf(error)}`);
	}
}

/** What another user can write may hold anything. */
async function refuseForeign(dir: string): Promise<void> {
	for (const path of [dir, ...Object.values(NAMES).map((n) => join(dir, n))]) {
		const { uid, mode } = await stat(path);
		if (uid !== process.geteuid?.() || (mode & 0o022) !== 0)
			throw unusable("is another user's, or others may write it");
	}
}

/** A descriptor that lives as long as the state. */
function openRam(path: string, memory: number): number {
	// QEMU wants to be able to write, and never does: a copy's writes are its own.
	const fd = openSync(path, "r+");
	if (fstatSync(fd).size === memory) return fd;
	closeSync(fd);
	throw unusable("is damaged: its memory is not as long as the guest's");
}

function readManifest(text: string): Manifest | undefined {
	const signed = readJsonShape(text, SIGNED);
	if (signed === undefined || sha256(signed.text) !== signed.sha256)
		return undefined;
	return readJsonShape(signed.text, MANIFEST);
}

type Manifest = { -readonly [key in keyof typeof MANIFEST]: string };

/**
 * Keeps a state. Runs that keep the same one at once do no harm: the first to finish wins. An interrupted one leaves nothing that
 * another run would take.
 * @param label what it is, for people
 * @param maxBytes what all states may take
 * @throws VmError (storage) where the disk is full or the cache can't be written; VmError (aborted) by the signal
 */
export async function keepState(
	key: string,
	state: SavedState,
	{
		label,
		memory,
		maxBytes = MAX_BYTES,
	}: { label: string; memory: number; maxBytes?: number },
	signal?: AbortSignal,
): Promise<void> {
	const dir = join(statesDir(), key);
	try {
		await removeOrphans(await ownDir());
	} catch (cause) {
		throw new VmError("storage", `the cache ${dir}: ${messageOf(cause)}`);
	}
	await fillAtomically(dir, async (to) => {
		await mkdir(to, { mode: 0o700 });
		await writeFile(join(to, NAMES.device), state.device, { mode: 0o600 });
		const ram = await copyRam(state.ram, join(to, NAMES.ram), memory, signal);
		const manifest: Manifest = {
			key,
			label,
			savedAt: String(state.savedAt),
			words: state.words.join("\n"),
			console: state.console.toString("base64"),
			memory: String(memory),
			device: sha256(state.device),
			ram,
		};
		const text = JSON.stringify(manifest);
		await writeFile(
			join(to, NAMES.manifest),
			JSON.stringify({ sha256: sha256(text), text }),
			{ mode: 0o600 },
		);
	});
	await forgetOldest(maxBytes);
}

async function copyRam(
	from: number,
	path: string,
	memory: number,
	signal: AbortSignal | undefined,
): Promise<string> {
	const file = await open(path, "wx", 0o600);
	try {
		await file.truncate(memory);
		return await hashRam(from, memory, {
			copyTo: file.fd,
			...(signal && { signal }),
		});
	} catch (error) {
		if (!signal?.aborted) throw error;
		throw new VmError("aborted", "interrupted while a state was kept");
	} finally {
		await file.close();
	}
}

/** What a run that was killed left half made: its name tells whose it was. */
async function removeOrphans(dir: string): Promise<void> {
	for (const name of await readdir(dir)) {
		const pid = /\.tmp-(\d+)-/.exec(name)?.[1];
		if (pid === undefined || (await exists(`/proc/${pid}`))) continue;
		await rm(join(dir, name), { recursive: true, force: true });
	}
}

/** Throws a state away. Never rejects. */
export async function forgetState(key: string): Promise<void> {
	const path = join(statesDir(), key);
	await rm(path, { recursive: true, force: true }).catch(() => {});
}

/** A state as it lies in the cache. */
export interface KeptState {
	readonly key: string;
	/** What it is; empty for one that can't be read. */
	readonly label: string;
	/** Milliseconds since 1970. */
	readonly savedAt: number;
	readonly usedAt: number;
	/** What it takes on the disk. */
	readonly bytes: number;
}

/** The states in the cache, the one that was used last first. */
export async function listStates(): Promise<KeptState[]> {
	const states: KeptState[] = [];
	for (const key of await names()) {
		const dir = join(statesDir(), key);
		// Other runs come and go here too.
		const info = await stat(dir).catch(() => undefined);
		if (info === undefined) continue;
		const text = await readFile(join(dir, NAMES.manifest), "utf8").catch(
			() => "",
		);
		const manifest = readManifest(text);
		states.push({
			key,
			label: manifest?.label ?? "",
			savedAt: Number(manifest?.savedAt ?? info.mtimeMs),
			usedAt: info.mtimeMs,
			bytes: await bytesOf(dir),
		});
	}
	return states.sort((a, b) => b.usedAt - a.usedAt);
}

async function names(): Promise<string[]> {
	try {
		const all = await readdir(statesDir());
		return all.filter((name) => /^[0-9a-f]{64}$/.test(name));
	} catch (error) {
		if (errnoOf(error) === "ENOENT") return [];
		throw error;
	}
}

async function bytesOf(dir: string): Promise<number> {
	let bytes = 0;
	for (const name of Object.values(NAMES)) {
		const info = await stat(join(dir, name)).catch(() => undefined);
		bytes += (info?.blocks ?? 0) * 512;
	}
	return bytes;
}

async function forgetOldest(maxBytes: number): Promise<void> {
	let bytes = 0;
	for (const { key, bytes: own } of await listStates()) {
		bytes += own;
		if (bytes > maxBytes) await forgetState(key);
	}
}

/** Throws all states away, and what interrupted runs left of others. */
export async function clearStates(): Promise<void> {
	await rm(statesDir(), { recursive: true, force: true });
}
