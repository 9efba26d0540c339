import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "tap";
import { compare } from "../compare/compare.js";
import { writeComparison } from "../compare/compareWriters.js";
import { cleanReport, sampleReport } from "../testing/sample.test.data.js";
import { Memory, render } from "../testing/support.test.data.js";
import {
	browser,
	hash,
	rows,
	shot,
	show,
	skip,
	visit,
	withBrowser,
} from "./browser.test.helper.js";
import { contrast } from "./contrast.test.data.js";

test("what the page shows in a browser", { skip }, async (t) => {
	await withBrowser(t);
	t.test(
		"several kernels stand side by side, and what differs is shown",
		async () => {
			await visit(sampleReport(), async (page) => {
				await page.keyboard.press("d");
				assert.equal((await rows(page)).length, 16);
				await page.click(".row >> nth=0");
				assert.deepEqual(
					(await page.locator(".beside thead th").allTextContents()).map(
						(text) => text.slice(0, 4),
					),
					["A 6.", "B 7."],
				);
				assert.equal((await page.locator(".beside .odd").count()) > 0, true);
				await page.locator(".letter >> nth=1").click();
				assert.match(await hash(page), /on=1/);
			});
		},
	);

	t.test(
		"a comparison names what changed, and shows what differs",
		async () => {
			const old = { name: "old.json", report: cleanReport() };
			const newer = { name: "new.json", report: sampleReport() };
			const out = new Memory();
			await writeComparison("html", out, compare(old, newer), [old, newer]);
			await show(out.text, async (page) => {
				assert.match(
					(await page.locator("h1").textContent()) ?? "",
					/^3 regressions, failures in what is new: 1; /,
				);
				assert.equal(
					await page
						.locator(".view[data-view=diff]")
						.getAttribute("aria-pressed"),
					"true",
				);
				await page
					.locator(".changes .ids button", {
						hasText: "ns_last_pid.write.uid0-none",
					})
					.click();
				assert.deepEqual(await page.locator(".said").allTextContents(), [
					"✓ pass",
					"F fail",
					"✓ pass",
				]);
				await shot(page, "compare");
			});
		},
	);

	t.test("dark and light are both readable", async () => {
		for (const dark of [false, true]) {
			await visit(
				sampleReport(),
				async (page) => {
					for (const selector of [
						"h1",
						".row .id",
						".view",
						"td.pass",
						"td.fail",
						"td.crash",
						"td.not_run",
						".kernel",
						".badge.timeout",
						".badge.error",
						".badge.skip",
					]) {
						const ratio = await contrast(page, selector);
						assert.ok(
							ratio >= 4.5,
							`${selector}: ${ratio} in ${dark ? "dark" : "light"}`,
						);
					}
					await shot(page, dark ? "dark" : "light");
				},
				{ dark },
			);
		}
		await visit(cleanReport(), async (page) => {
			const before = await page.evaluate(
				"getComputedStyle(document.body).backgroundColor",
			);
			await page.click(".theme");
			assert.equal(await hash(page), "#theme=dark");
			assert.notEqual(
				await page.evaluate("getComputedStyle(document.body).backgroundColor"),
				before,
			);
		});
	});

	t.test(
		"on paper there are the matrix and the failures in full, and no controls",
		async () => {
			await visit(sampleReport(), async (page) => {
				await page.evaluate("dispatchEvent(new Event('beforeprint'))");
				await page.emulateMedia({ media: "print" });
				assert.equal(await page.locator(".paper .detail").count(), 7);
				assert.equal(await page.locator(".toolbar").isVisible(), false);
				assert.equal(await page.locator(".matrix").isVisible(), true);
				assert.ok((await page.pdf()).length > 10_000);
			});
		},
	);

	t.test(
		"with 20,000 cases only the rows on the screen exist, and every one can be reached",
		async () => {
			const report = cleanReport();
			const [target] = report.targets;
			const [one] = target?.cases ?? [];
			assert.ok(target && one);
			target.cases = Array.from({ length: 20_000 }, (_, n) => ({
				...one,
				id: `a.b.c${n}`,
			}));
			await visit(report, async (page) => {
				assert.ok((await page.locator(".row").count()) < 100);
				await page.locator(".rows").focus();
				await page.keyboard.press("End");
				await page
					.locator(".row .id", { hasText: /^a\.b\.c19999$/ })
					.waitFor({ state: "visible" });
				await page.locator("input[type=search]").fill("c12345");
				assert.deepEqual(await rows(page), ["a.b.c12345"]);
			});
		},
	);

	t.test(
		"with many subjects the matrix shows those that matter, and all when asked",
		async () => {
			const report = cleanReport();
			const [target] = report.targets;
			const [one] = target?.cases ?? [];
			assert.ok(target && one);
			target.cases = Array.from({ length: 200 }, (_, n) => ({
				...one,
				id: `a.b.s${n}`,
				subject: `subject${n}`,
				verdict: n === 150 ? ("fail" as const) : one.verdict,
			}));
			await visit(report, async (page) => {
				assert.equal(await page.locator(".matrix tbody tr").count(), 40);
				assert.ok(
					await page.locator("td[data-subject=subject150]").isVisible(),
				);
				await page.click(".more");
				assert.equal(await page.locator(".matrix tbody tr").count(), 200);
				assert.equal(await page.locator(".more").count(), 0);
			});
		},
	);

	t.test("a report with nothing in it is a page that says so", async () => {
		await visit({ ...cleanReport(), targets: [] }, async (page) => {
			assert.equal(
				await page.locator("h1").textContent(),
				"No target was tried",
			);
		});
		const empty = cleanReport();
		Object.assign(empty.targets[0] ?? {}, {
			cases: [],
			planned: 0,
			groups: [],
		});
		await visit(empty, async (page) => {
			assert.equal(
				await page.locator("h1").textContent(),
				"No case was planned.",
			);
			assert.ok(await page.locator(".empty").isVisible());
			await page.keyboard.press("j");
			await page.keyboard.press("Enter");
		});
	});

	t.test("without scripts the results are there as text", async (t) => {
		const html = await render("html", sampleReport());
		const path = join(t.testdir({ "page.html": html }), "page.html");
		const context = await browser.newContext({ javaScriptEnabled: false });
		const page = await context.newPage();
		await page.goto(`file://${path}`);
		assert.match(
			(await page.locator("noscript").textContent()) ?? "",
			/6 of 21 cases did not pass/,
		);
		await context.close();
	});
});
