#!/usr/bin/env node
/**
 * Runs kernels, and posts what came of them to a chat: Slack, Mattermost, Rocket.Chat and others take {"text": …}.
 *
 *     CHAT_WEBHOOK=https://chat.example/hooks/… node notify.mjs [--case GLOB]… KERNEL…
 *
 * A kernel is a path or a name of the catalogue, or `local`, which is this machine's own.
 */
import { parseArgs } from "node:util";
import { run, UsageError } from "crcap";

/** A message names no more failures than this: the report has them all. */
const NAMED = 10;

const webhook = process.env.CHAT_WEBHOOK;
const { values, positionals } = parseArgs({
	options: { case: { type: "string", multiple: true } },
	allowPositionals: true,
});
if (webhook === undefined || positionals.length === 0) {
	console.error(
		"usage: CHAT_WEBHOOK=URL node notify.mjs [--case GLOB] KERNEL…",
	);
	process.exit(2);
}

// Whoever stops this program means the guests, too.
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"])
	process.once(name, () => stop.abort());

const running = run({
	targets: positionals.map((kernel) =>
		kernel === "local" ? { local: true } : { kernel },
	),
	...(values.case === undefined ? {} : { case: values.case }),
	reports: ["json=crcap.json"],
	signal: stop.signal,
	onMessage: (line) => console.error(line),
});

/** @type {string[]} */
const failures = [];
try {
	for await (const { target, result } of running)
		if (result.verdict === "fail")
			failures.push(
				`${target.name}: ${result.id}: expected ${result.expected}, observed ${result.observed}`,
			);
	const { outcome, targets } = await running.finished;
	const lines = [
		...targets.map(({ target, tail, outcome }) => {
			const { pass, fail, skip } = tail.totals;
			const why = tail.incompleteReason ? ` (${tail.incompleteReason})` : "";
			return `${target.name}: ${outcome}, ${pass} passed, ${fail} failed, ${skip} skipped${why}`;
		}),
		...failures.slice(0, NAMED),
		...(failures.length > NAMED
			? [`… and ${failures.length - NAMED} more, see crcap.json`]
			: []),
	];
	const answer = await fetch(webhook, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ text: lines.join("\n") }),
	});
	if (!answer.ok) throw new Error(`the chat answered ${answer.status}`);
	process.exitCode = { passed: 0, failed: 1, incomplete: 3 }[outcome];
} catch (error) {
	if (!(error instanceof Error)) throw error;
	console.error(error.message);
	process.exitCode = error instanceof UsageError ? 2 : 3;
}
