/** Making elements. Text is only ever set as text. */

/**
 * An element with a class (`"button.mark.fail"`), properties, listeners (`onclick`), and children.
 * @param {string} kind
 * @param {Record<string, any>} [props]
 * @param {...(Node | string | number | null | false | undefined)} children
 * @returns {HTMLElement}
 */
export function el(kind, props = {}, ...children) {
	const [tag = "div", ...classes] = kind.split(".");
	const node = document.createElement(tag);
	if (classes.length > 0) node.className = classes.join(" ");
	for (const [name, value] of Object.entries(props)) {
		// An ARIA state says "false"; another attribute is left out.
		const state = name.startsWith("aria-") && typeof value === "boolean";
		if (value === undefined || value === null) continue;
		if (value === false && !state) continue;
		if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
		else if (name.startsWith("--")) node.style.setProperty(name, String(value));
		else node.setAttribute(name, value === true && !state ? "" : String(value));
	}
	for (const child of children) {
		if (child === null || child === undefined || child === false) continue;
		node.append(typeof child === "number" ? String(child) : child);
	}
	return node;
}

/**
 * A verdict's mark in its colour. The word is there for those who hear the page.
 * @param {string} verdict
 * @param {string} sign
 * @param {string} word
 */
export function badge(verdict, sign, word) {
	return el(
		`span.badge.${verdict}`,
		{ role: "img", "aria-label": word, title: word },
		sign,
	);
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export function counted(count, one, many = `${one}s`) {
	return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** @param {number} milliseconds */
export function seconds(milliseconds) {
	return milliseconds < 1000
		? `${Math.round(milliseconds)} ms`
		: `${(milliseconds / 1000).toFixed(1)} s`;
}
