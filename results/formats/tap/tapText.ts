/** TAP's own pieces: descriptions, directives, the YAML block of a failure, a target's header. */
import { stringify } from "yaml";
import type { CaseResult, TargetHead, TargetTail } from "../../model/model.js";
import {
	isBad,
	isUnexpected,
	sentence,
	type TargetSummary,
	words,
} from "../../model/summary.js";
import { clip, oneLine, visible } from "../../text/escape.js";

/** Text after a test number or a directive: `\` and `#` would be read as escapes and directives. */
export function description(text: string): string {
	return oneLine(text).replace(/[\\#]/g, "\\$&");
}

/** One test point with its YAML block, not indented. `name` is the case's id, with its target's where that is not clear. */
export function testPoint(
	number: number,
	result: CaseResult,
	name: string,
): string {
	const bad = isBad(result.verdict);
	// The name stays the same whatever the verdict of the kernel; trouble of another kind is said beside it.
	const trouble =
		bad && result.verdict !== "fail" ? ` (${words(result.verdict)})` : "";
	const line = `${bad ? "not ok" : "ok"} ${number} - ${description(name)}${trouble}${directive(result)}\n`;
	return bad ? line + indent(yamlBlock(result), 2) : line;
}

function directive(result: CaseResult): string {
	if (result.verdict === "skip")
		return ` # SKIP ${description(result.reason)}`.trimEnd();
	if (result.known === undefined || isUnexpected(result)) return "";
	const until =
		result.known.until === undefined ? "" : ` (until ${result.known.until})`;
	return ` # TODO ${description(result.known.reason + until)}`;
}

/** What a reader of a failure needs: what was tried, as whom, expected, observed, why, and how to try it again. */
function yamlBlock(result: CaseResult): string {
	const facts = {
		verdict: result.verdict,
		expected: result.expected,
		observed: result.observed,
		reason: result.reason,
		citation: result.citation,
		subject: result.subject,
		readback: result.readback,
		probe: result.probe,
		args: result.args,
		duration_us: result.durationUs,
		replay: { crprobe: result.replay.crprobe, qemu: result.replay.qemu },
	};
	// Every string of foreign origin stays on its own line, so that no line of dots or dashes comes from inside.
	const block = display(facts) as Record<string, unknown>;
	// Perl's harness reads no list whose items look like keys ("BUG: …"), but it reads one text of many lines.
	const console = consoleText(result.console ?? []);
	if (console !== "") block.console = console;
	return `---\n${stringify(block, { lineWidth: 0, blockQuote: "literal" })}...\n`;
}

/** Console lines as one text: none empty, for Perl's harness would end there, and no blank before the first. */
function consoleText(lines: readonly string[]): string {
	const shown = lines
		.map((line) => oneLine(line).trimEnd())
		.filter((line) => line.trim() !== "");
	return shown.length === 0 ? "" : `${shown.join("\n").trimStart()}\n`;
}

/** Every string inside, safe to show; keys without a value left out. */
function display(value: unknown): unknown {
	if (typeof value === "string") return oneLine(value);
	if (Array.isArray(value)) return value.map(display);
	if (typeof value !== "object" || value === null) return value;
	const entries = Object.entries(value).filter(
		([, item]) => item !== undefined,
	);
	return Object.fromEntries(entries.map(([key, item]) => [key, display(item)]));
}

/** What the kernel, the machine and the tools are, as comments. */
export function headComments(head: TargetHead): string {
	const { kernel } = head;
	const rows: [string, string | undefined][] = [
		["target", `${head.name} (${head.kind})`],
		["kernel", `${kernel.release} ${kernel.arch}`],
		["kernel version", kernel.version],
		["kernel image", kernel.path === "" ? undefined : kernel.path],
		["kernel sha256", kernel.sha256 === "" ? undefined : kernel.sha256],
		["kernel source", kernel.source],
		[
			"accel",
			head.accelReason === undefined
				? head.accel
				: `${head.accel}: ${head.accelReason}`,
		],
		...Object.entries(head.tools).map(([name, version]): [string, string] => [
			`tool ${name}`,
			version,
		]),
		...Object.entries(head.facts).map(([name, value]): [string, string] => [
			`fact ${name}`,
			String(value),
		]),
		["planned", String(head.planned)],
	];
	return rows
		.map(([name, value]) =>
			value === undefined ? "" : comment(`${name}: ${value}`),
		)
		.join("");
}

/**
 * What there is to say of a run that did not end well, and the totals, as comments. The totals come last: without them a
 * reader knows that there was more.
 */
export function tailComments(target: TargetSummary, tail: TargetTail): string {
	const totals = Object.entries(tail.totals).map(
		([verdict, count]) => `${verdict}=${count}`,
	);
	const lines = [
		sentence({ ...target, tail }),
		...tail.notes.map((note) => `note: ${note}`),
	];
	if (!tail.complete)
		lines.push(`incomplete: ${tail.incompleteReason ?? "no reason was given"}`);
	for (const line of tail.consoleTail ?? []) lines.push(`console: ${line}`);
	lines.push(`totals: ${totals.join(" ")}`);
	return lines.map(comment).join("");
}

/** `Bail out!` with its reason. */
export function bailOut(reason: string): string {
	return `Bail out! ${visible(clip(reason, 400))}\n`;
}

/** One comment line. */
export function comment(text: string): string {
	return `# ${oneLine(text)}\n`;
}

/** Every line of a text, further right. */
export function indent(text: string, columns: number): string {
	return text.replace(/^(?=.)/gm, " ".repeat(columns));
}
