/**
 * The addon as it travels in the package, for each architecture that has a C++ compiler here: in prebuildify's layout, where
 * node-gyp-build finds it. It is bound to Node-API, so one build serves every Node.js, and to the GNU C library.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CASE_SOURCES, nodeHeaders } from "./lib/addon.mjs";
import { ARCHES, HOST_ARCH } from "./lib/arches.mjs";
import { findCommand, mustRun, say, TOP } from "./lib/run.mjs";
import { filesUnder, fingerprint, isDone, markDone } from "./lib/stamps.mjs";

/** @typedef {import("./lib/arches.mjs").ArchRow} ArchRow */

/** As binding.gyp has them. */
const FLAGS = ["-O2", "-fPIC", "-Wall", "-Wextra", "-fvisibility=hidden"];
const DEFINES = ["-DNAPI_VERSION=8", "-D_GNU_SOURCE"];

/** @param {string} name */
const isC = (name) => name.endsWith(".c");

/**
 * @param {ArchRow} row
 * @param {"gcc" | "g++"} compiler
 * @returns {string}
 */
const command = (row, compiler) =>
	row === HOST_ARCH ? compiler : `${row.triplet}-${compiler}`;

/**
 * @param {ArchRow} row
 * @returns {string} relative to the project's folder
 */
export const prebuildOf = (row) =>
	`prebuilds/linux-${row.node}/node.napi.glibc.node`;

/** @returns {ArchRow[]} the architectures whose addon can be built here */
function buildable() {
	if (nodeHeaders() === undefined) return [];
	return ARCHES.filter((row) =>
		[command(row, "gcc"), command(row, "g++")].every(
			(name) => findCommand(name) !== undefined,
		),
	);
}

/** @returns {[step: string, print: string, outputs: string[]]} */
function stamp() {
	const rows = buildable();
	const sources = filesUnder([
		"native/addon",
		...CASE_SOURCES,
		"scripts/prebuilds.mjs",
	]);
	return [
		"prebuilds",
		fingerprint(
			sources,
			rows.map((row) => row.name),
		),
		rows.map(prebuildOf),
	];
}

export const prebuildsAreDue = () => !isDone(...stamp());

/** Builds what can be built, anew, and removes what was built of others. */
export function providePrebuilds() {
	const [step, print, outputs] = stamp();
	const rows = buildable();
	say(`building the addon for ${rows.map((row) => row.name).join(" ")}`);
	rmSync(join(TOP, "prebuilds"), { recursive: true, force: true });
	for (const row of rows) buildFor(row);
	if (outputs.length > 0) markDone(step, print);
}

/** @param {ArchRow} row */
function buildFor(row) {
	const work = mkdtempSync(join(tmpdir(), "crcap-prebuild-"));
	try {
		const c = filesUnder(CASE_SOURCES, isC);
		const core = ["-I", join(TOP, "native/core")];
		const at = { cwd: work };
		// One at a time: files of two folders may have one name, and their objects must not.
		const objects = c.map((path, n) => {
			const object = join(work, `${n}.o`);
			mustRun(
				command(row, "gcc"),
				[
					...[...FLAGS, ...DEFINES, "-std=gnu11", ...core],
					...["-c", "-o", object, path],
				],
				at,
			);
			return object;
		});
		const made = join(work, "made.node");
		mustRun(
			command(row, "g++"),
			[
				...[...FLAGS, ...DEFINES, "-std=gnu++17", "-fexceptions", ...core],
				...["-I", join(nodeHeaders() ?? "", "include/node")],
				...["-I", addonApi(), "-shared", "-s", "-o", made],
				...[join(TOP, "native/addon/addon.cc"), ...objects],
				// Machines without a compiler may be without its library.
				...["-static-libstdc++", "-static-libgcc"],
				...[
					"-Wl,--exclude-libs,ALL",
					"-Wl,--gc-sections",
					"-Wl,--build-id=none",
				],
			],
			at,
		);
		const target = join(TOP, prebuildOf(row));
		mkdirSync(dirname(target), { recursive: true });
		mustRun("cp", [made, `${target}.tmp`]);
		renameSync(`${target}.tmp`, target);
	} finally {
		rmSync(work, { recursive: true, force: true });
	}
}

/** @returns {string} the folder of its headers */
const addonApi = () =>
	dirname(
		createRequire(join(TOP, "package.json")).resolve("node-addon-api/napi.h"),
	);
