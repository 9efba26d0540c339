import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "tap";
import {
	cleanReport,
	HOSTILE,
	sampleReport,
} from "../testing/sample.test.data.js";
import { golden, render } from "../testing/support.test.data.js";
import { MAX_PAGE_CASES } from "./pageData.js";

/** The page without its own style and script, which pageAssets.test.ts looks at. */
function content(page: string): string {
	return page
		.replace(/<style>[\s\S]*?<\/style>/, "<style></style>")
		.replace(
			/<script>[\s\S]*?<\/script>\n<\/body>/,
			"<script></script>\n</body>",
		)
		.replace(/sha256-[A-Za-z0-9+/=]+/g, "sha256-…");
}

test("html, golden", golden(), async (t) => {
	t.matchSnapshot(
		content(await render("html", sampleReport())),
		"results/golden/sample.html",
	);
});

test("the policy allows the page's own style and script, and nothing else", async () => {
	const page = await render("html", sampleReport());
	const policy =
		/Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? "";
	const hashOf = (source: string | undefined) =>
		`'sha256-${createHash("sha256")
			.update(source ?? "")
			.digest("base64")}'`;
	const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1];
	const script = /<script>([\s\S]*?)<\/script>/.exec(page)?.[1];
	assert.ok(policy.includes(`style-src ${hashOf(style)};`));
	assert.ok(policy.includes(`script-src ${hashOf(script)};`));
	assert.ok(policy.startsWith("default-src 'none';"));
	assert.doesNotMatch(policy, /unsafe|https?:|\*/);
});

test("no string of a guest's leaves its place in the page", async () => {
	const page = content(await render("html", sampleReport()));
	assert.equal(page.match(/<script/g)?.length, 2);
	assert.equal(page.match(/<\/script>/g)?.length, 2);
	assert.doesNotMatch(page, /<img|<!--|onerror=alert[^(&]/);
	assert.doesNotMatch(page, /(?!\n)[\p{Cc}\u202e]/u);
	assert.doesNotMatch(page, /<[a-z][^<>]*\s(src|href)=(?!"data:)/);
});

test("the page's data is the report's", async () => {
	const page = await render("html", sampleReport());
	const data = JSON.parse(
		/id="data">([\s\S]*?)<\/script>/.exec(page)?.[1] ?? "",
	);
	assert.equal(data.targets.length, 2);
	assert.equal(data.shown, 42);
	const [first] = sampleReport().targets;
	assert.deepEqual(data.targets[0].totals, Object.values(first?.totals ?? {}));
	assert.ok(data.strings.includes(HOSTILE.script));
});

test("where scripts don't run the page shows the results as text", async () => {
	const page = await render("html", sampleReport());
	const plain = /<noscript>([\s\S]*?)<\/noscript>/.exec(page)?.[1] ?? "";
	assert.match(plain, /ns_last_pid\.write\.uid0-none: fail/);
});

test("a page that can't hold all says so, and holds what did not pass", async () => {
	const report = cleanReport();
	const [target] = report.targets;
	const [one] = target?.cases ?? [];
	assert.ok(target && one);
	const count = MAX_PAGE_CASES + 500;
	target.cases = Array.from({ length: count }, (_, n) => ({
		...one,
		id: `a.b.c${n}`,
		verdict: n === count - 1 ? ("fail" as const) : one.verdict,
	}));
	const page = await render("html", report);
	const data = JSON.parse(
		/id="data">([\s\S]*?)<\/script>/.exec(page)?.[1] ?? "",
	);
	assert.equal(data.shown, MAX_PAGE_CASES);
	assert.equal(data.all, count);
	assert.ok(data.strings.includes(`a.b.c${count - 1}`));
});
