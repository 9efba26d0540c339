/** What other rooms use of this one. */
export * from "./model.js";
export { ReportError, readReport, streamReport } from "./read.js";
export { writeReport } from "./replay.js";
export { reportSchema } from "./schema.js";
export {
	createWriter,
	FORMATS,
	type Format,
	isFormat,
	type StreamWriter,
	type WriterOptions,
} from "./writers.js";
