/** What was built from what: a step is done again only when a source's content, or a setting, has changed. */
import { createHash } from "node:crypto";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { TOP } from "./run.mjs";

const FOLDER = join(TOP, ".setup");

/**
 * Every file under the paths, sorted; a path that is not there holds none.
 * @param {readonly string[]} paths files and folders, relative to the project's folder
 * @param {(name: string) => boolean} [wanted] by file name
 * @returns {string[]} absolute paths
 */
export function filesUnder(paths, wanted = () => true) {
	/** @type {string[]} */
	const found = [];
	for (const path of paths) {
		const full = join(TOP, path);
		if (!existsSync(full)) continue;
		if (statSync(full).isFile()) found.push(full);
		else
			for (const entry of readdirSync(full, {
				recursive: true,
				withFileTypes: true,
			}))
				if (entry.isFile() && wanted(entry.name))
					found.push(join(entry.parentPath ?? entry.path, entry.name));
	}
	return found.sort();
}

/**
 * A digest of files' names and contents, and of settings.
 * @param {readonly string[]} files absolute paths
 * @param {readonly string[]} [settings]
 * @returns {string}
 */
export function fingerprint(files, settings = []) {
	const hash = createHash("sha256").update(JSON.stringify(settings));
	for (const file of files) {
		const content = readFileSync(file);
		hash.update(`\n${relative(TOP, file)} ${content.length}\n`).update(content);
	}
	return hash.digest("hex");
}

/**
 * Whether the step was done with this fingerprint and its outputs are still there.
 * @param {string} step
 * @param {string} print
 * @param {readonly string[]} outputs relative to the project's folder
 * @returns {boolean}
 */
export function isDone(step, print, outputs) {
	try {
		if (readFileSync(join(FOLDER, step), "utf8") !== print) return false;
	} catch {
		return false;
	}
	return outputs.every((output) => existsSync(join(TOP, output)));
}

/**
 * Remembers that the step was done.
 * @param {string} step
 * @param {string} print
 */
export function markDone(step, print) {
	const file = join(FOLDER, step);
	mkdirSync(dirname(file), { recursive: true });
	writeFileSync(file, print);
}

/**
 * Forgets that the step was done.
 * @param {string} step
 */
export function forget(step) {
	rmSync(join(FOLDER, step), { force: true });
}
