/** The architectures: one row each, for its agent's compiler and its guests' emulator. */

/**
 * @typedef {object} ArchRow
 * @property {string} name
 * @property {string} node what Node.js calls it
 * @property {string} triplet
 * @property {readonly string[]} compiler the packages of its compiler, where this machine is of another architecture
 * @property {string} emulator
 * @property {string} qemu the emulator's package
 * @property {boolean} [first] the tests need it, and its agent travels in the npm package
 * @property {boolean} [tested] the tests need it
 */

/** @type {readonly ArchRow[]} */
export const ARCHES = [
	{
		name: "x86_64",
		node: "x64",
		triplet: "x86_64-linux-gnu",
		compiler: ["gcc-x86-64-linux-gnu", "libc6-dev-amd64-cross"],
		emulator: "qemu-system-x86_64",
		qemu: "qemu-system-x86",
		first: true,
	},
	{
		name: "aarch64",
		node: "arm64",
		triplet: "aarch64-linux-gnu",
		compiler: ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
		emulator: "qemu-system-aarch64",
		qemu: "qemu-system-arm",
		first: true,
	},
	{
		name: "i386",
		node: "ia32",
		triplet: "i686-linux-gnu",
		compiler: ["gcc-i686-linux-gnu", "libc6-dev-i386-cross"],
		emulator: "qemu-system-i386",
		qemu: "qemu-system-x86",
		tested: true,
	},
	{
		name: "armhf",
		node: "arm",
		triplet: "arm-linux-gnueabihf",
		compiler: ["gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross"],
		emulator: "qemu-system-arm",
		qemu: "qemu-system-arm",
		tested: true,
	},
	{
		name: "riscv64",
		node: "riscv64",
		triplet: "riscv64-linux-gnu",
		compiler: ["gcc-riscv64-linux-gnu", "libc6-dev-riscv64-cross"],
		emulator: "qemu-system-riscv64",
		qemu: "qemu-system-misc",
	},
	{
		name: "s390x",
		node: "s390x",
		triplet: "s390x-linux-gnu",
		compiler: ["gcc-s390x-linux-gnu", "libc6-dev-s390x-cross"],
		emulator: "qemu-system-s390x",
		qemu: "qemu-system-misc",
	},
	{
		name: "ppc64el",
		node: "ppc64",
		triplet: "powerpc64le-linux-gnu",
		compiler: ["gcc-powerpc64le-linux-gnu", "libc6-dev-ppc64el-cross"],
		emulator: "qemu-system-ppc64",
		qemu: "qemu-system-ppc",
	},
];

/** The rows that the package needs. */
export const FIRST_ARCHES = ARCHES.filter((row) => row.first);

/** The rows that the tests need. */
export const TEST_ARCHES = ARCHES.filter((row) => row.first || row.tested);

/** This machine's architecture, where the table has it. */
export const HOST_ARCH = ARCHES.find((row) => row.node === process.arch);

/**
 * @param {string} name a row's name, or `all`
 * @returns {readonly ArchRow[]}
 * @throws {Error} for an unknown name
 */
export function archRows(name) {
	const rows =
		name === "all" ? ARCHES : ARCHES.filter((row) => row.name === name);
	if (rows.length > 0) return rows;
	throw new Error(
		`unknown architecture ${name}, known: ${ARCHES.map((row) => row.name).join(", ")}, all`,
	);
}
