/** The architectures: one row each, for its agent's compiler and its guests' emulator. */

/** @typedef {"x86_64" | "aarch64"} Arch */

/**
 * @typedef {object} ArchRow
 * @property {Arch} name
 * @property {string} node what Node.js calls it
 * @property {string} triplet
 * @property {readonly string[]} compiler the packages of its compiler, where this machine is of another architecture
 * @property {string} emulator
 * @property {readonly string[]} qemu
 */

/** @type {readonly ArchRow[]} */
export const ARCHES = [
	{
		name: "x86_64",
		node: "x64",
		triplet: "x86_64-linux-gnu",
		compiler: ["gcc-x86-64-linux-gnu", "libc6-dev-amd64-cross"],
		emulator: "qemu-system-x86_64",
		qemu: ["qemu-system-x86"],
	},
	{
		name: "aarch64",
		node: "arm64",
		triplet: "aarch64-linux-gnu",
		compiler: ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
		emulator: "qemu-system-aarch64",
		qemu: ["qemu-system-arm"],
	},
];

/** This machine's architecture, where the table has it. @type {ArchRow | undefined} */
export const HOST_ARCH = ARCHES.find((row) => row.node === process.arch);
