/** The YAML blocks of a TAP report's test points. */
import { parse } from "yaml";
import { z } from "zod";
import { Citation, Replay, Verdict } from "../model/model.js";

/** Characters of the longest block; those of crcap hold a page of console at most. */
const MOST = 1024 * 1024;

/** What crcap's TAP says of a case that is not ok. */
const Details = z.object({
	verdict: Verdict,
	expected: z.string(),
	observed: z.string(),
	reason: z.string(),
	citation: Citation.nullable(),
	subject: z.string(),
	readback: z.string().optional(),
	probe: z.string(),
	args: z.string(),
	duration_us: z.number().int().nonnegative(),
	replay: Replay,
	/** Lines, each with its end. */
	console: z.string().optional(),
});
export type Details = z.infer<typeof Details>;

/**
 * Takes the blocks out of the lines and puts a number in the place of each. The parser of TAP reads dates, regular
 * expressions and more out of YAML, where in this TAP `2026-01-01` is a string.
 */
export class TapDetails {
	readonly #blocks: string[] = [];
	/** The indentation of the test point that the last line was. */
	#point: string | undefined;
	#open: { indent: string; text: string } | undefined;

	/** The lines to parse instead of this one. Throws for a block that is too long. */
	lines(line: string): string[] {
		if (this.#open !== undefined) return this.#inside(line, this.#open);
		const point = this.#point;
		if (point !== undefined && line.trimEnd() === `${point}  ---`) {
			this.#open = { indent: `${point}  `, text: "" };
			return [];
		}
		this.#point = /^( *)(?:not )?ok\b/.exec(line)?.[1];
		return [line];
	}

	/** What a number stood for, as the parser of TAP gives it. Throws where it is no block of crcap's. */
	get(diagnostics: unknown): Details {
		const { block } = (diagnostics ?? {}) as { block?: unknown };
		const text = this.#blocks[Number(block)];
		if (text === undefined) throw new Error("its YAML block is missing");
		const found = Details.safeParse(asYaml(text));
		if (found.success) return found.data;
		const path = z.core.toDotPath(found.error.issues[0]?.path ?? []);
		throw new Error(
			`its YAML block is not crcap's${path === "" ? "" : `, or ${path} of it`}; was the text changed, or its lines wrapped?`,
		);
	}

	#inside(line: string, open: { indent: string; text: string }): string[] {
		const { indent } = open;
		if (line.trimEnd() === `${indent}...`) {
			this.#open = undefined;
			this.#point = undefined;
			const number = this.#blocks.push(open.text) - 1;
			return [`${indent}---`, `${indent}block: ${number}`, `${indent}...`];
		}
		open.text += `${line.startsWith(indent) ? line.slice(indent.length) : line}\n`;
		if (open.text.length > MOST)
			throw new Error(`a YAML block of it is longer than ${MOST} characters`);
		return [];
	}
}

function asYaml(text: string): unknown {
	try {
		return parse(text, { logLevel: "error" });
	} catch {
		return undefined;
	}
}
