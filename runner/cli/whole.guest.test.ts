/** The whole plan on real kernels, as a user runs it: a stock kernel guards what it should. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Report } from "../../results/model/model.js";
import { cli, withFolder } from "./spawnCli.test.helper.js";

for (const kernel of ["debian:bookworm", "debian:bookworm@arm64"]) {
	test(`${kernel}: no case failed, none in error, few skipped`, async () => {
		await withFolder(async (folder) => {
			const args = ["run", "--kernel", kernel, "--report", "json=r.json"];
			const { status, stderr } = await cli(args, { cwd: folder });
			const file = join(folder, "r.json");
			const report = Report.parse(JSON.parse(readFileSync(file, "utf8")));
			const target = report.targets[0];
			assert.ok(target);
			const bad = target.cases
				.filter(({ verdict }) => verdict !== "pass" && verdict !== "skip")
				.map(({ id, verdict, expected, observed }) =>
					[verdict, id, `expected ${expected}`, `observed ${observed}`].join(
						"; ",
					),
				);
			assert.deepEqual(bad.slice(0, 20), []);
			assert.equal(status, 0, stderr);
			assert.equal(target.complete, true);
			assert.ok(target.cases.length >= 200);
			const { skip } = target.totals;
			assert.ok(skip < 0.03 * target.cases.length, `${skip} skipped`);
			assert.ok(
				target.cases.every(({ replay }) => replay.crprobe && replay.qemu),
			);
		});
	});
}
