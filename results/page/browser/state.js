/**
 * What is looked at, as it stands in the page's address: filters, the open case, the theme.
 *
 * @typedef {import("./data.js").Data} Data
 * @typedef {import("./data.js").Line} Line
 * @typedef {{ show: string, suite: string, subject: string, target: string, query: string, open: string, theme: string }} State
 */
import { WORST } from "./data.js";

/** Keys in the address, by what they hold. */
const KEYS = {
	show: "show",
	suite: "b",
	subject: "s",
	target: "on",
	query: "q",
	open: "case",
	theme: "theme",
};

/** What `show` may be besides a verdict. */
export const VIEWS = ["all", "bad", "diff"];

/**
 * What a page shows first: what did not pass, where there is something; of a comparison, what differs.
 * @param {Data} data
 * @returns {State}
 */
export function firstState(data) {
	const first = data.lines.some(({ bad }) => bad) ? "bad" : "all";
	const show = data.raw.lead === null ? first : "diff";
	return {
		show,
		suite: "",
		subject: "",
		target: "",
		query: "",
		open: "",
		theme: "",
	};
}

/**
 * The state that an address asks for. What it gets wrong is passed over.
 * @param {string} hash
 * @param {Data} data
 * @returns {State}
 */
export function readState(hash, data) {
	const state = firstState(data);
	const asked = new URLSearchParams(hash.replace(/^#/, ""));
	for (const [name, key] of Object.entries(KEYS)) {
		const value = asked.get(key);
		if (value !== null && allowed(name, value, data))
			state[/** @type {keyof State} */ (name)] = value;
	}
	return state;
}

/**
 * @param {string} name
 * @param {string} value
 * @param {Data} data
 */
function allowed(name, value, data) {
	if (value === "") return true;
	if (name === "show") return VIEWS.includes(value) || WORST.includes(value);
	if (name === "suite") return data.suites.includes(value);
	if (name === "subject") return data.subjects.includes(value);
	if (name === "target") return data.targets[Number(value)] !== undefined;
	if (name === "open") return data.lines.some(({ id }) => id === value);
	if (name === "theme") return value === "light" || value === "dark";
	return true;
}

/**
 * The address of a state: only what is not so anyway.
 * @param {State} state
 * @param {Data} data
 */
export function writeState(state, data) {
	const first = firstState(data);
	const asked = new URLSearchParams();
	for (const [name, key] of Object.entries(KEYS)) {
		const field = /** @type {keyof State} */ (name);
		if (state[field] !== first[field]) asked.set(key, state[field]);
	}
	return `#${asked}`;
}

/**
 * The lines that pass the filters. `count` true leaves out the view, to count what each would show.
 * @param {Data} data
 * @param {State} state
 * @param {string} [show]
 */
export function filtered(data, state, show = state.show) {
	const wanted = state.query.toLowerCase().split(/\s+/).filter(Boolean);
	const at = state.target === "" ? null : Number(state.target);
	return data.lines.filter(
		(line) =>
			(state.suite === "" || line.suite === state.suite) &&
			(state.subject === "" || line.subject === state.subject) &&
			(at === null || line.results[at] !== null) &&
			wanted.every((word) => line.text.includes(word)) &&
			visible(line, show, at),
	);
}

/**
 * @param {Line} line
 * @param {string} show
 * @param {number | null} at
 */
function visible(line, show, at) {
	if (show === "all") return true;
	if (show === "diff") return line.differs;
	const results = at === null ? line.results : [line.results[at]];
	return results.some(
		(one) =>
			one &&
			(show === "bad" ? WORST.indexOf(one.verdict) < 5 : one.verdict === show),
	);
}
