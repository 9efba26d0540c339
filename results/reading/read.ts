/** Reading a JSON report: checked piece by piece, in little memory, and told where it is wrong. */
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { getManyValues, isMany } from "stream-chain/defs.js";
import { jsonParser, type Token } from "stream-json/core/parser.js";
import { z } from "zod";
import { SCHEMA_VERSION, VERDICTS } from "../model/basics.js";
import { counted, noTotals } from "../model/counts.js";
import {
	CaseResult,
	type Report,
	ReportHead,
	type ReportWriter,
	TargetHead,
	type TargetResult,
	TargetTail,
} from "../model/model.js";
import { type Ref, TextStore } from "../stream/store.js";
import { ReportTokens } from "./jsonTokens.js";

const IS_THIS = "; is this a JSON report of crcap?";

/** A file that is no report, or not a whole one. The message names the file and the place in it. */
export class ReportError extends Error {
	override name = "ReportError";
}

/** A target while it is read. */
interface Reading {
	keys: Record<string, unknown>;
	/** True when the writer got its head, so that cases go straight on. */
	begun: boolean;
	/** Cases that came before the head was whole. */
	held: Ref[];
	cases: number;
	ids: Set<string>;
	totals: ReturnType<typeof noTotals>;
}

/**
 * Reads a JSON report and tells it to a writer, as the run itself would have, `end` included, or `breakOff`. `source` is a path or
 * a stream; `name` stands for a stream in errors. Rejects with `ReportError` where the report is wrong or cut short.
 */
export async function streamReport(
	source: string | Readable,
	writer: ReportWriter,
	name: string = typeof source === "string" ? source : "standard input",
): Promise<void> {
	const reader = new ReportReader(writer);
	const tokens = new ReportTokens(reader);
	const parse = jsonParser({ streamValues: false });
	const take = (text: string): void => {
		// What the parser returns is one of the pipeline's values: nothing, or many tokens.
		const found: unknown = parse(text);
		if (!isMany(found)) return;
		for (const token of getManyValues(found)) tokens.take(token as Token);
	};
	let first = true;
	try {
		const decoder = new StringDecoder("utf8");
		for await (const chunk of open(source)) {
			const text = decoder.write(chunk as Buffer);
			take(first ? text.replace(/^\ufeff/, "") : text);
			first &&= text === "";
			await writer.ready?.();
		}
		if (first) throw new Error("it is empty");
		if (!tokens.ended) throw new Error(reader.cutShort());
		reader.finish();
	} catch (error) {
		const broken = new ReportError(`${name}${reader.wrong(error as Error)}`, {
			cause: error,
		});
		// What is wrong with the source is the news, whatever becomes of the output.
		if (reader.begun)
			await writer.breakOff?.(broken.message).catch(() => undefined);
		throw broken;
	} finally {
		reader.close();
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

class ReportReader {
	readonly #writer: ReportWriter;
	readonly #store = new TextStore();
	readonly #root: Record<string, unknown> = {};
	#begun = false;
	/** Undefined until the file says which version it is of. */
	#isOld: boolean | undefined;
	#count = 0;
	#target: Reading | undefined;
	/** Targets that were read whole before they could be told; later ones queue behind them. */
	#waiting: Reading[] = [];

	constructor(writer: ReportWriter) {
		this.#writer = writer;
	}

	rootKey(key: string, value: unknown): void {
		if (key === "schemaVersion") {
			checkVersion(value);
			this.#isOld = value === 1;
		}
		this.#root[key] =
			key === "schemaVersion" && this.#isOld ? SCHEMA_VERSION : value;
	}

	beginTarget(): void {
		this.#target = {
			keys: {},
			begun: false,
			held: [],
			cases: 0,
			ids: new Set(),
			totals: noTotals(),
		};
	}

	targetKey(key: string, value: unknown): void {
		if (this.#target === undefined) return;
		this.#target.keys[key] =
			key === "groups" && Array.isArray(value)
				? value.map((group) => this.#current(group))
				: value;
	}

	oneCase(value: unknown): void {
		const target = this.#target;
		if (target === undefined) return;
		const place = `targets[${this.#count}].cases[${target.cases}]`;
		const result = check(CaseResult, this.#current(value), place);
		if (target.ids.has(result.id)) {
			throw new Error(
				`${place}.id: ${result.id} is there already: the file was changed`,
			);
		}
		target.ids.add(ownCopy(result.id));
		if (target.cases === 0) this.#tryBegin(target);
		target.cases += 1;
		target.totals[result.verdict] += 1;
		if (target.begun) this.#writer.caseResult(result);
		else target.held.push(this.#store.add(JSON.stringify(result)));
	}

	endTarget(): void {
		const target = this.#target;
		if (target === undefined) return;
		this.#tryBegin(target);
		this.#checkTail(target);
		if (target.begun) this.#writer.endTarget(TargetTail.parse(target.keys));
		else this.#waiting.push(target);
		this.#target = undefined;
		this.#count += 1;
	}

	/** Tells what had to wait for keys that stood at the file's end. */
	finish(): void {
		this.#begin();
		for (const target of this.#waiting) {
			this.#writer.beginTarget(TargetHead.parse(target.keys));
			for (const ref of target.held)
				this.#writer.caseResult(JSON.parse(this.#store.get(ref)) as CaseResult);
			this.#writer.endTarget(TargetTail.parse(target.keys));
		}
	}

	/** What is wrong, after the file's name: without any part of a report it is none, else a place in it is wrong. */
	wrong(error: Error): string {
		const isReport = "schemaVersion" in this.#root || "tool" in this.#root;
		const why = error.message.replace(/^Parser cannot .*/, "it is no JSON");
		return isReport || "code" in error
			? `: ${why}`
			: ` is no JSON report of crcap: ${why.replace(IS_THIS, "")}`;
	}

	/** True when the writer was told of the report. */
	get begun(): boolean {
		return this.#begun;
	}

	/** How far a file got that ends too early. */
	cutShort(): string {
		const where =
			this.#target === undefined
				? `after ${counted(this.#count, "target")}`
				: `after ${counted(this.#target.cases, "case")} of targets[${this.#count}]`;
		return `the file ends ${where}, in the middle: the run was cut off while it wrote, or the copy was; run again`;
	}

	close(): void {
		this.#store.close();
	}

	/** A case or group of schemaVersion 1 called its suite a boundary, whatever it was. */
	#current(value: unknown): unknown {
		if (this.#isOld === false || typeof value !== "object" || value === null)
			return value;
		if ("suite" in value || !("boundary" in value)) return value;
		const { boundary, ...rest } = value;
		return { ...rest, suite: boundary };
	}

	#begin(): void {
		if (this.#begun) return;
		this.#writer.begin(check(ReportHead, this.#root, ""));
		this.#begun = true;
	}

	/** Tells a target's head as soon as it can be told. */
	#tryBegin(target: Reading): void {
		if (target.begun || target.held.length > 0 || this.#waiting.length > 0)
			return;
		if (!this.#begun && !ReportHead.safeParse(this.#root).success) return;
		const head = TargetHead.safeParse(target.keys);
		if (!head.success) return;
		this.#begin();
		this.#writer.beginTarget(head.data);
		target.begun = true;
	}

	/** Everything about the target is there by now, and what it says of its cases is what they are. */
	#checkTail(target: Reading): void {
		const place = `targets[${this.#count}]`;
		const { planned } = check(TargetHead, target.keys, place);
		if (planned !== target.cases) {
			throw new Error(
				`${place}.planned: ${planned}, but it holds ${target.cases} cases: the file was changed`,
			);
		}
		const { totals } = check(TargetTail, target.keys, place);
		for (const verdict of VERDICTS) {
			if (totals[verdict] !== target.totals[verdict]) {
				throw new Error(
					`${place}.totals.${verdict}: ${totals[verdict]}, but ${target.totals[verdict]} of its cases say so: the file was changed`,
				);
			}
		}
	}
}

/** The same string, which does not keep the piece of the file alive that it was cut out of. */
function ownCopy(id: string): string {
	return Buffer.from(id, "latin1").toString("latin1");
}

function checkVersion(value: unknown): void {
	if (typeof value === "number" && value > SCHEMA_VERSION) {
		throw new Error(
			`schemaVersion ${value}, and this crcap reads ${SCHEMA_VERSION}: use the crcap that wrote it, or a newer one`,
		);
	}
}

/** The value, checked; throws with the place of the first thing wrong. */
function check<T>(schema: z.ZodType<T>, value: unknown, place: string): T {
	const result = schema.safeParse(value);
	if (result.success) return result.data;
	const [issue] = result.error.issues;
	const path = z.core.toDotPath(issue?.path ?? []);
	const where = [place, path]
		.filter((part) => part !== "")
		.join(path.startsWith("[") ? "" : ".");
	throw new Error(
		`${where === "" ? "" : `${where}: `}${issue === undefined ? "not valid" : issueText(issue, value)}${IS_THIS}`,
	);
}

/** What a schema found wrong in a value, in words of our own. */
function issueText(issue: z.core.$ZodIssue, value: unknown): string {
	const found = issue.path.reduce<unknown>(
		(inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
		value,
	);
	if (found === undefined) return "it is missing";
	switch (issue.code) {
		case "invalid_type":
			return `it is no ${issue.expected}`;
		case "invalid_value":
			return `it is none of ${issue.values.map(String).join(", ")}`;
		case "unrecognized_keys":
			return `unknown key ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`;
		case "too_small":
			return `it is at least ${issue.minimum}`;
		case "too_big":
			return `it is at most ${issue.maximum}`;
		default:
			return issue.message;
	}
}
