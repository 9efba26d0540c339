/** Unpacking: gzip by Node's own zlib, all else by the system's tools, in a stream and within a bound. */
import { createReadStream, createWriteStream } from "node:fs";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { errnoOf, messageOf, VmError } from "../base/errors.js";
import { loadExeca } from "../base/execa.js";
import type { Compression } from "./head.js";

/** No kernel is larger than this when unpacked; a bomb is. */
export const MAX_UNPACKED = 1024 ** 3;

/** Characters that a tool may complain in. */
const MAX_COMPLAINTS = 65_536;

/** A program whose output is wanted. */
export interface Tool {
	argv: readonly [string, ...string[]];
	/** The Debian package that holds it. */
	package: string;
	/** What it is needed for. */
	purpose: string;
}

/** What becomes of the bytes; what it throws is the end of them. */
export type Taker = (chunks: AsyncIterable<Buffer>) => Promise<void>;

const TOOLS: Readonly<
	Record<Exclude<Compression, "gzip">, Pick<Tool, "argv" | "package">>
> = {
	xz: { argv: ["xz", "-dc"], package: "xz-utils" },
	lzma: { argv: ["xz", "-dc", "--format=lzma"], package: "xz-utils" },
	zstd: { argv: ["zstd", "-dcq"], package: "zstd" },
	lz4: { argv: ["lz4", "-dcq"], package: "lz4" },
	lzo: { argv: ["lzop", "-dc"], package: "lzop" },
	bzip2: { argv: ["bzip2", "-dc"], package: "bzip2" },
};

/** Lets at most so many bytes through. */
function bounded(max: number): Transform {
	let seen = 0;
	return new Transform({
		transform(chunk: Buffer, _encoding, done) {
			seen += chunk.length;
			if (seen > max) done(new Error(`it unpacks to more than ${max} bytes`));
			else done(null, chunk);
		},
	});
}

/** A part of a file. */
export interface Part {
	path: string;
	offset?: number;
	size?: number;
}

/** The bytes of a part of a file. */
function streamOf({ path, offset = 0, size }: Part): Readable {
	return createReadStream(path, {
		start: offset,
		...(size !== undefined && { end: offset + size - 1 }),
	});
}

/** Copies a part of a file, as it is or unpacked; throws as decompressTo() does. */
export async function extract(
	from: Part,
	compression: Compression | undefined,
	to: string,
): Promise<void> {
	if (compression !== undefined) return decompress(from, compression, to);
	await pipeline(streamOf(from), createWriteStream(to, { mode: 0o644 }));
}

/**
 * Unpacks a stream, of at most `max` bytes; without a compression it passes as it is.
 * @throws VmError (missing) when the tool is not installed; Error that says what is wrong with the data; those of `take`.
 */
export async function decompressStream(
	source: Readable,
	compression: Compression | undefined,
	take: Taker,
	max: number,
): Promise<void> {
	if (compression === undefined) return pipeline(source, bounded(max), take);
	if (compression === "gzip")
		return pipeline(source, createGunzip(), bounded(max), take);
	const purpose = `to unpack ${compression}`;
	await runTool({ ...TOOLS[compression], purpose }, take, max, source);
}

/** Unpacks a part of a file into another; throws as decompressTo() does. */
export async function decompress(
	from: Part,
	compression: Compression,
	to: string,
): Promise<void> {
	await decompressTo(
		from,
		compression,
		(chunks) => pipeline(chunks, createWriteStream(to, { mode: 0o644 })),
		MAX_UNPACKED,
	);
}

/** The first bytes of what a file holds unpacked; fewer where it is shorter. Throws as decompressTo() does. */
export async function unpackedStart(
	from: Part,
	compression: Compression,
	length: number,
): Promise<Buffer> {
	let start: Buffer = Buffer.alloc(0);
	const take: Taker = async (chunks) => {
		for await (const chunk of chunks) {
			start = Buffer.concat([start, chunk]).subarray(0, length);
			if (start.length === length) throw new Error("seen enough");
		}
	};
	try {
		await decompressStream(streamOf(from), compression, take, MAX_UNPACKED);
	} catch (error) {
		if (start.length < length) throw error;
	}
	return start;
}

/**
 * Unpacks a part of a file, of at most `max` bytes.
 * @throws VmError: image when the data is corrupt or cut short, missing when the tool is not installed; those of `take`.
 */
export async function decompressTo(
	from: Part,
	compression: Compression | undefined,
	take: Taker,
	max: number,
): Promise<void> {
	try {
		await decompressStream(streamOf(from), compression, take, max);
	} catch (cause) {
		if (cause instanceof VmError) throw cause;
		if (["ENOSPC", "EDQUOT", "EIO"].includes(errnoOf(cause))) throw cause;
		throw new VmError(
			"image",
			`${from.path}: its ${compression ?? "plain"} data is corrupt or cut short (${messageOf(cause)})`,
			{ cause, hint: "copy it again" },
		);
	}
}

/**
 * Runs a tool and takes what it writes, at most `max` bytes.
 * @throws VmError (missing) when it is not installed; Error with its own words when it fails; what `take` throws.
 */
export async function runTool(
	tool: Tool,
	take: Taker,
	max: number,
	source?: Readable,
): Promise<void> {
	const [program, ...args] = tool.argv;
	const { execa } = await loadExeca();
	const child = execa(program, args, {
		reject: false,
		// Its output is taken as it comes; of its complaints a page says enough.
		buffer: { stdout: false, stderr: true },
		maxBuffer: MAX_COMPLAINTS,
	});
	const finished = child.then((result) => {
		if (!result.failed) return;
		if (errnoOf(result.cause ?? result) !== "ENOENT")
			throw new Error(result.stderr.slice(-500).trim() || `${program} failed`);
		throw new VmError(
			"missing",
			`${program} is needed ${tool.purpose} and is not installed`,
			{ hint: `install it: apt-get install ${tool.package}` },
		);
	});
	// A tool that gives up early closes its input; its own words say more than EPIPE does.
	const feeding = source
		? pipeline(source, child.stdin).catch(() => {})
		: child.stdin.end();
	const draining = pipeline(child.stdout, bounded(max), take);
	// When the reader stops, the tool is killed: nobody needs the rest of its output.
	draining.catch(() => child.kill("SIGKILL"));
	const [ended, taken] = await Promise.allSettled([
		finished,
		draining,
		feeding,
	]);
	// Who stops taking breaks the tool; too few bytes to take only tell that the tool failed, which says why.
	const own =
		child.stdout.readableEnded ||
		(ended.status === "rejected" && ended.reason instanceof VmError);
	for (const result of own ? [ended, taken] : [taken, ended])
		if (result.status === "rejected") throw result.reason;
}
