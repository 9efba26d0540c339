/** Foreign text as KCIDB takes it. */

import type { CaseResult } from "../model/model.js";
import { words } from "../model/summary.js";
import { clip, visible } from "../text/escape.js";

/** The schema's bound on an excerpt. */
const MAX_EXCERPT = 16384;

/** What there is to say of a failure, with its console. */
export function logExcerpt(result: CaseResult): string {
	const rows = [
		`${words(result.verdict)}: ${result.reason}`,
		`expected: ${result.expected}`,
		`observed: ${result.observed}`,
		`subject: ${result.readback ?? result.subject}`,
		`replay: ${result.replay.crprobe}`,
		...(result.console ?? []),
	];
	return fitted(rows.map((row) => text(row)).join("\n"));
}

/** Code points count in the schema; UTF-16 units are never fewer. */
function fitted(log: string): string {
	return log.length <= MAX_EXCERPT ? log : clip(log, MAX_EXCERPT - 80);
}

/** Foreign text as the schema allows it: no NUL, and bounded. */
export function text(value: string): string {
	return visible(clip(value));
}

/** Every string inside, made harmless; nothing undefined. */
export function clean(value: unknown): unknown {
	if (typeof value === "string") return text(value);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value)
			.filter(([, item]) => item !== undefined)
			.map(([key, item]) => [text(key), clean(item)]),
	);
}
