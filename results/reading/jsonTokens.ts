/** Finding the parts of a JSON report in a stream of tokens, one case in memory at a time. */
import { Assembler } from "stream-json/assembler.js";
import type { Token } from "stream-json/parser.js";

/** What is told of a report as it is read; keys arrive in whatever order the file has them. */
export interface ReportParts {
	rootKey(key: string, value: unknown): void;
	beginTarget(): void;
	targetKey(key: string, value: unknown): void;
	oneCase(value: unknown): void;
	endTarget(): void;
}

/** What stands around the token that comes next. */
type Position = "start" | "root" | "targets" | "target" | "cases" | "end";

export class ReportTokens {
	readonly #parts: ReportParts;
	#position: Position = "start";
	#key: string | undefined;
	readonly #seen = new Set<"targets" | "cases">();
	#value: Assembler | undefined;

	constructor(parts: ReportParts) {
		this.#parts = parts;
	}

	/** True when the report's last brace was seen. */
	get ended(): boolean {
		return this.#position === "end";
	}

	/** Takes one token. Throws where the structure is not a report's. */
	take(token: Token): void {
		if (this.#value !== undefined) this.#consume(this.#value, token);
		else if (token.name === "keyValue") this.#key = token.value;
		else if (!this.#descend(token) && !this.#ascend(token)) {
			if (this.#position === "start")
				throw new Error("the file holds no object");
			if (this.#position === "targets")
				throw new Error("targets holds what is no object");
			const value = new Assembler();
			this.#value = value;
			this.#consume(value, token);
		}
	}

	/** Steps into the object or the array that begins here, where it is one of those that are taken apart. */
	#descend({ name }: Token): boolean {
		const array = name === "startArray";
		if (this.#position === "start" && name === "startObject") {
			this.#position = "root";
		} else if (this.#position === "root" && this.#key === "targets" && array) {
			this.#enter("targets");
		} else if (this.#position === "targets" && name === "startObject") {
			this.#position = "target";
			this.#seen.delete("cases");
			this.#parts.beginTarget();
		} else if (this.#position === "target" && this.#key === "cases" && array) {
			this.#enter("cases");
		} else {
			return false;
		}
		this.#key = undefined;
		return true;
	}

	/** Steps into a list that there must be exactly once. */
	#enter(list: "targets" | "cases"): void {
		if (this.#seen.has(list)) throw new Error(`${list} stands there twice`);
		this.#seen.add(list);
		this.#position = list;
	}

	#ascend({ name }: Token): boolean {
		if (name === "endArray" && this.#position === "cases") {
			this.#position = "target";
		} else if (name === "endArray" && this.#position === "targets") {
			this.#position = "root";
		} else if (name === "endObject" && this.#position === "target") {
			this.#leave("cases");
			this.#position = "targets";
			this.#parts.endTarget();
		} else if (name === "endObject" && this.#position === "root") {
			this.#leave("targets");
			this.#position = "end";
		} else {
			return false;
		}
		this.#key = undefined;
		return true;
	}

	#leave(list: "targets" | "cases"): void {
		if (this.#seen.has(list)) return;
		throw new Error(
			`${list}, a list, is missing; is this a JSON report of crcap?`,
		);
	}

	#consume(value: Assembler, token: Token): void {
		value.consume(token);
		if (!value.done) return;
		this.#value = undefined;
		if (this.#position === "cases") this.#parts.oneCase(value.current);
		else if (this.#position === "target")
			this.#parts.targetKey(this.#key ?? "", value.current);
		else this.#parts.rootKey(this.#key ?? "", value.current);
	}
}
