/** What other rooms use of this one. */

export {
	type Comparison,
	compare,
	type NamedReport,
} from "./compare.js";
export {
	COMPARE_FORMATS,
	type CompareFormat,
	isCompareFormat,
	writeComparison,
} from "./compareWriters.js";
export * from "./counts.js";
export { FORMATS, type Format } from "./formats.js";
export * from "./model.js";
export {
	createProgress,
	type Progress,
	type ProgressOptions,
	type ProgressOutput,
} from "./progress.js";
export { ReportError, readReport, streamReport } from "./read.js";
export { writeReport } from "./replay.js";
export { reportSchema } from "./schema.js";
export {
	createWriter,
	type StreamWriter,
	type WriterOptions,
} from "./writers.js";
