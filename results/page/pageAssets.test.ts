import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { test } from "tap";
import { formatted } from "../../testing/formatted.test.helper.js";
import { SnapshotFiles } from "../../testing/snapshotFiles.test.helper.js";
import { consume, ROOT } from "../testing/support.test.data.js";
import { SCRIPT, STYLE } from "./pageAssets.js";

const PAGE = join(ROOT, "results/page/browser");
const MADE = "results/page/pageAssets.ts";
/** The files of the style, in their order in the page: of two rules that weigh the same, the later one counts. */
const STYLES = [
	"page",
	"cards",
	"verdicts",
	"matrix",
	"changes",
	"toolbar",
	"list",
	"detail",
	"media",
].map((name) => join(PAGE, "style", `${name}.css`));

test("the page's style and script are what results/page/browser makes", {
	snapshotProvider: SnapshotFiles,
}, async (t) => {
	const built = await build({
		entryPoints: [join(PAGE, "main.js")],
		bundle: true,
		write: false,
		format: "iife",
		target: "es2022",
		charset: "utf8",
		legalComments: "none",
	});
	const script = built.outputFiles[0]?.text ?? "";
	// A comment for those who write the style is no part of the page.
	const style = STYLES.map((file) => readFileSync(file, "utf8"))
		.join("")
		.replace(/\/\*.*?\*\/\n?/gs, "");
	const text = `/** Made of results/page/browser by pageAssets.test.ts with TAP_SNAPSHOT=1; not to be edited. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is a program
export const STYLE = ${JSON.stringify(style)};
export const SCRIPT = ${JSON.stringify(script)};
`;
	t.matchSnapshot(formatted(text, MADE), MADE);
});

test("every file of the style is in the page", async () => {
	const files = readdirSync(join(PAGE, "style"))
		.filter((name) => name.endsWith(".css"))
		.map((name) => join(PAGE, "style", name));
	assert.deepEqual(files.sort(), STYLES.toSorted());
});

test("neither can end its element", async () => {
	assert.doesNotMatch(SCRIPT, /<\/script|<!--/i);
	assert.doesNotMatch(STYLE, /<\/style|<!--/i);
});

test("nothing in them makes markup or a request of a string", async () => {
	assert.doesNotMatch(
		SCRIPT,
		/innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|fetch\(|XMLHttp|import\(/,
	);
	assert.doesNotMatch(STYLE, /url\(|@import/);
});

test("the page's script has no type error", async () => {
	const done = consume(
		"node",
		[join(ROOT, "node_modules/typescript/bin/tsc"), "-p", PAGE],
		"",
	);
	assert.equal(done.stdout, "");
	assert.equal(done.status, 0);
});
