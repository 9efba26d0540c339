/** What the system must have, what for, how it shows, and which Debian package brings it. */
import { existsSync } from "node:fs";
import { HOST_ARCH } from "./arches.mjs";
import { BENCH } from "./benchNeeds.mjs";
import { findCommand } from "./run.mjs";

/**
 * @typedef {object} Need
 * @property {string} what what it is for
 * @property {readonly string[]} commands one of them on the PATH proves it
 * @property {readonly string[]} files or one of these files proves it
 * @property {readonly string[]} debian the packages that bring it
 * @property {boolean} [optional] without it only a part is missing
 */

/** @typedef {import("./arches.mjs").ArchRow} ArchRow */

/**
 * @param {ArchRow} row
 * @returns {Need[]} a compiler and a static C library
 */
function compilerNeeds(row) {
	if (row === HOST_ARCH)
		return [
			{
				what: `C compiler for ${row.name}`,
				commands: ["gcc"],
				files: [],
				debian: ["gcc"],
			},
			{
				what: `static C library for ${row.name}`,
				commands: [],
				files: [
					`/usr/lib/${row.triplet}/libc.a`,
					...["/usr/lib64/libc.a", "/usr/lib/libc.a"],
				],
				debian: ["libc6-dev"],
			},
			{
				what: "musl, a small static C library",
				commands: ["musl-gcc"],
				files: [],
				debian: ["musl-tools"],
			},
		];
	return [
		{
			what: `C compiler for ${row.name}`,
			commands: [`${row.triplet}-gcc`],
			files: [],
			debian: row.compiler,
		},
		{
			what: `static C library for ${row.name}`,
			commands: [],
			files: [`/usr/${row.triplet}/lib/libc.a`],
			debian: row.compiler,
		},
	];
}

/**
 * @param {ArchRow} row
 * @returns {Need} without it the package has no addon for the architecture
 */
function addonNeed(row) {
	const [own, other] = ["g++", `${row.triplet}-g++`];
	return {
		what: `C++ compiler for ${row.name}`,
		commands: [row === HOST_ARCH ? own : other],
		files: [],
		debian:
			row === HOST_ARCH
				? ["g++"]
				: row.compiler
						.filter((name) => name.startsWith("gcc-"))
						.map((name) => name.replace("gcc-", "g++-")),
		optional: true,
	};
}

/**
 * Whether this machine can build the agent of an architecture.
 * @param {ArchRow} row
 * @returns {boolean}
 */
export function canBuild(row) {
	return missingNeeds(compilerNeeds(row)).length === 0;
}

/**
 * @param {ArchRow} row
 * @returns {Need}
 */
function emulatorNeed(row) {
	return {
		what: `QEMU for ${row.name}`,
		commands: [row.emulator],
		files: [],
		debian: [row.qemu],
	};
}

/**
 * The compilers of the policies that guests carry. Without them the suite lsm is skipped.
 * @type {readonly Need[]}
 */
const POLICIES = [
	{
		what: "compiler of AppArmor's policies",
		commands: ["apparmor_parser"],
		files: [],
		debian: ["apparmor"],
		optional: true,
	},
	{
		what: "compiler of SELinux's policies",
		commands: ["checkpolicy"],
		files: [],
		debian: ["checkpolicy"],
		optional: true,
	},
];

/** Whether this machine can build the policies. */
export function canBuildPolicies() {
	return missingNeeds(POLICIES).length === 0;
}

/** @type {readonly Need[]} */
const ALWAYS = [
	{ what: "make", commands: ["make"], files: [], debian: ["make"] },
	{
		what: "C++ compiler for the addon",
		commands: ["g++", "c++"],
		files: [],
		debian: ["g++"],
		optional: true,
	},
	{
		what: "Python for node-gyp",
		commands: ["python3"],
		files: [],
		debian: ["python3"],
		optional: true,
	},
];

/**
 * A kernel image may be compressed with any of these; QEMU boots it all the same, but then less is known of it.
 * @type {readonly Need[]}
 */
const DECOMPRESSORS = [
	["xz", "xz-utils"],
	["zstd", "zstd"],
	["lz4", "lz4"],
	["lzop", "lzop"],
	["bzip2", "bzip2"],
].map(([command = "", debian = ""]) => ({
	what: `${command} for kernel images`,
	commands: [command],
	files: [],
	debian: [debian],
	optional: true,
}));

/** @type {readonly Need[]} */
const TESTS = [
	{
		what: "formatter for C",
		commands: ["clang-format"],
		files: [],
		debian: ["clang-format"],
	},
	{
		what: "TAP reader of Perl",
		commands: ["prove"],
		files: [],
		debian: ["perl"],
	},
	{
		what: "XML reader",
		commands: ["xmllint"],
		files: [],
		debian: ["libxml2-utils"],
	},
	{
		what: "reader of cpio archives",
		commands: ["cpio"],
		files: [],
		debian: ["cpio"],
	},
	...[
		["mkbootimg", "mkbootimg"],
		["mkimage", "u-boot-tools"],
		["dtc", "device-tree-compiler"],
		["rpmbuild", "rpm"],
		["createrepo_c", "createrepo-c"],
		["dnf", "dnf-plugins-core"],
		["pacman", "pacman-package-manager"],
		["gpg", "gpg"],
		["fakeroot", "fakeroot"],
		["objcopy", "binutils"],
	].map(([command = "", debian = ""]) => ({
		what: `${command}, which makes kernel images and packages`,
		commands: [command],
		files: [],
		debian: [debian],
	})),
	{
		what: "the EFI program of a UKI",
		commands: [],
		files: ["/usr/lib/systemd/boot/efi/linuxx64.efi.stub"],
		debian: ["systemd-boot-efi"],
	},
	{
		what: "OpenSSH's client",
		commands: ["ssh"],
		files: [],
		debian: ["openssh-client"],
	},
	{
		what: "OpenSSH's server",
		commands: ["sshd"],
		files: ["/usr/sbin/sshd"],
		debian: ["openssh-server"],
	},
	...["busybox", "mksh"].map((command) => ({
		what: `${command}, a shell that boards have`,
		commands: [command],
		files: [],
		debian: [command],
	})),
	{
		what: "a container runtime",
		commands: ["runc"],
		files: [],
		debian: ["runc"],
	},
	{
		what: "list of processes",
		commands: ["ps"],
		files: [],
		debian: ["procps"],
	},
	...[
		["slurmctld", "slurmctld"],
		["slurmd", "slurmd"],
		["sbatch", "slurm-client"],
		["munged", "munge"],
	].map(([command = "", debian = ""]) => ({
		what: `${command} for a farm on the loopback`,
		commands: [command],
		files: [],
		debian: [debian],
	})),
	{
		what: "runner of autopkgtest's tests",
		commands: ["autopkgtest"],
		files: [],
		debian: ["autopkgtest"],
	},
	{
		what: "schema of LAVA's jobs",
		commands: [],
		files: ["/usr/lib/python3/dist-packages/lava_common/schemas/__init__.py"],
		debian: ["lava-common"],
	},
	{
		what: "browser for the HTML report",
		commands: ["chromium", "chromium-browser", "google-chrome"],
		files: [],
		debian: ["chromium"],
	},
	{
		what: "a font for the browser",
		commands: [],
		files: ["/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"],
		debian: ["fonts-dejavu-core"],
	},
];

/**
 * What building a kernel takes, beside a compiler; faults/kernel/build.ts checks the same.
 * @type {readonly Need[]}
 */
const FAULTS = [
	...["flex", "bison", "bc", "patch"].map((command) => ({
		what: `${command} for building kernels`,
		commands: [command],
		files: [],
		debian: [command],
	})),
	{
		what: "xz for the kernel's source",
		commands: ["xz"],
		files: [],
		debian: ["xz-utils"],
	},
];

/** @type {readonly Need[]} */
const FUZZ = [
	{
		what: "clang with libFuzzer",
		commands: ["clang"],
		files: [],
		debian: ["clang"],
		optional: true,
	},
];

/**
 * What a set-up needs of the system.
 * @param {{ build: readonly ArchRow[], addons: readonly ArchRow[], guests: readonly ArchRow[], tests: boolean, faults: boolean, fuzz?: boolean, bench?: boolean }} wanted agents and addons to build, guests to run
 * @returns {Need[]}
 */
export function needsOf({
	build,
	addons,
	guests,
	tests,
	faults,
	fuzz = false,
	bench = false,
}) {
	return [
		...guests.map(emulatorNeed),
		...build.flatMap(compilerNeeds),
		...addons.map(addonNeed),
		...ALWAYS,
		...POLICIES,
		...DECOMPRESSORS,
		...(tests ? TESTS : []),
		...(faults ? FAULTS : []),
		...(fuzz ? FUZZ : []),
		...(bench ? BENCH : []),
	];
}

/**
 * The needs that nothing on this machine meets.
 * @param {readonly Need[]} needs
 * @returns {Need[]}
 */
export function missingNeeds(needs) {
	return needs.filter(
		({ commands, files }) =>
			!commands.some((name) => findCommand(name) !== undefined) &&
			!files.some((file) => existsSync(file)),
	);
}
