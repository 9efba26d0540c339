import assert from "node:assert/strict";
import { test } from "tap";
import {
	CRIU_BAD,
	CRIU_GOOD,
	REFUSALS,
	reportOfCases,
} from "../testing/evidence.test.data.js";
import { cleanReport } from "../testing/sample.test.data.js";
import {
	hash,
	rows,
	shot,
	skip,
	visit,
	withBrowser,
} from "./browser.test.helper.js";
import { contrast } from "./contrast.test.data.js";

const VICTIMS = "section[aria-label^='CRIU']";
const REFUSED = "section[aria-label^='What security']";

test("tables of what the cases tell", { skip }, async (t) => {
	await withBrowser(t);
	t.test("CRIU's victims stand across, who ran it down", async () => {
		await visit(reportOfCases(CRIU_BAD), async (page) => {
			const table = page.locator(`${VICTIMS} table`);
			assert.deepEqual(await table.locator("thead th").allTextContents(), [
				"who ran CRIU",
				"plain",
				"deleted",
			]);
			const cells = table.locator("tbody tr", {
				hasText: "criu_ambient-cap_checkpoint_restore",
			});
			assert.deepEqual(await cells.locator("td").allTextContents(), [
				"✓ resumed",
				"F dump failed: map_files",
			]);
			assert.match((await table.textContent()) ?? "", /refused by CRIU itself/);
			assert.match((await table.textContent()) ?? "", /– skip/);
			assert.equal(await page.locator(REFUSED).count(), 0);
			await cells.locator("button.fail").click();
			assert.match(await hash(page), /case=criu\.deleted\.criu_ambient-cap/);
			const said = (await page.locator(".detail").textContent()) ?? "";
			assert.match(said, /Points atmap_files/);
			for (const verdict of ["pass", "fail", "skip"])
				assert.ok(
					(await contrast(page, `${VICTIMS} button.${verdict}`)) >= 4.5,
				);
			await shot(page, "criu");
		});
	});

	t.test("kernels that came to the same share a line of the cell", async () => {
		await visit(reportOfCases(CRIU_GOOD, CRIU_GOOD, CRIU_BAD), async (page) => {
			const cell = page
				.locator(`${VICTIMS} tbody tr`, {
					hasText: "criu_ambient-cap_checkpoint_restore",
				})
				.locator("td >> nth=1");
			assert.deepEqual(await cell.locator("button").allTextContents(), [
				"A B ✓ resumed",
				"C F dump failed: map_files",
			]);
		});
	});

	t.test("which module refused what, and to whom", async () => {
		await visit(reportOfCases(REFUSALS), async (page) => {
			const table = page.locator(`${REFUSED} table`);
			assert.deepEqual(await table.locator("thead th").allTextContents(), [
				"refused by, to",
				"lsm.set_tid",
				"lsm.exe_fd",
			]);
			assert.deepEqual(await table.locator("tbody tr").allTextContents(), [
				"AppArmor: crcap_omitcheckpoint_restore 1",
				"AppArmor: crcap_deny_bothcheckpoint_restore, sys_admin 1",
				"SELinux: u:r:crcap_omit_tcheckpoint_restore 1",
			]);
			assert.equal(await page.locator(VICTIMS).count(), 0);
			await table.locator("button.fail").click();
			assert.deepEqual(await rows(page), [
				"lsm.exe_fd.selinux_omit-cap_checkpoint_restore",
			]);
			await page.locator(".row").click();
			assert.match(
				(await page.locator(".detail").textContent()) ?? "",
				/Refused bySELinux refused checkpoint_restore to u:r:crcap_omit_t/,
			);
			await shot(page, "refusals");
		});
	});

	t.test("a run that tells nothing of the kind has neither", async () => {
		await visit(cleanReport(), async (page) => {
			assert.equal(await page.locator(".told").count(), 0);
		});
	});
});
