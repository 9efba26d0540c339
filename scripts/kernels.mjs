#!/usr/bin/env node
/**
 * Every kernel of the catalogue that crcap is held against, in one run: Debian's releases on x86_64, and one kernel of each
 * other architecture; then security modules and CRIU on those that are quick to emulate. The last line counts targets. Needs the build with every helper.
 * With `--every=N` the other architectures are asked a share of the plan each, and security modules, and kernels with CRIU, have their
 * turns, by the calendar: in N days all of it. Other options are those of `crcap run`.
 */
import { spawnSync } from "node:child_process";
import { table } from "./lib/figures.mjs";
import { runMain, SetupError, say } from "./lib/run.mjs";
import {
	CLI,
	isSound,
	kernelsOf,
	lastOf,
	planned,
	runTargets,
	today,
	turnOf,
	wasLost,
	wholeNumber,
} from "./lib/targets.mjs";

/** @typedef {import("../results/model/model.js").TargetResult} TargetResult */

/** A kernel each: the one that is wanted, then those that will do where Debian's archive has no whole copy of it today. */
const CANDIDATES = [
	["debian:bullseye"],
	["debian:bookworm"],
	["debian:trixie"],
	["debian:sid"],
	["debian:experimental"],
	["debian:trixie@arm64", "debian:bookworm@arm64"],
	["debian:bookworm@i386", "debian:bullseye@i386"],
	["debian:trixie@armhf", "debian:sid@armhf", "debian:bookworm@armhf"],
	["debian:trixie@riscv64", "debian:sid@riscv64"],
	["debian:trixie@s390x", "debian:sid@s390x", "debian:bookworm@s390x"],
	["debian:trixie@ppc64el", "debian:sid@ppc64el", "debian:bookworm@ppc64el"],
];

/**
 * @param {readonly string[]} candidates
 * @returns {string | undefined} the first that can be fetched, or is in the cache
 */
function fetchFirst(candidates) {
	for (const name of candidates) {
		const { status, stderr } = spawnSync(
			process.execPath,
			[CLI, "kernels", "fetch", name],
			{ encoding: "utf8" },
		);
		if (status === 0) return name;
		if (status === null || status === 130)
			throw new SetupError("interrupted", 130);
		const said = stderr.trim().split("\n").at(-1) ?? "";
		// The archive's trouble leaves the kernel out; ours must not.
		if (!/cannot be fetched|has no linux-image/.test(said))
			throw new SetupError(`${name}: ${said}`);
		say(said.replace(/^crcap: /, ""));
	}
	return undefined;
}

/**
 * @param {readonly string[]} kernels
 * @param {readonly string[]} more options of the command
 * @returns {TargetResult[]} one for each, and with `--compat` more
 */
const runAll = (kernels, more) =>
	runTargets(() => [
		...kernels.map((name) => `--kernel=${name}`),
		// One kernel after the other, each on all cores: the slow ones would otherwise be alone at the end.
		"--jobs=1",
		"--report=text",
		...more,
	]);

/**
 * Runs all, and once more what was lost.
 * @param {readonly string[]} kernels
 * @param {readonly string[]} more options of the command
 * @throws SetupError where the report leaves a kernel out
 */
function tryAll(kernels, more) {
	const first = runAll(kernels, more);
	const asked = kernelsOf(kernels, first);
	const unasked = kernels.filter((name) => !asked.includes(name));
	if (unasked.length > 0)
		throw new SetupError(`the report has no word on ${unasked.join(", ")}`);
	const lost = first.filter(wasLost);
	for (const { name, incompleteReason } of lost)
		say(`${name} is run again: ${incompleteReason ?? "the guest was lost"}`);
	const again = kernelsOf(kernels, lost);
	return lastOf(first, again.length === 0 ? [] : runAll(again, more));
}

/** @typedef {{ kernels: RegExp, more: readonly string[], every?: number }} Part of what is tried, on each so many kernels one a day */

const NATIVE = /^[^@]*$/;
const OTHER = /@/;

/**
 * How CRIU is tried, in guests of its own, on the kernels whose names match. It takes a second a case on this architecture and half
 * a minute on another.
 */
const CRIU = [
	{ kernels: NATIVE, more: ["--suite=criu"] },
	{
		kernels: /@(arm64|aarch64)$/,
		more: ["--case=criu.plain.criu_ambient-cap_checkpoint_restore"],
	},
];
const MODULES = ["apparmor", "selinux", "tomoyo"];
const SELECTS = /^--(suite|subject|case|failed|with|shard)\b/;

/**
 * @param {readonly string[]} words
 * @returns {{ plan: Part[], further: Part[], more: string[] }} how the plan is tried and what comes after it, and the options of
 *   `crcap run`
 */
function readWords(words) {
	const every = /^--every=(.*)$/;
	const more = words.filter((word) => !every.test(word));
	const [value = "1"] = words.flatMap((word) => every.exec(word)?.[1] ?? []);
	const n = wholeNumber(value, 1, "--every takes 1 or more");
	const shard = `--shard=${(today() % n) + 1}/${n}`;
	const modules = turnOf(MODULES, Math.min(n, MODULES.length), today());
	return {
		further: [
			{
				kernels: NATIVE,
				more: ["--suite=lsm", `--lsm=${modules}`, "--max-skipped=100"],
			},
			...CRIU.map((part) => ({ ...part, every: n })),
		],
		plan:
			n === 1
				? [{ kernels: /^/, more: [] }]
				: [
						{ kernels: NATIVE, more: [] },
						{ kernels: OTHER, more: [shard] },
					],
		more,
	};
}

runMain(async () => {
	const { plan, further, more } = readWords(process.argv.slice(2));
	const kernels = CANDIDATES.map(fetchFirst).filter(
		(name) => name !== undefined,
	);
	const missing = CANDIDATES.length - kernels.length;
	if (kernels.length === 0)
		throw new SetupError("no kernel of the catalogue could be fetched");
	const last = [];
	const selects = more.some((word) => SELECTS.test(word));
	// Not where the user asks for some cases.
	for (const part of selects ? plan : [...plan, ...further]) {
		const matching = kernels.filter((name) => part.kernels.test(name));
		const these = turnOf(matching, part.every ?? 1, today());
		if (these.length > 0) last.push(...tryAll(these, [...part.more, ...more]));
	}
	const rows = last.map(({ target, again }) => {
		const { name, kernel, totals, durationMs } = target;
		return [
			again ? `${name} (second run)` : name,
			kernel.release,
			kernel.arch,
			String(totals.pass),
			String(totals.skip),
			String(planned(totals) - totals.pass - totals.skip),
			`${(durationMs / 1000).toFixed(0)} s`,
		];
	});
	console.log(
		table([
			[
				"kernel",
				"release",
				"architecture",
				"passed",
				"skipped",
				"else",
				"time",
			],
			...rows,
		]),
	);
	const sound = last.filter(({ target }) => isSound(target)).length;
	const failed = last.length - sound;
	console.log(`${sound} passed, ${failed} failed, ${missing} skipped`);
	return failed === 0 ? 0 : 1;
});
