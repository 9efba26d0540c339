/** Reading a stored report, JSON or TAP: checked, and told where it is wrong. */
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type {
	CaseResult,
	Report,
	ReportHead,
	ReportWriter,
	TargetHead,
	TargetResult,
} from "../model/model.js";
import { JsonReport } from "./jsonReport.js";
import { type StoredReport, wrongText } from "./storedReport.js";

/** A file that is no report, or not a whole one. The message names the file and the place in it. */
export class ReportError extends Error {
	override name = "ReportError";
}

/**
 * Reads a report and tells it to a writer, as the run itself would have, `end` included, or `breakOff`. `source` is a path or
 * a stream; `name` stands for a stream in errors. Rejects with `ReportError` where the report is wrong or cut short.
 */
export async function streamReport(
	source: string | Readable,
	writer: ReportWriter,
	name: string = typeof source === "string" ? source : "standard input",
): Promise<void> {
	let report: StoredReport | undefined;
	try {
		const decoder = new StringDecoder("utf8");
		for await (const chunk of open(source)) {
			let text = decoder.write(chunk as Buffer);
			if (report === undefined) {
				text = text.replace(/^[\ufeff\s]+/, "");
				if (text === "") continue;
				report = await begin(text, writer);
			}
			report.take(text);
			await writer.ready?.();
		}
		if (report === undefined) throw new Error("it is empty");
		await report.finish();
	} catch (error) {
		const why =
			report?.wrong(error as Error) ?? wrongText(error as Error, false);
		const broken = new ReportError(`${name}${why}`, { cause: error });
		// What is wrong with the source is the news, whatever becomes of the output.
		if (report?.begun)
			await writer.breakOff?.(broken.message).catch(() => undefined);
		throw broken;
	} finally {
		report?.close();
	}
	await writer.end();
}

/** A whole report in memory. Rejects as `streamReport` does. */
export async function readReport(
	source: string | Readable,
	name?: string,
): Promise<Report> {
	let head: ReportHead | undefined;
	let target: TargetHead | undefined;
	let cases: CaseResult[] = [];
	const targets: TargetResult[] = [];
	const collect: ReportWriter = {
		begin(begun) {
			head = begun;
		},
		beginTarget(begun) {
			target = begun;
			cases = [];
		},
		caseResult(result) {
			cases.push(result);
		},
		endTarget(tail) {
			if (target !== undefined) targets.push({ ...target, ...tail, cases });
		},
		async end() {},
	};
	await streamReport(source, collect, name);
	if (head === undefined) throw new ReportError("the report has no head");
	return { ...head, targets };
}

function open(source: string | Readable): AsyncIterable<unknown> {
	return typeof source === "string" ? createReadStream(source) : source;
}

/** What reads a report that begins like this. Most are JSON, so what reads TAP is loaded where it is wanted. */
async function begin(
	text: string,
	writer: ReportWriter,
): Promise<StoredReport> {
	if (text.startsWith("{")) return new JsonReport(writer);
	const { TapReport } = await import("./tapReport.js");
	return new TapReport(writer);
}
