/** Reports: what was asked for, checked before anything runs; then one writer that feeds them all. */
import { resolve } from "node:path";
import { FORMATS, type Format } from "../results/formats.js";
import type { ReportHead, ReportWriter } from "../results/model.js";
import { type AtomicFile, beginFile, checkWritable } from "./atomicFile.js";
import { stdoutStream } from "./stdout.js";
import { didYouMean, UsageError } from "./usage.js";
import { version } from "./version.js";

export interface ReportSpec {
	readonly format: Format;
	/** Standard output where absent. */
	readonly file?: string;
}

/** What is printed where no report is asked for. */
export const DEFAULT_REPORT: ReportSpec = { format: "tap" };

/**
 * Reads `FORMAT` or `FORMAT=FILE`; `-` is standard output.
 * @throws UsageError naming the nearest format
 */
export function readReportSpec(text: string): ReportSpec {
	const names = FORMATS.map(({ name }) => name);
	return readOutput(text, names);
}

/** The same for any set of formats. */
export function readOutput<T extends string>(
	text: string,
	formats: readonly T[],
): { readonly format: T; readonly file?: string } {
	const cut = text.indexOf("=");
	const word = cut < 0 ? text : text.slice(0, cut);
	const format = formats.find((one) => one === word);
	if (format === undefined) {
		throw new UsageError(
			`--report ${text}: there is no format ${JSON.stringify(word)}${didYouMean(word, formats)}: it is one of ${formats.join(", ")}`,
		);
	}
	if (cut < 0) return { format };
	const file = text.slice(cut + 1);
	if (file === "") throw new UsageError(`--report ${text}: names no file`);
	return file === "-" ? { format } : { format, file };
}

/**
 * Refuses reports that could not be written, before a boot is spent on them.
 * @throws UsageError
 */
export function checkReports(
	specs: readonly { readonly file?: string }[],
): void {
	const seen = new Set<string>();
	for (const { file } of specs) {
		const place = file === undefined ? "standard output" : resolve(file);
		if (seen.has(place)) {
			throw new UsageError(
				`--report: two reports go to ${place}: name a file for one, FORMAT=FILE`,
			);
		}
		seen.add(place);
		if (file !== undefined) checkWritable(file);
	}
}

/** The reports of a run, being written. */
export interface OpenReports extends ReportWriter {
	/** Resolves when every report is whole and in its place. Rejects naming the first that could not be written. */
	end(): Promise<void>;
	/** Forgets the files begun. */
	discard(): void;
}

/** Begins every report. */
export async function openReports(
	specs: readonly ReportSpec[],
): Promise<OpenReports> {
	const { createWriter } = await import("../results/writers.js");
	const open = specs.map((spec) => openReport(spec, createWriter));
	const each = (tell: (writer: ReportWriter) => void): void => {
		for (const { writer } of open) tell(writer);
	};
	return {
		begin: (head) => each((w) => w.begin(head)),
		beginTarget: (head) => each((w) => w.beginTarget(head)),
		caseResult: (result) => each((w) => w.caseResult(result)),
		endTarget: (tail) => each((w) => w.endTarget(tail)),
		async ready() {
			for (const { writer } of open) await writer.ready?.();
		},
		async breakOff(reason) {
			// A file that was begun is discarded; only what was printed can't be taken back.
			for (const { writer, file } of open)
				if (file === undefined) await writer.breakOff?.(reason);
		},
		async end() {
			const ends = await Promise.allSettled(open.map((one) => one.end()));
			const failed = ends.find((end) => end.status === "rejected");
			if (failed) throw failed.reason;
		},
		discard() {
			for (const { file } of open) file?.discard();
		},
	};
}

interface OpenReport {
	readonly writer: ReportWriter;
	readonly file?: AtomicFile;
	end(): Promise<void>;
}

type CreateWriter = typeof import("../results/writers.js").createWriter;

function openReport(spec: ReportSpec, createWriter: CreateWriter): OpenReport {
	if (spec.file === undefined) {
		const writer = createWriter(spec.format, stdoutStream());
		return { writer, end: () => writer.end() };
	}
	const path = spec.file;
	const file = beginFile(path);
	const writer = createWriter(spec.format, file.stream);
	return {
		writer,
		file,
		async end() {
			try {
				await writer.end();
				await file.commit();
			} catch (error) {
				file.discard();
				throw new Error(
					`the report ${path} could not be written: ${(error as Error).message}`,
					{ cause: error },
				);
			}
		},
	};
}

/** The head of a report that begins now. */
export function reportHead(plannedTargets: number): ReportHead {
	return {
		schemaVersion: 1,
		tool: { name: "crcap", version: version() },
		startedAt: new Date().toISOString(),
		plannedTargets,
	};
}
