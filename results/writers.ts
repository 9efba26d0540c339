/** Every report format by name. */
import type { Writable } from "node:stream";
import { documentWriter } from "./document.js";
import { html } from "./html.js";
import { jsonWriter } from "./json.js";
import { junit } from "./junit.js";
import { kcidb } from "./kcidb.js";
import { ktap } from "./ktap.js";
import { markdown } from "./markdown.js";
import type { ReportWriter } from "./model.js";
import { Sink } from "./sink.js";
import { tapWriter } from "./tap.js";
import { tapFlatWriter } from "./tapFlat.js";
import { text } from "./text.js";

/** What a writer may need beyond the results. */
export interface WriterOptions {
	/** The environment, for `TAP_VERSION` as Perl's harness sets it; default: this process's. */
	env?: Record<string, string | undefined>;
	/** Who reports to KCIDB: lower-case letters, digits and `_`. */
	kcidbOrigin?: string;
}

/** A writer on a stream. */
export interface StreamWriter extends ReportWriter {
	ready(): Promise<void>;
	/** True when the reader left (`| head`): nothing that is written arrives any more, which is no error. */
	readonly gone: boolean;
}

interface FormatRow {
	description: string;
	/** Usual ending of a file's name. */
	extension: string;
	make(sink: Sink, options: WriterOptions): ReportWriter;
}

const TABLE = {
	tap: {
		description: "TAP 14, subtests by boundary and subject",
		extension: "tap",
		make: (sink, { env = process.env }) =>
			tapWriter(sink, env.TAP_VERSION === "13" ? 13 : 14),
	},
	tap13: {
		description: "TAP 13, one line a case, for prove and Jenkins",
		extension: "tap",
		make: (sink) => tapFlatWriter(sink),
	},
	json: {
		description: "everything, for crcap show and compare; schema published",
		extension: "json",
		make: (sink) => jsonWriter(sink),
	},
	ktap: {
		description: "KTAP version 1, as the kernel's own tools read it",
		extension: "ktap",
		make: (sink) => documentWriter(sink, ktap),
	},
	text: {
		description: "72 columns for the body of a mail",
		extension: "txt",
		make: (sink) => documentWriter(sink, text),
	},
	markdown: {
		description: "for a pull request or a CI step's summary",
		extension: "md",
		make: (sink) => documentWriter(sink, markdown),
	},
	junit: {
		description: "JUnit XML, for CI systems",
		extension: "xml",
		make: (sink) => documentWriter(sink, junit),
	},
	kcidb: {
		description: "KCIDB 5.3 JSON, for Kernel CI",
		extension: "json",
		make: (sink, { kcidbOrigin }) => documentWriter(sink, kcidb(kcidbOrigin)),
	},
	html: {
		description: "one self-contained page to look at",
		extension: "html",
		make: (sink) => documentWriter(sink, html()),
	},
} satisfies Record<string, FormatRow>;

export type Format = keyof typeof TABLE;

/** Every format with a description of a few words, for `--help`. */
export const FORMATS: readonly {
	name: Format;
	description: string;
	extension: string;
}[] = Object.entries(TABLE).map(([name, { description, extension }]) => ({
	name: name as Format,
	description,
	extension,
}));

/** True for the name of a format. */
export function isFormat(name: string): name is Format {
	return Object.hasOwn(TABLE, name);
}

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
	const row: FormatRow = TABLE[format];
	const writer = row.make(sink, options);
	return {
		begin: (head) => writer.begin(head),
		beginTarget: (head) => writer.beginTarget(head),
		caseResult: (result) => writer.caseResult(result),
		endTarget: (tail) => writer.endTarget(tail),
		ready: () => sink.ready(),
		async end() {
			await writer.end();
			await sink.finish();
		},
		get gone() {
			return sink.gone;
		},
	};
}
