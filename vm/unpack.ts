/** Kernels out of packages, without installing them: a .deb through dpkg-deb and tar, an .rpm through cpio. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { makeDirs } from "./cache.js";
import { decompress } from "./decompress.js";
import { errnoOf, messageOf, VmError } from "./errors.js";
import { loadExeca } from "./execa.js";
import { rpmPayload } from "./rpm.js";

/** A kernel found in an unpacked tree. */
export interface Found {
	image: string;
	config?: string;
	release: string | undefined;
}

const NEEDS: Readonly<Record<string, string>> = {
	"dpkg-deb": "dpkg",
	tar: "tar",
	cpio: "cpio",
};

/** Runs `left | right`; both must succeed. */
async function pipe(
	path: string,
	left: readonly [string, ...string[]],
	right: readonly [string, ...string[]],
	cwd: string,
): Promise<void> {
	const errors: string[] = [];
	const start = (
		[program, ...args]: readonly [string, ...string[]],
		stdio: ("ignore" | "pipe")[],
	): [ChildProcess, Promise<void>] => {
		const child = spawn(program, args, { cwd, stdio });
		child.stderr?.on("data", (chunk: Buffer) => {
			if (errors.length < 20) errors.push(chunk.toString());
		});
		const done = new Promise<void>((resolve, reject) => {
			child.once("error", (cause) => reject(toolError(program, cause)));
			child.once("close", (code) =>
				code === 0 ? resolve() : reject(new Error(`${program} failed`)),
			);
		});
		return [child, done];
	};
	const [source, sourceDone] = start(left, ["ignore", "pipe", "pipe"]);
	const [sink, sinkDone] = start(right, ["pipe", "ignore", "pipe"]);
	const flow =
		source.stdout && sink.stdin
			? pipeline(source.stdout, sink.stdin).catch(() => {})
			: Promise.resolve();
	const results = await Promise.allSettled([sourceDone, sinkDone, flow]);
	for (const result of results) {
		if (result.status === "fulfilled") continue;
		if (result.reason instanceof VmError) throw result.reason;
		const detail = errors.join("").trim().split("\n").slice(0, 2).join(" / ");
		if (/No space left on device/.test(detail))
			throw new VmError("storage", `${path} cannot be unpacked: ${detail}`, {
				hint: "free some space, or point XDG_CACHE_HOME to a larger disk",
			});
		throw new VmError(
			"image",
			`${path}: the package is corrupt or cut short (${detail || messageOf(result.reason)})`,
			{ hint: "fetch it again" },
		);
	}
}

function toolError(program: string, cause: Error): Error {
	return errnoOf(cause) === "ENOENT"
		? new VmError("missing", `${program} is needed and not installed`, {
				hint: `install it: apt-get install ${NEEDS[program] ?? program}`,
			})
		: cause;
}

/**
 * Unpacks a .deb without its modules and documentation.
 * @throws VmError: image for a corrupt package, missing for a missing tool, storage for a full disk.
 */
export async function unpackDeb(path: string, dir: string): Promise<void> {
	await makeDirs(dir);
	await pipe(
		path,
		["dpkg-deb", "--fsys-tarfile", path],
		[
			"tar",
			"-x",
			"--no-same-owner",
			"--no-same-permissions",
			"--exclude=*.ko",
			"--exclude=*.ko.*",
			"--exclude=./usr/share",
			"--exclude=./usr/src",
		],
		dir,
	);
}

/** Unpacks the kernel and its configuration from an .rpm; throws as unpackDeb() does. */
export async function unpackRpm(path: string, dir: string): Promise<void> {
	await makeDirs(dir);
	const { offset, compression } = await rpmPayload(path);
	const archive = join(dir, ".payload");
	await decompress({ path, offset }, compression, archive);
	await pipe(
		path,
		["cat", archive],
		[
			"cpio",
			"-idmu",
			"--quiet",
			"--no-absolute-filenames",
			"*vmlinu[xz]*",
			"*Image*",
			"*/config*",
		],
		dir,
	);
	await rm(archive);
}

/** `Package` and `Version` of a .deb, joined by a space. */
export async function debSource(path: string): Promise<string | undefined> {
	const { execa } = await loadExeca();
	const result = await execa(
		"dpkg-deb",
		["--field", path, "Package", "Version"],
		{ reject: false, stdin: "ignore" },
	);
	if (result.failed) return undefined;
	const field = (name: string) =>
		new RegExp(`^${name}: (.+)$`, "m").exec(result.stdout)?.[1] ?? "";
	return `${field("Package")} ${field("Version")}`.trim() || undefined;
}

const IMAGE = /^(?:vmlinu[xz]|Image|zImage|bzImage|kernel)(?:-(\d.*))?$/;

async function filesBelow(dir: string, depth: number): Promise<string[]> {
	const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
	const found: string[] = [];
	for (const entry of entries) {
		const path = join(dir, entry.name);
		// Links are not followed: a package's may point anywhere.
		if (entry.isFile()) found.push(path);
		else if (entry.isDirectory() && depth > 0)
			found.push(...(await filesBelow(path, depth - 1)));
	}
	return found.sort();
}

/** The kernels in an unpacked package: `boot/vmlinuz-RELEASE` and `lib/modules/RELEASE/vmlinuz`, each release once. */
export async function findKernels(dir: string): Promise<Found[]> {
	const files = await filesBelow(dir, 6);
	const found = new Map<string, Found>();
	for (const image of files) {
		const parts = image.slice(dir.length + 1).split("/");
		const name = IMAGE.exec(parts.at(-1) ?? "");
		if (!name) continue;
		const modules = parts.indexOf("modules");
		const release = name[1] ?? (modules >= 0 ? parts[modules + 1] : undefined);
		const config = files.find(
			(file) =>
				release !== undefined &&
				(file.endsWith(`/config-${release}`) ||
					file.endsWith(`/modules/${release}/config`)),
		);
		const key = release ?? image;
		if (!found.has(key))
			found.set(key, { image, release, ...(config && { config }) });
	}
	return [...found.values()];
}
