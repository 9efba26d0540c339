/** Reports: what was asked for, checked before anything runs; then one writer that feeds them all. */
import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import type { WriterOptions } from "../../results/index.js";
import { SCHEMA_VERSION } from "../../results/model/basics.js";
import type { ReportHead, ReportWriter } from "../../results/model/model.js";
import {
	type AtomicFile,
	beginFile,
	beginLive,
	checkWritable,
} from "../common/atomicFile.js";
import { isForeseen } from "../common/ownFault.js";
import { stdoutStream, writeError } from "../common/stdout.js";
import { UsageError } from "../common/usage.js";
import { version } from "../common/version.js";
import type { ReportSpec } from "../request/reportSpec.js";

/**
 * Refuses to write a report over one that is read for it.
 * @throws UsageError
 */
export function keepInputs(
	inputs: readonly string[],
	specs: readonly { readonly file?: string }[],
): void {
	const read = new Map(inputs.map((input) => [realFile(input), input]));
	for (const { file } of specs) {
		const input = file === undefined ? undefined : read.get(realFile(file));
		if (input === undefined) continue;
		throw new UsageError(
			`--report: ${file} would be written over ${input}, which is read for it: name another file`,
		);
	}
}

function realFile(file: string): string {
	try {
		return realpathSync(file);
	} catch {
		return resolve(file);
	}
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
		const destination = file === undefined ? "standard output" : resolve(file);
		if (seen.has(destination)) {
			throw new UsageError(
				`--report: two reports go to ${destination}: name a file for one, FORMAT=FILE`,
			);
		}
		seen.add(destination);
		if (file !== undefined) checkWritable(file);
	}
}

/** The reports of a run, being written. */
export interface OpenReports extends ReportWriter {
	/** Resolves when every report is whole and in its place. Rejects naming those that could not be written. */
	end(): Promise<void>;
	/** Forgets the files begun. */
	discard(): void;
}

/** Begins every report. */
export async function openReports(
	specs: readonly ReportSpec[],
	options: WriterOptions = {},
): Promise<OpenReports> {
	const { createWriter } = await import("../../results/writers.js");
	const open = specs.map((spec) => openReport(spec, createWriter, options));
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
			await settleAll(open.map((one) => one.end()));
		},
		discard() {
			for (const { file } of open) file?.discard();
		},
	};
}

/** Waits for all of them, then tells of each that failed. */
export async function settleAll(work: readonly Promise<void>[]): Promise<void> {
	const ends = await Promise.allSettled(work);
	const failed = ends.flatMap((end): unknown[] =>
		end.status === "rejected" ? [end.reason] : [],
	);
	const [first, ...others] = failed;
	if (first === undefined) return;
	if (others.length === 0) throw first;
	const texts = failed.map((error) =>
		error instanceof Error ? error.message : String(error),
	);
	const cause = failed.find((error) => !isForeseen(error)) ?? first;
	throw new Error(texts.join("; "), { cause });
}

interface OpenReport {
	readonly writer: ReportWriter;
	readonly file?: AtomicFile;
	end(): Promise<void>;
}

type CreateWriter = typeof import("../../results/writers.js").createWriter;

function openReport(
	spec: ReportSpec,
	createWriter: CreateWriter,
	options: WriterOptions,
): OpenReport {
	if (spec.file === undefined) {
		const writer = createWriter(spec.format, stdoutStream(), options);
		return {
			writer,
			async end() {
				try {
					await writer.end();
				} catch (error) {
					throw writeError("the report on standard output", error);
				}
			},
		};
	}
	const path = spec.file;
	// Somebody may follow it while it grows.
	const file = spec.format === "events" ? beginLive(path) : beginFile(path);
	const writer = createWriter(spec.format, file.stream, options);
	return {
		writer,
		file,
		async end() {
			try {
				await writer.end();
				await file.commit();
			} catch (error) {
				file.discard();
				throw writeError(`the report ${path}`, error);
			}
		},
	};
}

/** The head of a report that begins now. */
export function reportHead(plannedTargets: number): ReportHead {
	return {
		schemaVersion: SCHEMA_VERSION,
		tool: { name: "crcap", version: version() },
		startedAt: new Date().toISOString(),
		plannedTargets,
	};
}
