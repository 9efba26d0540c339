/** The HTML page: one file, no request to anywhere, nothing of a guest's ever run. */
import { createHash } from "node:crypto";
import { text } from "../formats/text.js";
import type { ReportSummary } from "../model/summary.js";
import type { CaseStore, Render } from "../stream/document.js";
import { oneLine } from "../text/escape.js";
import { escapeHtml, pageStart } from "../text/markup.js";
import { SCRIPT, STYLE } from "./pageAssets.js";
import { type PageLead, pageData } from "./pageData.js";

/** How much of the text report stands in for the page where scripts don't run, characters. */
const MAX_PLAIN = 200_000;

function hash(source: string): string {
	return `'sha256-${createHash("sha256").update(source).digest("base64")}'`;
}

/** Only the page's own style and script, by their hashes; no request, no form, no frame, no way to make markup of strings. */
const POLICY = [
	"default-src 'none'",
	`style-src ${hash(STYLE)}`,
	`script-src ${hash(SCRIPT)}`,
	"img-src data:",
	"base-uri 'none'",
	"form-action 'none'",
	"require-trusted-types-for 'script'",
	"trusted-types 'none'",
].join("; ");

const ICON =
	"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%231f5fbf'/%3E%3Cpath d='M4 8l3 3 5-6' stroke='white' stroke-width='2' fill='none'/%3E%3C/svg%3E";

/** The page of a run; of a comparison, with what changed above its targets. */
export function html(lead: PageLead | null = null): Render {
	return (summary, cases) => page(summary, cases, lead);
}

function* page(
	summary: ReportSummary,
	cases: CaseStore,
	lead: PageLead | null,
): Generator<string> {
	const title = summary.targets
		.map(({ head }) => head.kernel.release)
		.slice(0, 3)
		.join(", ");
	yield pageStart({
		policy: POLICY,
		title: oneLine(title, 200),
		style: STYLE,
		icon: ICON,
	});
	yield `<div id="app"></div>
<noscript>
<p>This page needs its script for the matrix and the filters. The same results as text:</p>
<pre>`;
	yield* plainText(summary, cases);
	yield '</pre>\n</noscript>\n<script type="application/json" id="data">';
	yield* pageData(summary, cases, lead);
	yield `</script>\n<script>${SCRIPT}</script>\n</body>\n</html>\n`;
}

/** The text report, cut where it gets long. */
function* plainText(
	summary: ReportSummary,
	cases: CaseStore,
): Generator<string> {
	let length = 0;
	for (const piece of text(summary, cases)) {
		length += piece.length;
		if (length > MAX_PLAIN) {
			yield "… the rest is in the page's data and in the JSON report\n";
			return;
		}
		yield escapeHtml(piece);
	}
}
