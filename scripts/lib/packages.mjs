/** Installs what the system lacks, with apt. */
import { readdirSync } from "node:fs";
import { missingNeeds } from "./needs.mjs";
import { findCommand, mustRun, run, SetupError, say } from "./run.mjs";

/** @typedef {import("./needs.mjs").Need} Need */

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
