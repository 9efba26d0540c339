/** What a C file defines and which names it uses, read from its text, which clang-format keeps in one form. */

/**
 * @typedef {object} Source
 * @property {readonly string[]} includes files of the project's own, as they are spelt
 * @property {ReadonlySet<string>} exported the functions and variables that other files may use
 * @property {ReadonlySet<string>} used the names in it that it does not define itself
 * @property {ReadonlySet<string>} called of those, the ones that a parenthesis follows
 */

const COMMENT_OR_TEXT =
	/\/\*.*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/gs;
const INCLUDE = /^[ \t]*#[ \t]*include[ \t]+"([^"]+)"/gm;
const DEFINE = /^([ \t]*)#[ \t]*define[ \t]+/gm;
/** A preprocessor's line, with those that it goes on in. */
const DIRECTIVE = /^[ \t]*#(?:\\\n|[^\n])*/gm;
const ATTRIBUTE = /__attribute__\s*\(\(.*?\)\)/gs;
/** A function's name, where its definition's head ends. */
const FUNCTION = /([A-Za-z_]\w*)\s*\(.*\)\s*$/s;
/** A variable's name, before what it holds or the declaration's end. */
const VARIABLE = /\s\*?([A-Za-z_]\w*)\s*(?:\[[^\]]*\]\s*)*(?:=|$)/;
const NAME = /\b([A-Za-z_]\w*)(\s*\()?/g;

/**
 * @param {string} code
 * @returns {{ functions: string[], others: string[] }} the heads of functions, and what else is declared outside of them
 */
function outermost(code) {
	const functions = [];
	const others = [];
	let depth = 0;
	let head = "";
	for (const character of code) {
		if (character === "{") {
			if (depth === 0 && !head.includes("=") && FUNCTION.test(head)) {
				functions.push(head);
				head = "";
			}
			depth++;
		} else if (character === "}") {
			depth--;
		} else if (depth === 0 && character === ";") {
			others.push(head);
			head = "";
		} else if (depth === 0) {
			head += character;
		}
	}
	return { functions, others };
}

/**
 * @param {string} declaration
 * @returns {string | undefined} the variable that it defines; none for types, prototypes and what another file has
 */
function variableOf(declaration) {
	const text = declaration.trim();
	if (/^(?:extern|typedef)\b|^(?:struct|union|enum)(?:\s+\w+)?$/.test(text))
		return undefined;
	const [left = ""] = text.split("=");
	// A pointer to a function is written with its name in parentheses.
	if (left.includes("(")) return /\(\s*\*(?:const\s)?\s*(\w+)/.exec(left)?.[1];
	return VARIABLE.exec(text)?.[1];
}

/**
 * @param {string} text
 * @returns {Source}
 */
export function readSource(text) {
	const plain = text.replace(COMMENT_OR_TEXT, (part) =>
		part.startsWith("/") ? " " : "0",
	);
	const code = plain.replace(DIRECTIVE, "").replace(ATTRIBUTE, " ");
	const { functions, others } = outermost(code);
	/** @type {Set<string>} */
	const own = new Set();
	/** @type {Set<string>} */
	const exported = new Set();
	for (const [head, name] of [
		...functions.map((head) => [head, FUNCTION.exec(head)?.[1]]),
		...others.map((head) => [head, variableOf(head)]),
	]) {
		if (head === undefined || name === undefined) continue;
		own.add(name);
		if (!/\bstatic\b/.test(head)) exported.add(name);
	}
	/** @type {Set<string>} */
	const used = new Set();
	/** @type {Set<string>} */
	const called = new Set();
	// What a macro stands for is used, whoever uses the macro.
	for (const [, name = "", call] of plain
		.replace(DEFINE, "$1")
		.replace(DIRECTIVE, "")
		.matchAll(NAME)) {
		if (own.has(name)) continue;
		used.add(name);
		if (call !== undefined) called.add(name);
	}
	const includes = [...text.matchAll(INCLUDE)].map(([, path = ""]) => path);
	return { includes, exported, used, called };
}
