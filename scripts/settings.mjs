#!/usr/bin/env node
/**
 * One stock kernel under settings that distributions, hardening guides and small systems change (scripts/settings.json): no case
 * may fail, and what a setting keeps from being tried is a skip that quotes it. Each setting is tried with the cases that it
 * touches, as two or three kinds of subjects by the calendar; two settings a day with the whole plan. The last line counts settings. With words, only the
 * settings whose text holds one of them; `--every N` takes of each N settings one, by the calendar, `--day N` goes by another day,
 * `--kernel NAME` another kernel.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runMain, SetupError, TOP } from "./lib/run.mjs";
import {
	runTargets,
	selectionOf,
	settingTrouble,
	today,
	turnOf,
	wholeNumber,
	wholeToday,
} from "./lib/targets.mjs";

/** @typedef {import("../results/model/model.js").TargetResult} TargetResult */
/** @typedef {import("./lib/targets.mjs").Setting} Setting */
/** @typedef {import("./lib/targets.mjs").Selection} Selection */

/**
 * @param {string} kernel
 * @param {Selection} selection
 * @param {readonly string[]} appends one for each target
 * @returns {TargetResult[]}
 */
const runAll = (kernel, selection, appends) =>
	runTargets((folder) => {
		const config = join(folder, "crcap.config.json");
		const targets = appends.map((append) => ({
			kernel,
			name: append === "" ? "as it comes" : append,
			append,
		}));
		writeFileSync(config, JSON.stringify({ targets, ...selection }));
		return [
			`--config=${config}`,
			`--jobs=${availableParallelism()}`,
			"--max-skipped=100",
		];
	});

runMain(async () => {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			kernel: { type: "string", default: "debian:sid" },
			day: { type: "string", default: String(today()) },
			every: { type: "string", default: "1" },
		},
	});
	const day = wholeNumber(values.day, 0, "--day takes days since 1970");
	const every = wholeNumber(values.every, 1, "--every takes 1 or more");
	/** @type {{ selections: Record<string, Selection | Selection[]>, settings: Setting[] }} */
	const { selections, settings } = JSON.parse(
		readFileSync(join(TOP, "scripts/settings.json"), "utf8"),
	);
	const turn = turnOf(settings, every, day);
	// How often the turn has come: by the day itself a setting would meet the same kind of subjects each time.
	const round = Math.floor(day / every);
	const whole = wholeToday(turn, round);
	const wanted = turn.filter(
		({ append }) =>
			positionals.length === 0 ||
			positionals.some((word) => append.includes(word)),
	);
	if (wanted.length === 0)
		throw new SetupError(
			"no setting's text holds one of these words, or it is not its turn",
			2,
		);
	let passed = 0;
	/** @param {Setting} setting @param {TargetResult} usual @param {TargetResult | undefined} changed */
	const judge = (setting, usual, changed) => {
		const trouble = settingTrouble(setting, usual, changed);
		if (trouble === null) passed++;
		const { pass = 0, skip = 0 } = changed?.totals ?? {};
		console.log(
			trouble === null
				? `ok: ${setting.append}: ${pass} passed, ${skip} skipped`
				: `FAILED: ${setting.append}: ${trouble}`,
		);
	};
	// What is skipped without any setting is known of the whole plan once.
	const inWhole = wanted.filter((setting) => whole.includes(setting));
	const [usual, ...changed] = runAll(values.kernel, {}, [
		"",
		...inWhole.map(({ append }) => append),
	]);
	if (usual === undefined) throw new SetupError("the report is empty");
	inWhole.forEach((setting, i) => {
		judge(setting, usual, changed[i]);
	});
	for (const [name, selection] of Object.entries(selections)) {
		const rows = wanted.filter(
			(setting) => setting.try === name && !whole.includes(setting),
		);
		if (rows.length === 0) continue;
		const targets = runAll(
			values.kernel,
			selectionOf(selection, round),
			rows.map(({ append }) => append),
		);
		rows.forEach((setting, i) => {
			judge(setting, usual, targets[i]);
		});
	}
	const failed = wanted.length - passed;
	console.log(`${passed} passed, ${failed} failed, 0 skipped`);
	return failed === 0 ? 0 : 1;
});
