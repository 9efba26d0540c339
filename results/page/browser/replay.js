/** The lines that try a case again, and a button that copies each. */
import { isBad, letter } from "./data.js";
import { el } from "./dom.js";

/**
 * @typedef {import("./data.js").Case} Case
 * @typedef {import("./data.js").Data} Data
 */

/**
 * @param {Data} data
 * @param {Case} one
 * @param {number} at
 * @param {{ one: Case, at: number }[]} there
 * @param {boolean} many
 */
export function replay(data, one, at, there, many) {
	// The same line on every target is told once, and the guest to boot is one in which it went wrong.
	const first = there.find((other) => other.one.crprobe === one.crprobe);
	const said = [];
	if (first?.at === at && one.crprobe !== "")
		said.push(
			command(`Try it by hand${many ? ` (${letter(at)})` : ""}`, one.crprobe),
		);
	const telling =
		isBad(one.verdict) ||
		(first?.at === at && !there.some((other) => isBad(other.one.verdict)));
	if (one.qemu !== "" && telling)
		said.push(
			command(
				`Boot the same guest${many ? ` (${letter(at)}, ${data.targets[at]?.release})` : ""}`,
				one.qemu,
			),
		);
	return said;
}

/**
 * @param {string} label
 * @param {string} text
 */
function command(label, text) {
	const code = el("code", {}, text);
	const button = el(
		"button.ghost.copy",
		{
			type: "button",
			onclick: async () => {
				try {
					await navigator.clipboard.writeText(text);
					button.textContent = "copied";
				} catch {
					// Without the right to the clipboard the text is selected, for the reader to copy.
					getSelection()?.selectAllChildren(code);
					button.textContent = "selected";
				}
			},
		},
		"copy",
	);
	return el(
		"div.command",
		{},
		el("div.commandhead", {}, el("h3", {}, label), button),
		el("pre", {}, code),
	);
}
