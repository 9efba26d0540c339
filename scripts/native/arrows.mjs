/**
 * Holds the helper's C to its arrows: which folder may use which, and that no files use each other in a circle. A file uses another one whose
 * function or variable it names.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { readSource } from "./sources.mjs";

/** @typedef {import("./sources.mjs").Source} Source */

/**
 * @typedef {object} Arrows
 * @property {Record<string, readonly string[]>} arrows folders by folder
 * @property {readonly string[]} lists files that only list what others have: whom they name they don't know
 */

/** @typedef {Map<string, Map<string, string>>} Uses by file, the files that it uses, each with a name that it has from there */

/**
 * @param {string} top
 * @param {string} folder relative to it
 * @returns {Map<string, Source>} by path relative to `top`
 */
function sourcesUnder(top, folder) {
	/** @type {Map<string, Source>} */
	const sources = new Map();
	for (const name of readdirSync(join(top, folder)).sort()) {
		const path = `${folder}/${name}`;
		if (statSync(join(top, path)).isDirectory())
			for (const [inner, source] of sourcesUnder(top, path))
				sources.set(inner, source);
		else if (/\.(c|cc|h)$/.test(name))
			sources.set(path, readSource(readFileSync(join(top, path), "utf8")));
	}
	return sources;
}

/**
 * @param {ReadonlyMap<string, Source>} sources
 * @returns {Uses}
 */
function usesOf(sources) {
	/** @type {Map<string, string>} */
	const homes = new Map();
	for (const [path, { exported, includes }] of sources) {
		// A fuzz target is built of other files, with stand-ins for what they call: nobody has anything from it.
		const builtOf = includes.some((file) => file.endsWith(".c"));
		if (!builtOf && !path.endsWith(".h"))
			for (const name of exported) homes.set(name, path);
	}
	/** @type {Uses} */
	const uses = new Map();
	for (const [path, { used }] of sources) {
		/** @type {Map<string, string>} */
		const targets = new Map();
		// A header only declares.
		if (!path.endsWith(".h"))
			for (const name of used) {
				const home = homes.get(name);
				if (home !== undefined) targets.set(home, name);
			}
		uses.set(path, targets);
	}
	return uses;
}

/**
 * @param {Uses} uses
 * @param {string} start
 * @returns {string[] | undefined} the files of a shortest circle through `start`, from it on
 */
function circleThrough(uses, start) {
	/** @type {Map<string, string>} by file, the one that led to it */
	const before = new Map();
	const queue = [start];
	for (const file of queue)
		for (const target of uses.get(file)?.keys() ?? []) {
			if (target === start) {
				const circle = [file];
				for (let at = file; at !== start; circle.unshift(at))
					at = before.get(at) ?? start;
				return circle;
			}
			if (before.has(target)) continue;
			before.set(target, file);
			queue.push(target);
		}
	return undefined;
}

/**
 * @param {Uses} uses
 * @returns {string[]} one line for each circle, of which no file is named twice
 */
function circleTrouble(uses) {
	const trouble = [];
	/** @type {Set<string>} */
	const named = new Set();
	for (const file of uses.keys()) {
		if (named.has(file)) continue;
		const circle = circleThrough(uses, file);
		if (circle === undefined) continue;
		for (const one of circle) named.add(one);
		const steps = circle.map((one, i) => {
			const next = circle[(i + 1) % circle.length] ?? file;
			return `${next} (${uses.get(one)?.get(next)})`;
		});
		trouble.push(`${file}: a circle: ${[file, ...steps].join(" -> ")}`);
	}
	return trouble;
}

/**
 * @param {string} path
 * @param {Source} source
 * @param {ReadonlyMap<string, string>} targets
 * @param {Arrows} rooms
 * @returns {string[]} each use and include that no arrow allows
 */
function arrowTrouble(path, { includes }, targets, { arrows }) {
	const folder = dirname(path);
	const allowed = arrows[folder];
	if (allowed === undefined)
		return [`${path}: scripts/rooms.json does not know ${folder}`];
	/** @type {[target: string, what: string][]} */
	const wanted = [
		...includes
			.filter((file) => file.startsWith("."))
			.map((file) => /** @type {const} */ ([join(folder, file), file])),
		...targets,
	].map(([file, what]) => [dirname(normalize(file)), what]);
	return wanted
		.filter(([target]) => target !== folder && !allowed.includes(target))
		.map(
			([target, what]) =>
				`${path}: ${folder} may not use ${target} (${what}); see scripts/rooms.json`,
		);
}

/**
 * @param {string} top the project's folder
 * @param {Arrows} rooms
 * @param {string} [folder] where the C is
 * @returns {string[]} everything that is wrong; none where all is well
 */
export function nativeTrouble(top, rooms, folder = "native") {
	const sources = sourcesUnder(top, folder);
	const uses = usesOf(sources);
	const trouble = [];
	for (const list of rooms.lists) {
		const called = sources.get(list)?.called ?? new Set();
		for (const [file, name] of uses.get(list) ?? [])
			if (called.has(name))
				trouble.push(`${list}: only lists, but calls ${name}() of ${file}`);
		if (!uses.delete(list))
			trouble.push(`scripts/rooms.json: there is no ${list}`);
	}
	for (const [path, source] of sources) {
		const targets = uses.get(path) ?? new Map();
		trouble.push(...arrowTrouble(path, source, targets, rooms));
	}
	return [...trouble, ...circleTrouble(uses)];
}
