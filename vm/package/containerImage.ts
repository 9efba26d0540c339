/**
 * Kernels in container images, as tarballs: an OCI image layout (opencontainers/image-spec, image-layout.md, layer.md), or
 * what `docker save` writes. What no layer of an image shows any more is not in it.
 */
import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { makeDirs } from "../base/cache.js";
import { decompressStream } from "../image/decompress.js";
import { compressionOf } from "../image/formats.js";
import { type Member, type TarEntry, tarEntries } from "./archives.js";
import { CONFIG, harvest, IMAGE, MAX_PACKAGE } from "./harvest.js";
import { Pieces } from "./pieces.js";

/** Bounds that no real image comes near: of one document and of all, bytes; of what hides other files, characters. */
const MAX_DOCUMENT = 1024 ** 2;
const MAX_DOCUMENTS = 16 * 1024 ** 2;
const MAX_HIDDEN = 16 * 1024 ** 2;
const MAX_LAYERS = 1000;
const MAX_IMAGES = 64;
/** An index may list indexes. */
const MAX_INDEXES = 3;

const DOCUMENT =
	/^(?:index\.json|manifest\.json|oci-layout|blobs\/\w+\/[0-9a-f]+)$/;
/** The directory of an image's tree below the package's. */
export const IMAGE_TREE = /^image-\d+$/;

const plainPath = (path: string) => path.replace(/^(?:\.\/)+/, "");

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null;
}

function listOf(value: unknown, key: string): unknown[] {
	const list = isRecord(value) ? value[key] : undefined;
	return Array.isArray(list) ? list : [];
}

function textOf(value: unknown, key: string): string {
	const text = isRecord(value) ? value[key] : undefined;
	return typeof text === "string" ? text : "";
}

/** What a descriptor's digest is called in the archive. */
function blobPath(descriptor: unknown): string {
	return `blobs/${textOf(descriptor, "digest").replace(":", "/")}`;
}

/** The documents of a container image, collected while its archive goes by. */
export class ImageIndex {
	readonly #documents = new Map<string, unknown>();
	#bytes = 0;

	/** True where what went by was a container image. */
	get isContainerImage(): boolean {
		return (
			this.#documents.has("manifest.json") || this.#documents.has("index.json")
		);
	}

	/** The files of the archive, without what is kept here. */
	async *members(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Member> {
		for await (const entry of tarEntries(chunks)) {
			const path = plainPath(entry.path);
			if (entry.type !== "file" || entry.size === 0) continue;
			if (DOCUMENT.test(path) && entry.size <= MAX_DOCUMENT)
				await this.#keep(path, entry);
			else yield entry;
		}
	}

	async #keep(path: string, entry: TarEntry): Promise<void> {
		const pieces = new Pieces(entry.bytes());
		const start = await pieces.take(1);
		if (!"{[".includes(start.toString("latin1"))) return;
		this.#bytes += entry.size;
		if (this.#bytes > MAX_DOCUMENTS)
			throw new Error("its manifests are more than any image's");
		const rest = await pieces.take(entry.size - 1);
		try {
			const text = Buffer.concat([start, rest]).toString("utf8");
			this.#documents.set(path, JSON.parse(text));
		} catch {
			// A layer may begin like a document.
		}
	}

	/** Of each image the paths of its layers in the archive, lowest first. @throws Error where there is none */
	images(): string[][] {
		const found = this.#documents.has("index.json")
			? this.#ofIndex(this.#documents.get("index.json"), MAX_INDEXES)
			: this.#ofDocker();
		if (found.length === 0) throw new Error("no image in it is whole");
		if (
			found.length > MAX_IMAGES ||
			found.some((layers) => layers.length > MAX_LAYERS)
		)
			throw new Error("more images or layers than anybody makes");
		return found;
	}

	/** An archive of one platform may list the others, which it does not hold. */
	#ofIndex(index: unknown, depth: number): string[][] {
		if (depth === 0) return [];
		return listOf(index, "manifests").flatMap((descriptor) => {
			const document = this.#documents.get(blobPath(descriptor));
			if (listOf(document, "manifests").length > 0)
				return this.#ofIndex(document, depth - 1);
			// What only tells of an image, such as how it was built, has layers of other types.
			const layers = listOf(document, "layers").filter((layer) =>
				/\btar\b/.test(textOf(layer, "mediaType")),
			);
			return layers.length > 0 ? [layers.map(blobPath)] : [];
		});
	}

	#ofDocker(): string[][] {
		const list = this.#documents.get("manifest.json");
		return (Array.isArray(list) ? list : []).flatMap((one) => {
			const layers = listOf(one, "Layers").filter(
				(layer) => typeof layer === "string",
			);
			return layers.length > 0 ? [layers.map(plainPath)] : [];
		});
	}
}

/** A layer's kernels are in `dir`; it hides of the layers below what `hides` says. */
interface Layer {
	dir: string;
	hides: (path: string) => boolean;
}

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

/** What a layer hides: names with all below them, and directories of which only what is below them. */
class Hidden {
	readonly #names = new Set<string>();
	readonly #below = new Set<string>();
	#characters = 0;

	see({ path, type, size }: TarEntry): void {
		const parts = plainPath(path).replace(/\/$/, "").split("/");
		const name = parts.pop() ?? "";
		if (name === OPAQUE) this.#add(this.#below, parts);
		else if (name.startsWith(WHITEOUT))
			this.#add(this.#names, [...parts, name.slice(WHITEOUT.length)]);
		// A link, or an empty file, in the place of a kernel or of a directory above one.
		else if (type === "other" || (type === "file" && size === 0)) {
			if (IMAGE.test(name) || CONFIG.test(name) || parts.length < 3)
				this.#add(this.#names, [...parts, name]);
		}
	}

	#add(to: Set<string>, parts: readonly string[]): void {
		const path = parts.join("/");
		this.#characters += path.length;
		if (this.#characters > MAX_HIDDEN)
			throw new Error("a layer hides more than there can be");
		to.add(path);
	}

	hides(path: string): boolean {
		if (this.#names.has(path)) return true;
		const parts = path.split("/");
		if (this.#below.has("")) return true;
		return parts.some((_, n) => {
			const above = parts.slice(0, n).join("/");
			return n > 0 && (this.#names.has(above) || this.#below.has(above));
		});
	}
}

async function* noting(
	entries: AsyncIterable<TarEntry>,
	hidden: Hidden,
): AsyncIterable<Member> {
	for await (const entry of entries) {
		hidden.see(entry);
		if (entry.type === "file" && entry.size > 0) yield entry;
	}
}

/** The longest mark of a compression, bytes. */
const MARK = 16;

async function unpackLayer(member: Member, dir: string): Promise<Layer> {
	await mkdir(dir);
	const pieces = new Pieces(member.bytes());
	const start = await pieces.take(Math.min(MARK, member.size));
	const whole = async function* () {
		yield start;
		yield* pieces.pass(member.size - start.length);
	};
	const hidden = new Hidden();
	await decompressStream(
		Readable.from(whole()),
		compressionOf(start),
		(chunks) => harvest(noting(tarEntries(chunks), hidden), dir),
		MAX_PACKAGE,
	);
	return { dir, hides: (path) => hidden.hides(path) };
}

async function filesIn(dir: string): Promise<string[]> {
	const found = await readdir(dir, { recursive: true, withFileTypes: true });
	return found
		.filter((one) => one.isFile())
		.map((one) => join(one.parentPath, one.name).slice(dir.length + 1));
}

/** Puts together what an image's layers show, the uppermost first. */
async function overlay(layers: readonly Layer[], tree: string): Promise<void> {
	await mkdir(tree);
	const seen = new Set<string>();
	for (const [n, layer] of [...layers.entries()].reverse()) {
		const above = layers.slice(n + 1);
		for (const file of await filesIn(layer.dir)) {
			if (seen.has(file) || above.some(({ hides }) => hides(file))) continue;
			seen.add(file);
			await makeDirs(dirname(join(tree, file)));
			await copyFile(join(layer.dir, file), join(tree, file));
		}
	}
}

/**
 * Unpacks the kernels of each image into a tree of its own, `image-N`.
 * @throws Error that says what is wrong with the images
 */
export async function unpackLayers(
	chunks: AsyncIterable<Uint8Array>,
	images: readonly (readonly string[])[],
	dir: string,
): Promise<void> {
	const wanted = new Set(images.flat());
	const layers = new Map<string, Layer>();
	const work = join(dir, "layers");
	await mkdir(work);
	for await (const entry of tarEntries(chunks)) {
		const path = plainPath(entry.path);
		if (entry.type !== "file" || entry.size === 0) continue;
		if (!wanted.has(path) || layers.has(path)) continue;
		const to = join(work, String(layers.size));
		layers.set(path, await unpackLayer(entry, to));
	}
	for (const [n, paths] of images.entries()) {
		const stack = paths.map((path) => {
			const layer = layers.get(path);
			if (layer) return layer;
			throw new Error(`its layer ${path} is not in it`);
		});
		await overlay(stack, join(dir, `image-${n}`));
	}
	await rm(work, { recursive: true });
}
