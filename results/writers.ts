/** The writer of every report format. */
import type { Writable } from "node:stream";
import { eventsWriter } from "./formats/events.js";
import { github } from "./formats/github.js";
import { jsonWriter } from "./formats/json.js";
import { junit } from "./formats/junit.js";
import { type KcidbGit, kcidb } from "./formats/kcidb.js";
import { markdown } from "./formats/markdown/markdown.js";
import { bounded, SHOW_ALL } from "./formats/markdown/markdownBudget.js";
import { ktap } from "./formats/tap/ktap.js";
import { tapWriter } from "./formats/tap/tap.js";
import { tapFlatWriter } from "./formats/tap/tapFlat.js";
import { text } from "./formats/text.js";
import type { Format } from "./model/formats.js";
import type { ReportWriter } from "./model/model.js";
import { html } from "./page/html.js";
import { documentWriter } from "./stream/document.js";
import { Sink } from "./stream/sink.js";

/** What a writer may need beyond the results. */
export interface WriterOptions {
	/** The environment, for `TAP_VERSION` as Perl's harness sets it; default: this process's. */
	env?: Record<string, string | undefined>;
	/** Who reports to KCIDB: lower-case letters, digits and `_`. */
	kcidbOrigin?: string;
	/** The source that the kernel was built from, for KCIDB. */
	kcidbGit?: KcidbGit;
}

/** A writer on a stream. */
export interface StreamWriter extends ReportWriter {
	ready(): Promise<void>;
	breakOff(reason: string): Promise<void>;
	/** True when the reader left (`| head`): nothing that is written arrives any more, which is no error. */
	readonly gone: boolean;
}

const WRITERS: Readonly<
	Record<Format, (sink: Sink, options: WriterOptions) => ReportWriter>
> = {
	tap: (sink, { env = process.env }) =>
		tapWriter(sink, env.TAP_VERSION === "13" ? 13 : 14),
	tap13: (sink) => tapFlatWriter(sink),
	json: (sink) => jsonWriter(sink),
	ktap: (sink) => documentWriter(sink, ktap),
	text: (sink) => documentWriter(sink, text),
	markdown: (sink) =>
		documentWriter(sink, (...run) => bounded(markdown(...run), SHOW_ALL)),
	github: (sink) => documentWriter(sink, github),
	junit: (sink) => documentWriter(sink, junit),
	kcidb: (sink, { kcidbOrigin, kcidbGit }) =>
		documentWriter(sink, kcidb(kcidbOrigin, kcidbGit)),
	events: (sink) => eventsWriter(sink),
	html: (sink) => documentWriter(sink, html()),
};

/**
 * A writer for a format. The stream stays open after `end`, and its errors are the writer's: a reader that leaves is
 * no error, everything else makes `end` reject.
 */
export function createWriter(
	format: Format,
	out: Writable,
	options: WriterOptions = {},
): StreamWriter {
	const sink = new Sink(out);
	const writer = WRITERS[format](sink, options);
	return {
		begin: (head) => writer.begin(head),
		beginTarget: (head) => writer.beginTarget(head),
		caseResult: (result) => writer.caseResult(result),
		endTarget: (tail) => writer.endTarget(tail),
		ready: () => sink.ready(),
		async breakOff(reason) {
			await writer.breakOff?.(reason);
			await sink.finish();
		},
		async end() {
			await writer.end();
			await sink.finish();
		},
		get gone() {
			return sink.gone;
		},
	};
}
