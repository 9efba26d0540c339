#!/usr/bin/env node
/**
 * Holds the rooms to scripts/rooms.json: which folder may import which, how many files a folder and how many lines a
 * file may have, and that each folder with source files says in a README or an index what it is for. In C, what a file
 * uses is what it imports, and no files use each other in a circle (native/arrows.mjs). Prints what is wrong, one line each.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { nativeTrouble } from "./native/arrows.mjs";

/** A folder may hold no more source files than this. */
const MOST_FILES = 20;
/** A file that is no table of rows may have no more lines than this. */
const MOST_LINES = 400;
/** A folder's README may have no more lines than this. */
const README_LINES = 15;

const SOURCE = /\.(ts|mjs|js|css|c|h|cc)$/;
const TEST = /\.test\./;
/** Imports and re-exports, as the formatter leaves them. */
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g;
/** Folders of these names hold no source of the project. */
const PASSED_OVER = new Set([
	...["node_modules", "dist", "build", "prebuilds", "golden"],
	...[".git", ".setup", ".tap"],
]);

/** @typedef {{ arrows: Record<string, readonly string[]>, tables: readonly string[] }} Rooms */

/**
 * @param {string} top
 * @param {string} folder relative to it
 * @returns {string[]} every source file below it, relative to `top`
 */
function sourcesUnder(top, folder) {
	return readdirSync(join(top, folder)).flatMap((name) => {
		const path = folder === "" ? name : `${folder}/${name}`;
		if (PASSED_OVER.has(name)) return [];
		if (statSync(join(top, path)).isDirectory()) return sourcesUnder(top, path);
		return SOURCE.test(name) ? [path] : [];
	});
}

/**
 * @param {string} file
 * @param {string} text
 * @param {Rooms} rooms
 * @returns {string[]} each import that no arrow allows
 */
function forbiddenImports(file, text, { arrows }) {
	const room = dirname(file);
	const allowed = arrows[room];
	if (allowed === undefined)
		return [`${file}: scripts/rooms.json does not know ${room}`];
	return [...text.matchAll(IMPORT)].flatMap(([, path = ""]) => {
		const target = dirname(normalize(join(room, path)));
		if (target === room || allowed.includes(target)) return [];
		return [
			`${file}: ${room} may not import ${target} (${path}); see scripts/rooms.json`,
		];
	});
}

/**
 * @param {readonly string[]} files
 * @returns {string[]} every folder that holds one of them, itself or in a folder of its own
 */
function foldersOf(files) {
	const found = new Set();
	for (const file of files)
		for (let at = dirname(file); at !== "."; at = dirname(at)) found.add(at);
	return [...found].sort();
}

/**
 * @param {string} top
 * @param {string} folder
 * @returns {string[]} what is wrong with what it says of itself
 */
function readmeTrouble(top, folder) {
	const names = ["README.md", "index.ts"].map((name) => `${folder}/${name}`);
	const found = names.find((name) => existsSync(join(top, name)));
	if (found === undefined)
		return [`${folder}: neither README.md nor index.ts says what it is for`];
	if (!found.endsWith(".md")) return [];
	const lines = readFileSync(join(top, found), "utf8").split("\n").length - 1;
	return lines > README_LINES
		? [`${found}: ${lines} lines; at most ${README_LINES}`]
		: [];
}

/**
 * @param {string} top the project's folder
 * @param {Rooms} rooms
 * @returns {string[]} everything that is wrong; none where all is well
 */
export function roomTrouble(top, rooms) {
	const files = sourcesUnder(top, "");
	const trouble = [];
	/** @type {Map<string, number>} */
	const counts = new Map();
	for (const file of files) {
		const text = readFileSync(join(top, file), "utf8");
		const lines = text.split("\n").length - 1;
		const folder = dirname(file);
		counts.set(folder, (counts.get(folder) ?? 0) + 1);
		if (lines > MOST_LINES && !rooms.tables.includes(file))
			trouble.push(`${file}: ${lines} lines; at most ${MOST_LINES}`);
		const typed = file.endsWith(".ts") && !TEST.test(file);
		if (typed) trouble.push(...forbiddenImports(file, text, rooms));
	}
	for (const [folder, count] of counts)
		if (count > MOST_FILES)
			trouble.push(`${folder}: ${count} source files; at most ${MOST_FILES}`);
	const folders = new Set([...Object.keys(rooms.arrows), ...foldersOf(files)]);
	for (const folder of folders) trouble.push(...readmeTrouble(top, folder));
	for (const table of rooms.tables)
		if (!files.includes(table))
			trouble.push(`scripts/rooms.json: there is no ${table}`);
	return trouble;
}

const self = fileURLToPath(import.meta.url);
if (self === process.argv[1]) {
	const top = dirname(dirname(self));
	const text = readFileSync(join(top, "scripts/rooms.json"), "utf8");
	const rooms = JSON.parse(text);
	const trouble = [...roomTrouble(top, rooms), ...nativeTrouble(top, rooms)];
	for (const line of trouble) console.log(line);
	process.exitCode = trouble.length > 0 ? 1 : 0;
}
