/** A JSON report: checked piece by piece, in little memory, and told on as it comes. */
import { getManyValues, isMany } from "stream-chain/defs.js";
import { jsonParser, type Token } from "stream-json/core/parser.js";
import { z } from "zod";
import { SCHEMA_VERSION, VERDICTS } from "../model/basics.js";
import { counted, noTotals } from "../model/counts.js";
import {
	CaseResult,
	ReportHead,
	type ReportWriter,
	TargetHead,
	TargetTail,
} from "../model/model.js";
import { type Ref, TextStore } from "../stream/store.js";
import { type ReportParts, ReportTokens } from "./jsonTokens.js";
import { cutShortText, type StoredReport } from "./storedReport.js";

const IS_THIS = "; is this a JSON report of crcap?";

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

export class JsonReport implements StoredReport, ReportParts {
	readonly #writer: ReportWriter;
	readonly #tokens = new ReportTokens(this);
	readonly #parse = jsonParser({ streamValues: false });
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

	take(text: string): void {
		// What the parser returns is one of the pipeline's values: nothing, or many tokens.
		const found: unknown = this.#parse(text);
		if (!isMany(found)) return;
		for (const token of getManyValues(found)) this.#tokens.take(token as Token);
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
		const path = `targets[${this.#count}].cases[${target.cases}]`;
		const result = check(CaseResult, this.#current(value), path);
		if (target.ids.has(result.id)) {
			throw new Error(
				`${path}.id: ${result.id} is there already: the file was changed`,
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
	async finish(): Promise<void> {
		if (!this.#tokens.ended) throw new Error(this.#cutShort());
		this.#begin();
		for (const target of this.#waiting) {
			this.#writer.beginTarget(TargetHead.parse(target.keys));
			for (const ref of target.held)
				this.#writer.caseResult(JSON.parse(this.#store.get(ref)) as CaseResult);
			this.#writer.endTarget(TargetTail.parse(target.keys));
		}
	}

	wrong(error: Error): string {
		const isReport = "schemaVersion" in this.#root || "tool" in this.#root;
		const why = error.message.replace(/^Parser cannot .*/, "it is no JSON");
		return isReport || "code" in error
			? `: ${why}`
			: ` is no JSON report of crcap: ${why.replace(IS_THIS, "")}`;
	}

	get begun(): boolean {
		return this.#begun;
	}

	/** How far a file got that ends too early. */
	#cutShort(): string {
		const where =
			this.#target === undefined
				? `after ${counted(this.#count, "target")}`
				: `after ${counted(this.#target.cases, "case")} of targets[${this.#count}]`;
		return cutShortText(where);
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
		const path = `targets[${this.#count}]`;
		const { planned } = check(TargetHead, target.keys, path);
		if (planned !== target.cases) {
			throw new Error(
				`${path}.planned: ${planned}, but it holds ${target.cases} cases: the file was changed`,
			);
		}
		const { totals } = check(TargetTail, target.keys, path);
		for (const verdict of VERDICTS) {
			if (totals[verdict] !== target.totals[verdict]) {
				throw new Error(
					`${path}.totals.${verdict}: ${totals[verdict]}, but ${target.totals[verdict]} of its cases say so: the file was changed`,
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
function check<T>(schema: z.ZodType<T>, value: unknown, prefix: string): T {
	const result = schema.safeParse(value);
	if (result.success) return result.data;
	const [issue] = result.error.issues;
	const path = z.core.toDotPath(issue?.path ?? []);
	const where = [prefix, path]
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
