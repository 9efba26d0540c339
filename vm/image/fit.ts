/**
 * U-Boot's flattened image trees: a device tree blob (Devicetree Specification 0.4, chapter 5) whose nodes hold images and
 * configurations (https://fitspec.osfw.foundation). The images' bytes are never read here, only where they are.
 */
import { cut, type Refused, refused, type Wrapped } from "./head.js";

/** Gives `length` bytes at `offset`, fewer at the end of the file. */
export type Read = (offset: number, length: number) => Promise<Buffer>;

const HEADER_BYTES = 40;
/** Bounds that no real tree comes near. */
const MAX_STRINGS = 64 * 1024;
const MAX_TOKENS = 20_000;
const MAX_DEPTH = 8;
/** Names of nodes and properties, and values that are looked at, bytes. */
const MAX_TEXT = 256;

/** Read at once, bytes. */
const WINDOW = 4096;

const BEGIN_NODE = 1;
const END_NODE = 2;
const PROPERTY = 3;
const NOP = 4;
const END = 9;

/** Where a property's value lies. */
interface Value {
	offset: number;
	size: number;
}

interface Node {
	name: string;
	properties: Map<string, Value>;
	children: Node[];
}

/** What is wrong with a tree. */
class Damaged extends Error {}

const align4 = (n: number) => Math.ceil(n / 4) * 4;

/** Reads a file in windows: a tree is read in many small pieces, one behind the other. */
function windowed(read: Read): Read {
	let start = 0;
	let window: Buffer = Buffer.alloc(0);
	return async (offset, length) => {
		const from = offset - start;
		if (from < 0 || from + length > window.length) {
			start = offset;
			window = await read(offset, Math.max(length, WINDOW));
			return window.subarray(0, length);
		}
		return window.subarray(from, from + length);
	};
}

/** The bytes before the first NUL. */
function textOf(bytes: Buffer): string {
	const end = bytes.indexOf(0);
	return bytes.toString("latin1", 0, end < 0 ? bytes.length : end);
}

async function exactly(
	read: Read,
	offset: number,
	length: number,
): Promise<Buffer> {
	const bytes = await read(offset, length);
	if (bytes.length < length) throw new Damaged("its tree leads beyond its end");
	return bytes;
}

/** The tree, without the values. @throws Damaged */
async function readTree(read: Read, header: Buffer): Promise<Node> {
	const total = header.readUInt32BE(4);
	const stringsSize = header.readUInt32BE(32);
	if (stringsSize > MAX_STRINGS) throw new Damaged("its names take too much");
	const strings = await exactly(read, header.readUInt32BE(12), stringsSize);
	const root: Node = { name: "", properties: new Map(), children: [] };
	const open: Node[] = [root];
	let at = header.readUInt32BE(8);
	for (let tokens = 0; tokens < MAX_TOKENS; tokens++) {
		if (at + 4 > total) throw new Damaged("its tree has no end");
		const token = (await exactly(read, at, 4)).readUInt32BE();
		const here = open.at(-1);
		at += 4;
		if (token === BEGIN_NODE) {
			const name = textOf(await read(at, MAX_TEXT));
			if (name.length === MAX_TEXT || open.length > MAX_DEPTH)
				throw new Damaged("its tree is too deep or a name in it too long");
			const node: Node = { name, properties: new Map(), children: [] };
			here?.children.push(node);
			open.push(node);
			at += align4(name.length + 1);
		} else if (token === END_NODE) {
			if (open.length < 2) throw new Damaged("a node of it ends twice");
			open.pop();
		} else if (token === PROPERTY) {
			const head = await exactly(read, at, 8);
			const size = head.readUInt32BE(0);
			const name = textOf(strings.subarray(head.readUInt32BE(4)));
			here?.properties.set(name, { offset: at + 8, size });
			at += 8 + align4(size);
		} else if (token === END) return root;
		else if (token !== NOP)
			throw new Damaged(`there is no token ${token} in a tree`);
	}
	throw new Damaged("its tree has no end");
}

/** Reads the values of properties. */
class Values {
	readonly #read: Read;

	constructor(read: Read) {
		this.#read = read;
	}

	async text(node: Node | undefined, name: string): Promise<string> {
		const value = node?.properties.get(name);
		if (!value) return "";
		return textOf(
			await this.#read(value.offset, Math.min(value.size, MAX_TEXT)),
		);
	}

	async number(node: Node, name: string): Promise<number | undefined> {
		const value = node.properties.get(name);
		if (value?.size !== 4) return undefined;
		return (await exactly(this.#read, value.offset, 4)).readUInt32BE();
	}
}

const isKernel = (type: string) => /^kernel(_noload)?$/.test(type);

/** The kernel of the default configuration, else the first. */
async function kernelNode(
	images: readonly Node[],
	configurations: Node | undefined,
	values: Values,
): Promise<Node | undefined> {
	const chosen =
		(await values.text(configurations, "default")) ||
		configurations?.children[0]?.name;
	const configuration = configurations?.children.find(
		({ name }) => name === chosen,
	);
	const wanted = await values.text(configuration, "kernel");
	const named = images.find(({ name }) => name === wanted);
	if (named) return named;
	for (const image of images)
		if (isKernel(await values.text(image, "type"))) return image;
	return undefined;
}

/** In the tree itself, or behind it (mkimage -E, with -p at a place of its own). */
async function dataOf(
	node: Node,
	total: number,
	values: Values,
): Promise<Value | undefined> {
	const own = node.properties.get("data");
	if (own) return own;
	const size = await values.number(node, "data-size");
	const position = await values.number(node, "data-position");
	const behind = await values.number(node, "data-offset");
	if (size === undefined) return undefined;
	if (position !== undefined) return { offset: position, size };
	return behind === undefined
		? undefined
		: { offset: align4(total) + behind, size };
}

/**
 * Where the kernel of an image tree lies.
 * @param size the file's, bytes
 */
export async function readFit(
	file: Read,
	size: number,
): Promise<Wrapped | Refused> {
	const read = windowed(file);
	const header = await read(0, HEADER_BYTES);
	if (header.length < HEADER_BYTES) return cut(size, HEADER_BYTES);
	const total = header.readUInt32BE(4);
	if (total > size) return cut(size, total);
	try {
		const values = new Values(read);
		const top = (await readTree(read, header)).children[0];
		const below = (name: string) =>
			top?.children.find((child) => child.name === name);
		const images = below("images")?.children;
		if (!images)
			return refused("it is a device tree, not a kernel, nor an image tree");
		const kernel = await kernelNode(images, below("configurations"), values);
		const data = kernel && (await dataOf(kernel, total, values));
		if (!data || data.size === 0)
			return refused("it is an image tree (FIT) without a kernel");
		const end = data.offset + data.size;
		if (end > size) return cut(size, end);
		const types = [];
		for (const image of images) types.push(await values.text(image, "type"));
		return {
			kind: "wrapped",
			wrapper: "FIT",
			...data,
			unused: [
				...(types.includes("ramdisk") ? ["initramfs"] : []),
				...(types.includes("flat_dt") ? ["device tree"] : []),
			],
		};
	} catch (error) {
		if (error instanceof Damaged)
			return refused(`it is a damaged image tree: ${error.message}`);
		throw error;
	}
}
