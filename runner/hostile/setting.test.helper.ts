/** What a run with a fake QEMU has around it: a plan of four cases, an image, a program in QEMU's place, limits. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { judge } from "../../suites/planning/judge.js";
import { bzImage } from "../../vm/image/samples.test.data.js";
import type { PlannedCase, SuiteApi } from "../common/suiteApi.js";
import { plannedCase } from "../execute/fakes.test.helper.js";
import type { Row } from "./rows.test.data.js";

const SUBJECT = "uid=1000 caps=none --=uid:1000,eff:none";

const CASES: PlannedCase[] = [0, 1, 2, 3].map((n) => ({
	...plannedCase(n),
	subjectProgram: SUBJECT,
	program: `${SUBJECT} try=${n}`,
	operations: ["try"],
	results: ["0"],
}));

export const SUITES: SuiteApi = {
	plan: (facts) => ({ cases: CASES, facts: { ...facts?.reported } }),
	outline: () => CASES,
	judge,
	suites: () => [],
	subjects: () => [],
};

/** A bzImage, as far as anyone but a processor looks. */
export const image = (release = "6.1.0-fake"): Buffer =>
	bzImage({ version: `${release} (x@y) #1 SMP` });

const FAKE = join(import.meta.dirname, "fakeQemu.test.helper.js");

export function qemuScript({
	help,
	wrapped,
}: Pick<Row, "help" | "wrapped"> = {}): string {
	const node = `"${process.execPath}" "${FAKE}"`;
	return `#!/bin/sh
if [ "$1" = --help ]; then
	${help ?? "echo 'QEMU emulator version 7.2 (fake)'"}
	exit
fi
${wrapped ? `${node}; true` : `exec ${node}`}
`;
}

/** Times that nothing comes near on a busy machine, but for rows that wait for their end. */
export function limitsFor({ hurry }: Pick<Row, "hurry"> = {}) {
	return {
		bootTimeoutMs: hurry === "boot" ? 2500 : 40_000,
		bootSilenceMs: hurry === "boot" ? 1500 : 20_000,
		slackMs: hurry === "case" ? 500 : 20_000,
		maxBoots: 1,
	};
}

/** Processes with this word in their environment. */
export function processesOf(entry: string): string[] {
	return readdirSync("/proc").flatMap((pid) => {
		if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
		try {
			const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
			if (!environment.split("\0").includes(entry)) return [];
			return [readFileSync(`/proc/${pid}/cmdline`, "latin1")];
		} catch {
			return [];
		}
	});
}
