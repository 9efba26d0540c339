/** From what the user called a kernel to what QEMU boots. Nothing is booted here. */
import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
	catalogueNames,
	defaultKernel,
	type Image,
	imageConfig,
	isKernelName,
	type KernelName,
	MACHINES,
	machineFor,
	parseKernelName,
	qemuBuild,
	resolveKernels,
	VENDORS,
	VmError,
} from "../../vm/index.js";
import { uniqueNames } from "../common/names.js";
import { isLink, notUtf8, systemText } from "../common/source.js";
import {
	didYouMean,
	KernelError,
	nearest,
	UsageError,
} from "../common/usage.js";
import { agentPath } from "./agents.js";
import type { BootableKernel } from "./qemuTarget.js";
import { OpenError } from "./target.js";

/** What else finding a kernel may do: fetch it. */
export interface FindOptions {
	readonly signal: AbortSignal;
	readonly say: (line: string) => void;
	/** The folder of the agents, where it is not the package's own. */
	readonly agents?: string;
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
	await lookAhead(name, options);
	const images = await (word === undefined
		? resolveDefault(name, options)
		: resolve(name, options));
	const labels = uniqueNames(images.map((image) => basename(image.path)));
	const found = [];
	for (const [i, image] of images.entries()) {
		if (image.unused.length > 0)
			options.say(
				`${image.path}: a guest gets the kernel in it, not its ${image.unused.join(", nor its ")}`,
			);
		found.push({
			name: images.length === 1 ? name : `${name}:${labels[i]}`,
			kernel: await bootable(image, options.signal),
		});
	}
	return found;
}

async function nameDefault({ say }: FindOptions): Promise<string> {
	const { name, note } = await asKernelError(defaultKernel());
	if (note !== undefined) say(note);
	return name;
}

/** Who named no kernel, and can't have the default one, has to name one: there is nothing to report on. */
async function resolveDefault(
	name: string,
	options: FindOptions,
): Promise<Image[]> {
	try {
		return await resolve(name, options);
	} catch (error) {
		if (!(error instanceof OpenError) || options.signal.aborted) throw error;
		throw new UsageError(
			`no kernel was named, and the default, ${name}, can't be had: ${error.message}`,
		);
	}
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
		// No other run on this machine would get it either.
		if (error.kind === "missing" && isOther(name))
			throw new UsageError(`--kernel ${error.message}`);
		throw new OpenError(`${error.message}${nearestName(name)}`);
	}
}

async function bootable(
	image: Image,
	signal: AbortSignal,
): Promise<BootableKernel> {
	const machine = machineFor(image.arch);
	if (machine === undefined) {
		throw new KernelError(
			`--kernel ${image.path}: no machine is known for ${image.arch}`,
		);
	}
	await asKernelError(qemuBuild(machine, signal));
	const config = await imageConfig(image);
	return {
		info: {
			release: image.release ?? "unknown",
			arch: image.arch,
			path: image.path,
			sha256: image.sha256,
			...(image.source === undefined ? {} : { source: image.source }),
		},
		format: [...image.wrapping, image.format].join(" "),
		bootPath: image.bootPath,
		machine,
		...(config === undefined ? {} : { config }),
		...(image.stable === undefined ? {} : { stable: image.stable }),
	};
}

/** What can't be booted is told as such; what is missing on this machine is no fault of the kernel's. */
async function asKernelError<T>(work: Promise<T>): Promise<T> {
	try {
		return await work;
	} catch (error) {
		if (error instanceof VmError) {
			if (error.kind === "aborted") throw error;
			if (error.kind === "image")
				throw new KernelError(`--kernel ${error.message}`);
			throw new UsageError(error.message);
		}
		const { code, path } = error as NodeJS.ErrnoException;
		if (code === undefined || path === undefined) throw error;
		throw new KernelError(`--kernel ${path}: ${systemText(error)}`);
	}
}

/** What a guest takes is looked for before its kernel is fetched: that is tens of megabytes. */
async function lookAhead(
	name: string,
	{ signal, agents }: FindOptions,
): Promise<void> {
	if (look(name)) return;
	const { arch } = readKernelName(name);
	agentPath(arch, agents);
	await asKernelError(qemuBuild(MACHINES[arch], signal));
}

/** Neither a file nor a name: the nearest of both is named. */
function refuseUnknown(name: string): void {
	if (look(name)) return;
	if (!isKernelName(name)) {
		throw new KernelError(
			`--kernel ${name}: ${isLink(name) ? "a symbolic link that leads nowhere" : `no such file${notUtf8(name) || nearestFile(name)}`}; \`crcap kernels\` lists names that can be used as well`,
		);
	}
	readKernelName(name, "--kernel ");
}

/**
 * Takes a catalogue name apart.
 * @throws UsageError for one that is none, or that is all but one of the suites: to ask the network for it takes long
 */
export function readKernelName(name: string, label = ""): KernelName {
	let read: KernelName;
	try {
		read = parseKernelName(name);
	} catch (error) {
		if (!(error instanceof VmError)) throw error;
		const elsewhere = otherDistribution(name);
		if (elsewhere !== undefined)
			throw new UsageError(`${label}${name}: ${elsewhere}`);
		throw new UsageError(`${label}${error.message}${nearestName(name)}`);
	}
	if (read.vendor !== "debian") return read;
	const known = [...new Set(catalogueNames().map(({ suite }) => suite))];
	const near = nearest(read.suite, known);
	if (
		near !== undefined &&
		!known.includes(read.suite) &&
		!hasLists(read.suite)
	) {
		throw new UsageError(
			`${label}${name}: there is no suite ${read.suite} (Did you mean debian:${near}?)`,
		);
	}
	return read;
}

/** What holds the kernel of a distribution that the catalogue has not. */
const PACKAGES: Readonly<Record<string, string>> = {
	centos: "kernel-core-*.rpm from mirror.stream.centos.org",
	rhel: "kernel-core-*.rpm from access.redhat.com",
	rocky: "kernel-core-*.rpm from download.rockylinux.org",
	alma: "kernel-core-*.rpm from repo.almalinux.org",
	almalinux: "kernel-core-*.rpm from repo.almalinux.org",
	suse: "kernel-default-*.rpm from scc.suse.com",
};

/** Where to get the kernel of another distribution; undefined for a word that is none. */
function otherDistribution(name: string): string | undefined {
	const word = /^[a-z]+/.exec(name)?.[0] ?? "";
	if (!Object.hasOwn(PACKAGES, word)) return undefined;
	return `the catalogue has no kernels of it: download ${PACKAGES[word]}; --kernel FILE takes an image or a package`;
}

/** Is it another vendor's name? What that has is not known here. */
function isOther(name: string): boolean {
	const vendor = name.slice(0, Math.max(0, name.indexOf(":")));
	return vendor !== "debian" && Object.hasOwn(VENDORS, vendor);
}

/** Does this machine's apt know the suite? */
function hasLists(suite: string): boolean {
	return entries("/var/lib/apt/lists").some((file) =>
		file.includes(`_dists_${suite}_`),
	);
}

/** The name in the same folder that is nearest. */
function nearestFile(path: string): string {
	const folder = dirname(path);
	const near = nearest(basename(path), entries(folder));
	return near === undefined ? "" : ` (Did you mean ${join(folder, near)}?)`;
}

/** The listed name that is nearest, where the one given is not listed. */
export function nearestName(name: string): string {
	if (isOther(name)) return "";
	const names = catalogueNames().flatMap((known) => [
		`debian:${known.suite}`,
		known.name,
	]);
	const { suite } = /^debian:(?<suite>[a-z-]+)/.exec(name)?.groups ?? {};
	const listed = names.includes(`debian:${suite}`);
	return listed ? "" : didYouMean(name, names);
}

/** Is there anything? What can't be looked at is there, and is refused when it is read. */
function look(path: string): boolean {
	try {
		return statSync(path, { throwIfNoEntry: false }) !== undefined;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code !== "ENOTDIR";
	}
}

function entries(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch {
		return [];
	}
}
