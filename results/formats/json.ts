/** JSON: the whole model, streamed, one case a line, keys always in the schema's order. */
import { z } from "zod";
import {
	CaseResult,
	ReportHead,
	type ReportWriter,
	TargetHead,
	WrittenTail,
} from "../model/model.js";
import {
	count,
	newTarget,
	sentence,
	type TargetSummary,
} from "../model/summary.js";
import type { Sink } from "../stream/sink.js";

/**
 * A value with the schema's keys in the schema's order and no others: the same results are the same bytes,
 * whoever built the objects. It does not validate.
 */
export function canonical(schema: unknown, value: unknown): unknown {
	if (value === undefined || value === null) return value;
	if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
		return canonical(schema.unwrap(), value);
	if (schema instanceof z.ZodArray && Array.isArray(value))
		return value.map((item) => canonical(schema.element, item));
	if (!(schema instanceof z.ZodObject)) return value;
	const result: Record<string, unknown> = {};
	for (const [key, inner] of Object.entries(schema.shape)) {
		const item = canonical(inner, (value as Record<string, unknown>)[key]);
		if (item !== undefined) result[key] = item;
	}
	return result;
}

/** The keys of an object as lines, without its braces. */
function body(schema: z.ZodObject, value: object): string {
	return Object.entries(canonical(schema, value) as object)
		.map(([key, item]) => `${JSON.stringify(key)}:${JSON.stringify(item)}`)
		.join(",\n");
}

export function jsonWriter(sink: Sink): ReportWriter {
	let targets = 0;
	let cases = 0;
	let target: TargetSummary | undefined;
	return {
		begin(head) {
			sink.write(`{\n${body(ReportHead, head)},\n"targets":[`);
			sink.flush();
		},
		beginTarget(head) {
			sink.write(
				`${targets === 0 ? "\n" : ",\n"}{\n${body(TargetHead, head)},\n"cases":[`,
			);
			targets += 1;
			cases = 0;
			target = newTarget(head);
		},
		caseResult(result) {
			sink.write(
				`${cases === 0 ? "\n" : ",\n"}${JSON.stringify(canonical(CaseResult, result))}`,
			);
			cases += 1;
			if (target !== undefined) count(target, result);
		},
		endTarget(tail) {
			const summary = target && sentence({ ...target, tail });
			sink.write(`\n],\n${body(WrittenTail, { ...tail, summary })}\n}`);
			sink.flush();
		},
		async end() {
			sink.write("\n]\n}\n");
		},
	};
}
