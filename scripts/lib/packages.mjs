/** What the system must have, what for, how it shows, and which Debian package brings it. */
import { existsSync, readdirSync } from "node:fs";
import { HOST_ARCH } from "./arches.mjs";
import { findCommand, mustRun, run, SetupError, say } from "./run.mjs";

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
	const own = row === HOST_ARCH;
	const libraries = own
		? [`/usr/lib/${row.triplet}/libc.a`, "/usr/lib64/libc.a", "/usr/lib/libc.a"]
		: [];
	return [
		{
			what: `C compiler for ${row.name}`,
			commands: [`${row.triplet}-gcc`],
			files: [],
			debian: own ? ["gcc"] : row.compiler,
		},
		{
			what: `static C library for ${row.name}`,
			commands: [],
			files: [...libraries, `/usr/${row.triplet}/lib/libc.a`],
			debian: own ? ["libc6-dev"] : row.compiler,
		},
	];
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
		debian: row.qemu,
	};
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
 * What a set-up needs of the system.
 * @param {{ build: readonly ArchRow[], guests: readonly ArchRow[], tests: boolean }} wanted agents to build, guests to run
 * @returns {Need[]}
 */
export function needsOf({ build, guests, tests }) {
	return [
		...guests.map(emulatorNeed),
		...build.flatMap(compilerNeeds),
		...ALWAYS,
		...DECOMPRESSORS,
		...(tests ? TESTS : []),
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

/**
 * @param {readonly Need[]} needs
 * @returns {string[]} their packages, each once
 */
export function packagesOf(needs) {
	return [...new Set(needs.flatMap(({ debian }) => debian))];
}

/** @param {readonly string[]} packages */
const aptArgs = (packages) => [
	"install",
	"-y",
	"--no-install-recommends",
	...packages,
];

/**
 * The one line that says what is missing, and the command that installs it.
 * @param {readonly Need[]} missing
 * @returns {string}
 */
export function missingLine(missing) {
	const what = missing.map((need) => need.what).join(", ");
	const command = ["sudo apt-get", ...aptArgs(packagesOf(missing))].join(" ");
	return findCommand("apt-get") === undefined
		? `missing on this machine: ${what}; install them (Debian calls the packages ${packagesOf(missing).join(" ")})`
		: `missing on this machine: ${what}; install them with: ${command}`;
}

/** Can this process install packages? */
function mayInstall() {
	return process.getuid?.() === 0 && findCommand("apt-get") !== undefined;
}

/**
 * The needs that keep the set-up from going on: who cannot install anything goes without what is optional.
 * @param {readonly Need[]} needs
 * @returns {Need[]}
 */
function dueNeeds(needs) {
	const missing = missingNeeds(needs);
	return mayInstall() || missing.some((need) => !need.optional) ? missing : [];
}

/**
 * @param {readonly Need[]} needs
 * @returns {boolean} whether something must be installed
 */
export function needsAreDue(needs) {
	return dueNeeds(needs).length > 0;
}

/**
 * Installs what is missing, as root and with apt.
 * @param {readonly Need[]} needs
 * @throws {SetupError} with exit status 2 where that needs root or apt, 1 where apt fails
 */
export function provideNeeds(needs) {
	const missing = dueNeeds(needs);
	if (missing.length === 0) return;
	if (!mayInstall()) throw new SetupError(missingLine(missing), 2);
	install(packagesOf(missing));
	const still = missingNeeds(missing);
	if (still.length > 0)
		throw new SetupError(
			`apt installed ${packagesOf(still).join(" ")}, but ${missingLine(still)}`,
		);
}

/** @param {readonly string[]} packages */
function install(packages) {
	say(`installing ${packages.join(" ")}`);
	const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
	// Old lists name packages that the mirror no longer has: renew them when they are absent or when they fail.
	// Where another installation is under way, wait for it.
	const args = ["-o=DPkg::Lock::Timeout=300", ...aptArgs(packages)];
	if (haveLists() && run("apt-get", args, { env }).ok) return;
	mustRun("apt-get", ["update"], { env });
	mustRun("apt-get", args, { env });
}

/** @returns {boolean} whether apt has ever been told what its mirror holds */
function haveLists() {
	try {
		return readdirSync("/var/lib/apt/lists").some((name) =>
			/_Packages(\.|$)/.test(name),
		);
	} catch {
		return false;
	}
}
