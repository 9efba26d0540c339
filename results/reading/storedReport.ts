/** What reading a stored report asks of each form that it may have. */
export interface StoredReport {
	/** True when the writer was told of the report. */
	readonly begun: boolean;
	/** Takes the next piece of its text. Throws where it is no report. */
	take(text: string): void;
	/** The text is at its end: tells the writer what it does not know yet, all but `end`. Rejects where the report is not whole. */
	finish(): Promise<void>;
	/** What is wrong, after the file's name: without any part of a report it is none, else a place in it is wrong. */
	wrong(error: Error): string;
	close(): void;
}

/** What is wrong, after a file's name: in a report that was found there, or in the file itself, which then is none. */
export function wrongText(error: Error, isReport: boolean): string {
	return isReport || "code" in error
		? `: ${error.message}`
		: ` is no report of crcap: ${error.message}`;
}

/** What is wrong with a report that ends too early; `where` is how far it got. */
export function cutShortText(where: string): string {
	return `the file ends ${where}, in the middle: the run was cut off while it wrote, or the copy was; run again`;
}
