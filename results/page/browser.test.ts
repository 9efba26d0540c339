import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";
import { compare } from "../compare/compare.js";
import { writeComparison } from "../compare/compareWriters.js";
import type { Report } from "../model/model.js";
import {
	cleanReport,
	HOSTILE,
	sampleReport,
} from "../testing/sample.test.data.js";
import {
	Memory,
	missing,
	render,
	withFile,
} from "../testing/support.test.data.js";
import { contrast } from "./contrast.test.data.js";

const skip = missing("chromium", "apt install chromium");

/** Where screenshots go that somebody wants to look at; nowhere by default. */
const SHOTS = process.env.SCREENSHOTS;

describe("the page in a browser", { skip }, () => {
	let browser: Browser;
	before(async () => {
		browser = await chromium.launch({
			executablePath: "/usr/bin/chromium",
			args: [
				"--headless",
				"--no-sandbox",
				"--disable-gpu",
				"--disable-background-networking",
			],
		});
	});
	after(() => browser?.close());

	/** Opens a page and does something there. Errors, requests and dialogs fail the test. */
	async function show(
		html: string,
		use: (page: Page) => Promise<void>,
		options: { hash?: string; dark?: boolean } = {},
	) {
		await withFile("page.html", html, async (path) => {
			const context = await browser.newContext({
				colorScheme: options.dark ? "dark" : "light",
				viewport: { width: 1300, height: 900 },
			});
			const trouble: string[] = [];
			try {
				const page = await context.newPage();
				page.on("console", (message) =>
					trouble.push(`${message.type()}: ${message.text()}`),
				);
				page.on("pageerror", (error) => trouble.push(error.message));
				page.on("dialog", (dialog) => {
					trouble.push(`a dialog: ${dialog.message()}`);
					void dialog.dismiss();
				});
				page.on("request", (request) => {
					if (!/^(file|data):/.test(request.url()))
						trouble.push(`a request: ${request.url()}`);
				});
				await page.goto(`file://${path}${options.hash ?? ""}`);
				await use(page);
			} finally {
				await context.close();
			}
			assert.deepEqual(trouble, []);
		});
	}

	/** The same with a report's page. */
	async function visit(
		report: Report,
		use: (page: Page) => Promise<void>,
		options: { hash?: string; dark?: boolean } = {},
	) {
		await show(await render("html", report), use, options);
	}

	async function shot(page: Page, name: string) {
		if (SHOTS === undefined) return;
		mkdirSync(SHOTS, { recursive: true });
		await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
	}

	const rows = (page: Page) => page.locator(".row .id").allTextContents();
	const hash = async (page: Page) =>
		decodeURIComponent(new URL(page.url()).hash);

	test("it answers first, and shows what did not pass", async () => {
		await visit(sampleReport(), async (page) => {
			assert.equal(
				await page.locator("h1").textContent(),
				"0 of 2 targets passed",
			);
			assert.equal(
				await page.locator(".view[aria-pressed=true]").textContent(),
				"Not passed15",
			);
			assert.equal(await page.locator(".row").count(), 15);
			assert.match(
				(await page.locator(".card").first().textContent()) ?? "",
				/debian:bookworm\/cloud.*6\.1\.0-56-cloud-amd64 · x86_64 · tcg/,
			);
			await shot(page, "sample");
		});
		await visit(cleanReport(), async (page) => {
			assert.equal(
				await page.locator("h1").textContent(),
				"All 21 cases that ran passed.",
			);
			assert.equal(await page.locator(".row").count(), 21);
			await shot(page, "clean");
		});
	});

	test("nothing of a guest's runs, whatever it printed", async () => {
		await visit(
			sampleReport(),
			async (page) => {
				assert.equal(
					await page.locator(".detail h2").textContent(),
					"set_tid.live_tid.uid0-none",
				);
				assert.ok(
					(await page.locator(".detail").textContent())?.includes(
						HOSTILE.script,
					),
				);
				assert.equal(
					await page.locator(".detail img, .detail script").count(),
					0,
				);
			},
			{ hash: "#case=set_tid.live_tid.uid0-none" },
		);
	});

	test("a click on a cell opens its case: what, as whom, expected, observed, why, citation, replay, console", async () => {
		await visit(sampleReport(), async (page) => {
			await page.click(
				'td[data-suite="ns_last_pid"][data-subject="uid0-none"][data-target="0"]',
			);
			const said = (await page.locator(".detail").textContent()) ?? "";
			for (const part of [
				"ns_last_pid.write.uid0-none",
				"write pid=9000",
				"uid0-none",
				"EPERM",
				"ok, the next pid was 9001",
				"the write must be refused",
				"124ea650d307",
				"crprobe 'capset",
				"qemu-system-x86_64",
				"audit: something",
			]) {
				assert.ok(said.includes(part), part);
			}
			assert.deepEqual(await rows(page), [
				"ns_last_pid.read.uid0-none",
				"ns_last_pid.write.uid0-none≠",
			]);
			assert.match(
				await hash(page),
				/b=ns_last_pid&s=uid0-none&on=0&case=ns_last_pid\.write\.uid0-none/,
			);
			await shot(page, "case");
		});
	});

	test("filters live in the address: a link shows the same, back goes back", async () => {
		await visit(sampleReport(), async (page) => {
			await page.click('.view[data-view="timeout"]');
			assert.equal(await hash(page), "#show=timeout");
			assert.equal((await rows(page)).length, 2);
			await page.locator("input[type=search]").fill("write");
			assert.equal((await rows(page)).length, 1);
			const link = await hash(page);
			await page.goBack();
			assert.equal(
				await page.locator(".view[aria-pressed=true]").textContent(),
				"Not passed15",
			);
			await page.goto(`${page.url().split("#")[0]}${link}`);
			assert.deepEqual(await rows(page), ["map_files.write.userns-allknown≠"]);
			await page.getByRole("button", { name: "Clear" }).click();
			assert.equal((await rows(page)).length, 2);
		});
	});

	test("an address that asks for nonsense shows the page all the same", async () => {
		await visit(
			sampleReport(),
			async (page) => {
				assert.equal(await page.locator(".row").count(), 15);
				assert.equal(await page.locator(".detail").count(), 0);
			},
			{ hash: "#show=__proto__&b=<img>&s=%00&on=99&case=nope&theme=x" },
		);
	});

	test("the keyboard is enough", async () => {
		await visit(sampleReport(), async (page) => {
			await page.keyboard.press("/");
			await page.keyboard.type("set_tid uid0");
			assert.equal((await rows(page)).length, 2);
			await page.keyboard.press("Escape");
			await page.keyboard.press("j");
			assert.equal(
				await page.locator(".detail h2").textContent(),
				"set_tid.free_tid.uid0-none",
			);
			await page.keyboard.press("j");
			assert.equal(
				await page.locator(".detail h2").textContent(),
				"set_tid.live_tid.uid0-none",
			);
			await page.keyboard.press("Escape");
			assert.equal(await page.locator(".detail").count(), 0);
			await page.keyboard.press("ArrowUp");
			await page.keyboard.press("Enter");
			assert.equal(
				await page.locator(".detail h2").textContent(),
				"set_tid.free_tid.uid0-none",
			);
			await page.locator("td[tabindex='0']").focus();
			await page.keyboard.press("ArrowDown");
			await page.keyboard.press("ArrowRight");
			await page.keyboard.press("Enter");
			assert.match(
				await hash(page),
				/b=ns_last_pid&s=uid1000-cap_checkpoint_restore&on=1/,
			);
			await page.keyboard.press("a");
			assert.match(await hash(page), /show=all/);
		});
	});

	test("verdicts are told by a mark and a word, not by colour alone", async () => {
		await visit(sampleReport(), async (page) => {
			const cells = await page
				.locator("td[data-suite]")
				.evaluateAll((all) =>
					all.map((one) => [
						one.className.split(" ")[0],
						one.textContent,
						one.getAttribute("aria-label"),
					]),
				);
			assert.equal(cells.length, 24);
			const marks: Record<string, string> = {
				pass: "✓",
				fail: "F",
				crash: "C",
				timeout: "T",
				error: "E",
				not_run: "N",
				skip: "–",
			};
			for (const [verdict = "", text, label] of cells) {
				assert.equal(text, marks[verdict ?? ""]);
				assert.match(
					label ?? "",
					/: \d+ (pass|fail|crash|timeout|error|not run|skip)/,
				);
			}
		});
	});

	test("several kernels stand side by side, and what differs is shown", async () => {
		await visit(sampleReport(), async (page) => {
			await page.keyboard.press("d");
			assert.equal((await rows(page)).length, 16);
			await page.click(".row >> nth=0");
			assert.deepEqual(
				(await page.locator(".beside thead th").allTextContents()).map((text) =>
					text.slice(0, 4),
				),
				["A 6.", "B 7."],
			);
			assert.equal((await page.locator(".beside .odd").count()) > 0, true);
			await page.locator(".letter >> nth=1").click();
			assert.match(await hash(page), /on=1/);
		});
	});

	test("a comparison names what changed, and shows what differs", async () => {
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
	});

	test("dark and light are both readable", async () => {
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

	test("on paper there are the matrix and the failures in full, and no controls", async () => {
		await visit(sampleReport(), async (page) => {
			await page.evaluate("dispatchEvent(new Event('beforeprint'))");
			await page.emulateMedia({ media: "print" });
			assert.equal(await page.locator(".paper .detail").count(), 7);
			assert.equal(await page.locator(".toolbar").isVisible(), false);
			assert.equal(await page.locator(".matrix").isVisible(), true);
			assert.ok((await page.pdf()).length > 10_000);
		});
	});

	test("with 20,000 cases only the rows on the screen exist, and every one can be reached", async () => {
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
	});

	test("with many subjects the matrix shows those that matter, and all when asked", async () => {
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
			assert.ok(await page.locator("td[data-subject=subject150]").isVisible());
			await page.click(".more");
			assert.equal(await page.locator(".matrix tbody tr").count(), 200);
			assert.equal(await page.locator(".more").count(), 0);
		});
	});

	test("a report with nothing in it is a page that says so", async () => {
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

	test("without scripts the results are there as text", async () => {
		await withFile(
			"page.html",
			await render("html", sampleReport()),
			async (path) => {
				const context = await browser.newContext({ javaScriptEnabled: false });
				const page = await context.newPage();
				await page.goto(`file://${path}`);
				assert.match(
					(await page.locator("noscript").textContent()) ?? "",
					/6 of 21 cases did not pass/,
				);
				await context.close();
			},
		);
	});
});
