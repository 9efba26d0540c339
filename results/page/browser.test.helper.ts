/** A browser for the tests of the page. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import type { Test } from "tap";
import type { Report } from "../model/model.js";
import { missing, render } from "../testing/support.test.data.js";

export const skip = missing("chromium", "apt install chromium");

/** Where screenshots go that somebody wants to look at; nowhere by default. */
export const SHOTS = process.env.SCREENSHOTS;

export let browser: Browser;

/** For the page that is looked at. */
let folder: string;

/** Opens the browser for the parts of a test, and closes it with the test. */
export async function withBrowser(t: Test): Promise<void> {
	folder = t.testdir();
	browser = await chromium.launch({
		executablePath: "/usr/bin/chromium",
		args: [
			"--headless",
			"--no-sandbox",
			"--disable-gpu",
			"--disable-background-networking",
		],
	});
	t.after(() => browser.close());
}

/** Opens a page and does something there. Errors, requests and dialogs fail the test. */
export async function show(
	html: string,
	use: (page: Page) => Promise<void>,
	options: { hash?: string; dark?: boolean } = {},
) {
	const path = join(folder, "page.html");
	writeFileSync(path, html);
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
}

/** The same with a report's page. */
export async function visit(
	report: Report,
	use: (page: Page) => Promise<void>,
	options: { hash?: string; dark?: boolean } = {},
) {
	await show(await render("html", report), use, options);
}

export async function shot(page: Page, name: string) {
	if (SHOTS === undefined) return;
	mkdirSync(SHOTS, { recursive: true });
	await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

export const rows = (page: Page) => page.locator(".row .id").allTextContents();
export const hash = async (page: Page) =>
	decodeURIComponent(new URL(page.url()).hash);
