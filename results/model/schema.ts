/** The published JSON Schema of the JSON report, made from the model so that it can't disagree with it. */
import { z } from "zod";
import { SCHEMA_VERSION } from "./basics.js";
import { Report, TargetResult, WrittenTail } from "./model.js";

const WrittenReport = Report.extend({
	targets: z.array(TargetResult.extend(WrittenTail.shape)),
});

/** JSON Schema (draft 2020-12) of a report; `results/schema.json` is this, kept true by a test. */
export function reportSchema(): object {
	const schema = z.toJSONSchema(WrittenReport, {
		target: "draft-2020-12",
		unrepresentable: "throw",
		// A newer tool may add keys: readers ignore those that they don't know.
		io: "input",
	});
	return {
		title: "crcap report",
		description: `What crcap found, schemaVersion ${SCHEMA_VERSION}.`,
		...schema,
	};
}
