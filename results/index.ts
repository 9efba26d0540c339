/** What other rooms use of this one. */

export {
	type Comparison,
	compare,
	type NamedReport,
} from "./compare/compare.js";
export {
	COMPARE_FORMATS,
	type CompareFormat,
	isCompareFormat,
	writeComparison,
} from "./compare/compareWriters.js";
export * from "./model/counts.js";
export { eventSchema } from "./model/events.js";
export { FORMATS, type Format } from "./model/formats.js";
export * from "./model/model.js";
export { reportSchema } from "./model/schema.js";
export {
	createProgress,
	type Progress,
	type ProgressOptions,
	type ProgressOutput,
} from "./progress/progress.js";
export { ReportError, readReport, streamReport } from "./reading/read.js";
export { writeReport } from "./reading/replay.js";
export { anyRan, type TrendRun, trendPage, trendRuns } from "./trend/trend.js";
export {
	createWriter,
	type StreamWriter,
	type WriterOptions,
} from "./writers.js";
