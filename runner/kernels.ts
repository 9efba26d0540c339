/** From what the user called a kernel to what QEMU boots. Nothing is booted here. */
import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
	catalogueNames,
	defaultKernel,
	type Image,
	imageConfig,
	isKernelName,
	machineFor,
	parseKernelName,
	qemuBuild,
	resolveKernels,
	VmError,
} from "../vm/index.js";
import { uniqueNames } from "./names.js";
import type { BootableKernel } from "./qemuTarget.js";
import { OpenError } from "./target.js";
import { didYouMean, KernelError } from "./usage.js";

/** What else finding a kernel may do: fetch it. */
export interface FindOptions {
	readonly signal: AbortSignal;
	readonly say: (line: string) => void;
}

/** A kernel under the name that reports use, unique in what was found. */
export interface FoundKernel {
	readonly name: string;
	readonly kernel: BootableKernel;
}

/**
 * Finds and looks at the kernels that a word means, several for a package or a directory. Without a word it is the
 * default kernel.
 * @throws KernelError for what can't be booted here, with the reason; OpenError for what could not be fetched
 */
export async function findKernels(
	word: string | undefined,
	options: FindOptions,
): Promise<FoundKernel[]> {
	const name = word ?? (await nameDefault(options));
	refuseUnknown(name);
	const images = await resolve(name, options);
	const labels = uniqueNames(images.map((image) => basename(image.path)));
	const found = [];
	for (const [i, image] of images.entries()) {
		found.push({
			name: images.length === 1 ? name : `${name}:${labels[i]}`,
			kernel: await bootable(image),
		});
	}
	return found;
}

async function nameDefault({ say }: FindOptions): Promise<string> {
	const { name, note } = await asKernelError(defaultKernel());
	if (note !== undefined) say(note);
	return name;
}

/** A name that the catalogue can fetch may fail to be fetched; a file that is no kernel is the user's mistake. */
async function resolve(
	name: string,
	{ signal, say }: FindOptions,
): Promise<Image[]> {
	const images = resolveKernels(name, { signal, onProgress: say });
	if (!isKernelName(name) || look(name)) return await asKernelError(images);
	try {
		return await images;
	} catch (error) {
		if (!(error instanceof VmError)) throw error;
		throw new OpenError(`${error.message}${nearestName(name)}`);
	}
}

async function bootable(image: Image): Promise<BootableKernel> {
	const machine = machineFor(image.arch);
	if (machine === undefined) {
		throw new KernelError(
			`--kernel ${image.path}: no machine is known for ${image.arch}`,
		);
	}
	await asKernelError(qemuBuild(machine));
	const config = await imageConfig(image);
	return {
		info: {
			release: image.release ?? "unknown",
			arch: image.arch,
			path: image.path,
			sha256: image.sha256,
			...(image.source === undefined ? {} : { source: image.source }),
		},
		format: [...image.compression, image.format].join(" "),
		bootPath: image.bootPath,
		machine,
		...(config === undefined ? {} : { config }),
	};
}

async function asKernelError<T>(work: Promise<T>): Promise<T> {
	try {
		return await work;
	} catch (error) {
		if (error instanceof VmError && error.kind !== "aborted") {
			throw new KernelError(`--kernel ${error.message}`);
		}
		throw error;
	}
}

/** Neither a file nor a name: the nearest of both is named. */
function refuseUnknown(name: string): void {
	if (look(name)) return;
	if (!isKernelName(name)) {
		const folder = dirname(name);
		const near = entries(folder).map((entry) => join(folder, entry));
		throw new KernelError(
			`--kernel ${name}: no such file${didYouMean(name, near)}; \`crcap kernels\` lists names that can be used as well`,
		);
	}
	try {
		parseKernelName(name);
	} catch (error) {
		throw new KernelError(
			`--kernel ${(error as Error).message}${nearestName(name)}`,
		);
	}
}

/** The listed name that is nearest, where the one given is not listed. */
export function nearestName(name: string): string {
	const names = catalogueNames().flatMap((known) => [
		`debian:${known.suite}`,
		known.name,
	]);
	const { suite } = /^debian:(?<suite>[a-z-]+)/.exec(name)?.groups ?? {};
	const listed = names.includes(`debian:${suite}`);
	return listed ? "" : didYouMean(name, names);
}

function look(path: string): boolean {
	return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function entries(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch {
		return [];
	}
}
