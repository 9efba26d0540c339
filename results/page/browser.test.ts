import assert from "node:assert/strict";
import { test } from "tap";
import {
	cleanReport,
	HOSTILE,
	sampleReport,
} from "../testing/sample.test.data.js";

import {
	hash,
	rows,
	shot,
	skip,
	visit,
	withBrowser,
} from "./browser.test.helper.js";

test("the page in a browser", { skip }, async (t) => {
	await withBrowser(t);
	t.test("it answers first, and shows what did not pass", async () => {
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

	t.test("nothing of a guest's runs, whatever it printed", async () => {
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

	t.test(
		"a click on a cell opens its case: what, as whom, expected, observed, why, citation, replay, console",
		async () => {
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
		},
	);

	t.test(
		"filters live in the address: a link shows the same, back goes back",
		async () => {
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
				assert.deepEqual(await rows(page), [
					"map_files.write.userns-allknown≠",
				]);
				await page.getByRole("button", { name: "Clear" }).click();
				assert.equal((await rows(page)).length, 2);
			});
		},
	);

	t.test(
		"an address that asks for nonsense shows the page all the same",
		async () => {
			await visit(
				sampleReport(),
				async (page) => {
					assert.equal(await page.locator(".row").count(), 15);
					assert.equal(await page.locator(".detail").count(), 0);
				},
				{ hash: "#show=__proto__&b=<img>&s=%00&on=99&case=nope&theme=x" },
			);
		},
	);

	t.test("the keyboard is enough", async () => {
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

	t.test(
		"verdicts are told by a mark and a word, not by colour alone",
		async () => {
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
		},
	);
});
