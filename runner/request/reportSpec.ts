/** What `--report` says: a format, and the file that it goes to. */
import { FORMATS, type Format } from "../../results/model/formats.js";
import { didYouMean, UsageError } from "../common/usage.js";

export interface ReportSpec {
	readonly format: Format;
	/** Standard output where absent. */
	readonly file?: string;
}

/** What is printed where no report is asked for. */
export const DEFAULT_REPORT: ReportSpec = { format: "tap" };

/**
 * Reads `FORMAT` or `FORMAT=FILE`; `-` is standard output. `from` is what names it in messages.
 * @throws UsageError naming the nearest format
 */
export function readReportSpec(
	text: string,
	from: string = "--report",
): ReportSpec {
	const names = FORMATS.map(({ name }) => name);
	return readOutput(text, names, from);
}

/** Reads `FORMAT=FILE` for any set of formats. */
export function readOutput<T extends string>(
	text: string,
	formats: readonly T[],
	from = "--report",
): { readonly format: T; readonly file?: string } {
	const cut = text.indexOf("=");
	const word = cut < 0 ? text : text.slice(0, cut);
	const format = formats.find((one) => one === word);
	if (format === undefined) {
		throw new UsageError(
			`${from} ${text}: there is no format ${JSON.stringify(word)}${didYouMean(word, formats)}: it is one of ${formats.join(", ")}`,
		);
	}
	if (cut < 0) return { format };
	const file = text.slice(cut + 1);
	if (file === "") throw new UsageError(`${from} ${text}: names no file`);
	return file === "-" ? { format } : { format, file };
}
