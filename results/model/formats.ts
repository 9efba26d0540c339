/** Every report format by name. Apart from the writers, which are loaded when there is something to write. */

const DESCRIPTIONS = {
	tap: "TAP 14, subtests by suite and subject",
	tap13: "TAP 13, one line a case, for prove and Jenkins",
	json: "everything, for crcap show and compare; schema published",
	ktap: "KTAP version 1, as the kernel's own tools read it",
	text: "72 columns for the body of a mail",
	markdown: "for a pull request or a CI step's summary",
	github: "a GitHub job's annotations, ten of a kind",
	junit: "JUnit XML, for CI systems",
	kcidb: "KCIDB 5.3 JSON, for Kernel CI",
	events: "JSON lines as things happen; schema published",
	html: "one self-contained page to look at",
} as const;

export type Format = keyof typeof DESCRIPTIONS;

/** Every format with a description of a few words, for `--help`. */
export const FORMATS: readonly { name: Format; description: string }[] =
	Object.entries(DESCRIPTIONS).map(([name, description]) => ({
		name: name as Format,
		description,
	}));
