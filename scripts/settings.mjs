#!/usr/bin/env node
/**
 * One stock kernel under settings that distributions, hardening guides and small systems change (scripts/settings.json): no case
 * may fail, and what a setting keeps from being tried is a skip that quotes it. The last line counts settings. With words, only
 * the settings whose text holds one of them; `--kernel NAME` takes another kernel.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runMain, SetupError, TOP } from "./lib/run.mjs";
import { runTargets, settingTrouble } from "./lib/targets.mjs";

/** @typedef {import("../results/model/model.js").TargetResult} TargetResult */
/** @typedef {import("./lib/targets.mjs").Setting} Setting */

/**
 * @param {string} kernel
 * @param {readonly string[]} cases globs
 * @param {readonly string[]} appends one for each target
 * @returns {TargetResult[]}
 */
const runAll = (kernel, cases, appends) =>
	runTargets((folder) => {
		const config = join(folder, "crcap.config.json");
		const targets = appends.map((append) => ({
			kernel,
			name: append === "" ? "as it comes" : append,
			append,
		}));
		writeFileSync(config, JSON.stringify({ targets, case: cases }));
		return [
			`--config=${config}`,
			`--jobs=${availableParallelism()}`,
			"--max-skipped=100",
		];
	});

runMain(async () => {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: { kernel: { type: "string", default: "debian:sid" } },
	});
	/** @type {{ selections: Record<string, string[]>, settings: Setting[] }} */
	const { selections, settings } = JSON.parse(
		readFileSync(join(TOP, "scripts/settings.json"), "utf8"),
	);
	const wanted = settings.filter(
		({ append }) =>
			positionals.length === 0 ||
			positionals.some((word) => append.includes(word)),
	);
	if (wanted.length === 0)
		throw new SetupError("no setting's text holds one of these words", 2);
	let passed = 0;
	for (const [name, cases] of Object.entries(selections)) {
		const rows = wanted.filter((setting) => setting.try === name);
		if (rows.length === 0) continue;
		const [usual, ...changed] = runAll(values.kernel, cases, [
			"",
			...rows.map(({ append }) => append),
		]);
		if (usual === undefined) throw new SetupError("the report is empty");
		rows.forEach((setting, i) => {
			const trouble = settingTrouble(setting, usual, changed[i]);
			if (trouble === null) passed++;
			const { pass = 0, skip = 0 } = changed[i]?.totals ?? {};
			console.log(
				trouble === null
					? `ok: ${setting.append}: ${pass} passed, ${skip} skipped`
					: `FAILED: ${setting.append}: ${trouble}`,
			);
		});
	}
	const failed = wanted.length - passed;
	console.log(`${passed} passed, ${failed} failed, 0 skipped`);
	return failed === 0 ? 0 : 1;
});
