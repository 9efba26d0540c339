/** A reporter for node:test: one JSON line for each test that ran, for whoever counts them. */

/** @typedef {{ outcome: "passed" | "failed" | "skipped", name: string, file: string }} TestEvent */

/**
 * What one event of node:test adds to the count; undefined where it adds nothing.
 * @param {{ type: string, data: any }} event
 * @returns {TestEvent | undefined}
 */
export function countedEvent({ type, data }) {
	if (type !== "test:pass" && type !== "test:fail") return undefined;
	const event = { name: String(data.name), file: String(data.file ?? "") };
	// A suite is only a heading, unless something of its own broke, such as a hook.
	const heading =
		data.details?.type === "suite" &&
		(type === "test:pass" ||
			data.details.error?.failureType === "subtestsFailed");
	if (heading) return undefined;
	if (data.skip !== undefined || data.todo !== undefined)
		return { ...event, outcome: "skipped" };
	// node:test lets a file pass in which no test ran, or which left before its first one ended.
	const emptyFile = data.nesting === 0 && data.name === data.file;
	return {
		...event,
		outcome: type === "test:pass" && !emptyFile ? "passed" : "failed",
	};
}

/** @param {AsyncIterable<{ type: string, data: any }>} source */
export default async function* testEvents(source) {
	for await (const event of source) {
		const counted = countedEvent(event);
		if (counted !== undefined) yield `${JSON.stringify(counted)}\n`;
	}
}
