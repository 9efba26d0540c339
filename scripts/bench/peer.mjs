/**
 * The peer: virtme-ng boots a kernel with this machine's own files as its root, and runs a command in it. It comes from Debian as its
 * package, and so do the kernel's modules, which it needs for that root.
 */
import {
	existsSync,
	mkdirSync,
	readdirSync,
	renameSync,
	rmSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { UDEV } from "../lib/benchNeeds.mjs";
import { findCommand, mustRun, SetupError, say, TOP } from "../lib/run.mjs";
import { timeOf } from "./commands.mjs";

/** @typedef {typeof import("../../vm/index.js")} Vm */

/** The kernel that both run: the flavour for clouds lacks 9p, through which the peer's root comes. */
export const PEER_KERNEL = "debian:bookworm/generic";
const KERNEL_SUITE = "bookworm";
/** The oldest release of Debian that has the package; it is a program in Python, and runs on the one before as well. */
const PEER_SUITE = "trixie";
const PACKAGE = "virtme-ng";
const MODULES = "lib/modules";

/** A peer that has not ended after so long never will, milliseconds. */
const PEER_MS = 600_000;

/**
 * @typedef {object} Peer
 * @property {string} version of the package
 * @property {() => number} run runs `true` on the kernel; milliseconds
 */

/**
 * Gets what the peer needs, where it is not there yet.
 * @returns {Promise<Peer>}
 * @throws {SetupError} which says why it can't run here
 */
export async function preparePeer() {
	if (process.arch !== "x64")
		throw new SetupError("it is only measured on x86_64");
	if (!UDEV.some((path) => existsSync(path)))
		throw new SetupError("its guest finds no udev among this machine's files");
	/** @type {Vm} */
	const vm = await import(join(TOP, "dist/vm/index.js"));
	try {
		const machine = vm.machineFor("x86_64");
		if (machine === undefined) throw new SetupError("no machine for it");
		// Both fetch once, and find it in the cache from then on.
		await vm.busybox(machine);
		await vm.resolveKernel(PEER_KERNEL);
		const { name } = vm.parseKernelName(PEER_KERNEL);
		const cached = await vm.cachedKernel(vm.parseKernelName(PEER_KERNEL));
		const release = cached?.release;
		if (release === undefined)
			throw new SetupError(`the cache does not tell the release of ${name}`);
		const kernel = await unpacked(
			vm,
			`linux-image-${release}`,
			KERNEL_SUITE,
			join(MODULES, release),
		);
		const program =
			findCommand("vng") === undefined
				? await unpacked(vm, PACKAGE, PEER_SUITE, "usr/bin/vng")
				: "/";
		return peerOf(vm, kernel, program, release);
	} catch (error) {
		if (error instanceof SetupError) throw error;
		throw new SetupError(error instanceof Error ? error.message : `${error}`);
	}
}

/**
 * @param {Vm} vm
 * @param {string} kernel where its package is unpacked
 * @param {string} program where virtme-ng is
 * @param {string} release
 * @returns {Peer}
 */
function peerOf(vm, kernel, program, release) {
	const bin = join(program, "usr/bin");
	const modules = join(program, "usr/lib/python3/dist-packages");
	const env = {
		...process.env,
		// Its commands call each other by name, and kmod's by theirs; they are for the system's Python.
		PATH: [bin, "/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(delimiter),
		...(program === "/" ? {} : { PYTHONPATH: modules }),
	};
	const args = [
		...["--run", join(kernel, "boot", `vmlinuz-${release}`)],
		...["--busybox", vm.cacheDir("busybox", "x86_64")],
		...["--disable-kvm", "--exec", "true"],
	];
	const command = join(bin, "vng");
	const about = readdirSync(modules).find((name) =>
		/^virtme_ng-.*\.egg-info$/.test(name),
	);
	return {
		version: /-(.*)\.egg-info$/.exec(about ?? "")?.[1] ?? "of unknown version",
		run: () => timeOf(command, args, { env, cwd: kernel, timeout: PEER_MS }),
	};
}

/**
 * A package's files, in the cache.
 * @param {Vm} vm
 * @param {string} name
 * @param {string} suite
 * @param {string} proof a file that shows that it is whole
 * @returns {Promise<string>} the folder
 */
async function unpacked(vm, name, suite, proof) {
	const folder = vm.cacheDir("bench", name);
	if (existsSync(join(folder, proof))) return folder;
	const temporary = `${folder}.${process.pid}`;
	mkdirSync(join(temporary, "apt"), { recursive: true });
	try {
		const apt = await vm.PrivateApt.open(join(temporary, "apt"), {
			suite,
			debianArch: "amd64",
			// The security archive has the kernels that the suite had a while ago.
			updates: name !== PACKAGE,
			onProgress: say,
		});
		const record = await apt.show(name);
		if (record === undefined)
			throw new SetupError(`Debian ${suite} has no ${name} any more`);
		const [deb] = await apt.download([record]);
		const tree = join(temporary, "tree");
		mustRun("dpkg-deb", ["-x", String(deb), tree]);
		if (!existsSync(join(tree, proof)))
			throw new SetupError(`the package ${name} has no ${proof}`);
		rmSync(folder, { recursive: true, force: true });
		renameSync(tree, folder);
		return folder;
	} finally {
		rmSync(temporary, { recursive: true, force: true });
	}
}
