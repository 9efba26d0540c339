/** From what the user called a kernel to what QEMU boots. Nothing is booted here. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Image, identifyFile } from "../vm/image.js";
import { machineFor, qemuBuild, VmError } from "../vm/index.js";
import type { BootableKernel } from "./qemuTarget.js";
import { didYouMean, KernelError } from "./usage.js";

/**
 * Finds and looks at a kernel.
 * @throws KernelError for what can't be booted here, with the reason
 */
export async function findKernel(name: string): Promise<BootableKernel> {
	refuseMissing(name);
	try {
		return await bootable(await identifyFile(name));
	} catch (error) {
		if (error instanceof VmError && error.kind !== "aborted") {
			throw new KernelError(`--kernel ${error.message}`);
		}
		throw error;
	}
}

async function bootable(image: Image): Promise<BootableKernel> {
	const machine = machineFor(image.arch);
	if (machine === undefined) {
		throw new KernelError(
			`--kernel ${image.path}: no machine is known for ${image.arch}`,
		);
	}
	await qemuBuild(machine);
	return {
		info: {
			release: image.release ?? "unknown",
			arch: image.arch,
			path: image.path,
			sha256: image.sha256,
			...(image.source === undefined ? {} : { source: image.source }),
		},
		bootPath: image.bootPath,
		machine,
		...(image.config === undefined ? {} : readConfig(image.config)),
	};
}

/** A configuration that can't be read is one that is not known. */
function readConfig(path: string): { config?: string } {
	try {
		return { config: readFileSync(path, "utf8") };
	} catch {
		return {};
	}
}

/** A file that is not there, with the nearest one that is. */
function refuseMissing(path: string): void {
	if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
	const near = didYouMean(basename(path), entries(dirname(path))).replace(
		/mean (.*)\?/,
		(_, entry: string) => `mean ${join(dirname(path), entry)}?`,
	);
	throw new KernelError(`--kernel ${path}: no such file${near}`);
}

function entries(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch {
		return [];
	}
}
