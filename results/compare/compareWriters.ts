/** A comparison in every format that it has. */
import type { Writable } from "node:stream";
import { bounded } from "../formats/markdown/markdownBudget.js";
import { html } from "../page/html.js";
import type { PageLead } from "../page/pageData.js";
import { writeReport } from "../reading/replay.js";
import { documentWriter } from "../stream/document.js";
import { Sink } from "../stream/sink.js";
import {
	CHANGES,
	type ChangeKind,
	type Comparison,
	type NamedReport,
} from "./compare.js";
import {
	comparisonJson,
	comparisonMarkdown,
	comparisonSentence,
	comparisonText,
} from "./compareFormats.js";

const TABLE = {
	text: {
		description: "72 columns for a terminal or a mail",
		render: comparisonText,
	},
	markdown: {
		description: "for a pull request or a CI step's summary",
		render: (comparison: Comparison) =>
			bounded(
				comparisonMarkdown(comparison),
				"`crcap compare --report text` shows all of it",
			),
	},
	json: { description: "every change, for programs", render: comparisonJson },
	html: {
		description: "the results side by side, one self-contained page",
		render: null,
	},
};

export type CompareFormat = keyof typeof TABLE;

/** Every format of a comparison, for `--help`. */
export const COMPARE_FORMATS: readonly {
	name: CompareFormat;
	description: string;
}[] = Object.entries(TABLE).map(([name, { description }]) => ({
	name: name as CompareFormat,
	description,
}));

/** True for the name of a format of comparisons. */
export function isCompareFormat(name: string): name is CompareFormat {
	return Object.hasOwn(TABLE, name);
}

/** Cases that the page names of each kind of change. */
const NAMED = 100;

/**
 * Writes what `compare` found between these reports. The stream stays open; rejects when it takes nothing more for
 * another reason than a reader that left.
 */
export async function writeComparison(
	format: CompareFormat,
	out: Writable,
	comparison: Comparison,
	reports: readonly NamedReport[],
): Promise<void> {
	const sink = new Sink(out);
	const { render } = TABLE[format];
	if (render === null) {
		await writeReport(
			joined(reports),
			documentWriter(sink, html(lead(comparison))),
		);
	} else {
		for (const piece of render(comparison)) {
			sink.write(piece);
			await sink.ready();
		}
	}
	await sink.finish();
}

/** All targets as if of one run, each under its file's name. */
function joined(reports: readonly NamedReport[]) {
	const newest = reports.at(-1);
	if (newest === undefined) throw new Error("there is no report to show");
	const targets = reports.flatMap(({ name, report }) =>
		report.targets.map((target) => ({
			...target,
			name: `${name}: ${target.name}`,
		})),
	);
	return { ...newest.report, plannedTargets: targets.length, targets };
}

function lead(comparison: Comparison): PageLead {
	const { pairs, onlyOld, onlyNew, warnings, exitCode } = comparison;
	const kinds = (Object.keys(CHANGES) as ChangeKind[]).map((kind) => {
		const ids = [
			...new Set(
				pairs.flatMap(({ changes }) => changes[kind].map(({ id }) => id)),
			),
		];
		return {
			label: CHANGES[kind],
			ids: ids.slice(0, NAMED),
			more: Math.max(0, ids.length - NAMED),
		};
	});
	return {
		good: exitCode === 0,
		sentence: comparisonSentence(comparison),
		notes: [
			...warnings,
			...onlyOld.map((name) => `only in the old results: ${name}`),
			...onlyNew.map((name) => `only in the new results: ${name}`),
		],
		changes: kinds.filter(({ ids }) => ids.length > 0),
	};
}
