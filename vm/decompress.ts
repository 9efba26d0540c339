/** Unpacking: gzip by Node's own zlib, all else by the system's tools, in a stream and within a bound. */
import { spawn } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { errnoOf, messageOf, VmError } from "./errors.js";
import type { Compression } from "./formats.js";

/** No kernel is larger than this when unpacked; a bomb is. */
export const MAX_UNPACKED = 1024 ** 3;

const TOOLS: Readonly<
	Record<
		Exclude<Compression, "gzip">,
		{ argv: readonly [string, ...string[]]; package: string }
	>
> = {
	xz: { argv: ["xz", "-dc"], package: "xz-utils" },
	lzma: { argv: ["xz", "-dc", "--format=lzma"], package: "xz-utils" },
	zstd: { argv: ["zstd", "-dcq"], package: "zstd" },
	lz4: { argv: ["lz4", "-dcq"], package: "lz4" },
	bzip2: { argv: ["bzip2", "-dc"], package: "bzip2" },
};

/** Lets at most so many bytes through. */
export function bounded(max: number): Transform {
	let seen = 0;
	return new Transform({
		transform(chunk: Buffer, _encoding, done) {
			seen += chunk.length;
			if (seen > max) done(new Error(`it unpacks to more than ${max} bytes`));
			else done(null, chunk);
		},
	});
}

/**
 * Unpacks a part of a file into another.
 * @throws VmError: image when the data is corrupt or cut short, missing when the tool is not installed.
 */
export async function decompress(
	from: { path: string; offset?: number; size?: number },
	compression: Compression,
	to: string,
): Promise<void> {
	const start = from.offset ?? 0;
	const source = createReadStream(from.path, {
		start,
		...(from.size !== undefined && { end: start + from.size - 1 }),
	});
	const sink = createWriteStream(to, { mode: 0o644 });
	try {
		if (compression === "gzip")
			await pipeline(source, createGunzip(), bounded(MAX_UNPACKED), sink);
		else await throughTool(source, compression, sink);
	} catch (cause) {
		if (cause instanceof VmError) throw cause;
		if (["ENOSPC", "EDQUOT", "EIO"].includes(errnoOf(cause))) throw cause;
		throw new VmError(
			"image",
			`${from.path}: its ${compression} data is corrupt or cut short (${messageOf(cause)})`,
			{ cause, hint: "copy it again" },
		);
	}
}

async function throughTool(
	source: Readable,
	compression: Exclude<Compression, "gzip">,
	sink: NodeJS.WritableStream,
): Promise<void> {
	const tool = TOOLS[compression];
	const [program, ...args] = tool.argv;
	const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
	let stderr = "";
	child.stderr.on("data", (chunk: Buffer) => {
		stderr = (stderr + chunk.toString()).slice(-500);
	});
	const finished = new Promise<void>((resolve, reject) => {
		child.once("error", (cause) =>
			reject(
				errnoOf(cause) === "ENOENT"
					? new VmError(
							"missing",
							`${program} is needed to unpack ${compression} and is not installed`,
							{ hint: `install it: apt-get install ${tool.package}` },
						)
					: cause,
			),
		);
		child.once("close", (code) =>
			code === 0
				? resolve()
				: reject(new Error(stderr.trim() || `${program} failed`)),
		);
	});
	// A tool that gives up early closes its input; its own words say more than EPIPE does.
	const feeding = pipeline(source, child.stdin).catch(() => {});
	const draining = pipeline(child.stdout, bounded(MAX_UNPACKED), sink);
	try {
		await Promise.all([finished, feeding, draining]);
	} finally {
		child.kill("SIGKILL");
		source.destroy();
		await Promise.allSettled([draining, finished]);
	}
}
