/** What the tests of this room share: rendering, golden files, other people's programs. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Test } from "tap";
import { SnapshotFiles } from "../../testing/snapshotFiles.test.helper.js";
import { noTotals } from "../model/counts.js";
import type { Format } from "../model/formats.js";
import type { Report, Totals } from "../model/model.js";
import { writeReport } from "../reading/replay.js";
import { createWriter, type WriterOptions } from "../writers.js";
import { cleanReport, sampleReport } from "./sample.test.data.js";

/** The checkout: the nearest directory upwards that holds package.json. */
export const ROOT = (() => {
	let dir = dirname(fileURLToPath(import.meta.url));
	while (!existsSync(join(dir, "package.json"))) dir = dirname(dir);
	return dir;
})();

/** A stream that keeps what it gets. */
export class Memory extends Writable {
	text = "";
	override _write(chunk: Buffer, _: string, done: () => void): void {
		this.text += chunk.toString();
		done();
	}
}

/** A report in a format. */
export async function render(
	format: Format,
	report: Report,
	options: WriterOptions = {},
): Promise<string> {
	const out = new Memory({ decodeStrings: true });
	await writeReport(report, createWriter(format, out, { env: {}, ...options }));
	return out.text;
}

/** What a report holds, counted. */
export function totalsOf(report: Report): Totals {
	const sum = noTotals();
	for (const { cases } of report.targets)
		for (const one of cases) sum[one.verdict] += 1;
	return sum;
}

/**
 * The options of a test that gives texts to `t.matchSnapshot(text, "results/golden/NAME")`, for it alone: tap writes into them. Runs of
 * one letter are shortened, the 1 MiB line with them.
 */
export const golden = () => ({
	snapshotProvider: SnapshotFiles,
	cleanSnapshot: (text: string) =>
		text.replace(/x{500,}/g, (run) => `{${run.length} times x}`),
});

/** Compares the sample and the clean report in a format with their golden files; `golden()` are the test's options. */
export async function matchGoldens(
	t: Test,
	format: Format,
	ending: string = format,
): Promise<void> {
	for (const [name, report] of [
		["sample", sampleReport()],
		["clean", cleanReport()],
	] as const)
		t.matchSnapshot(
			await render(format, report),
			`results/golden/${name}.${ending}`,
		);
}

/** Runs a program on an input and gives what it said. */
export function consume(
	command: string,
	args: string[],
	input: string,
	env: Record<string, string> = {},
): { status: number | null; stdout: string; stderr: string } {
	const done = spawnSync(command, args, {
		input,
		encoding: "utf8",
		maxBuffer: 256 * 1024 * 1024,
		env: { ...process.env, ...env },
	});
	if (done.error !== undefined) throw done.error;
	return { status: done.status, stdout: done.stdout, stderr: done.stderr };
}

/** The reason to skip when a program is not installed, else false; never silent. */
export function missing(command: string, hint: string): string | false {
	const found = (process.env.PATH ?? "")
		.split(":")
		.some((dir) => existsSync(join(dir, command)));
	return found ? false : `${command} is not installed: ${hint}`;
}

/** A JSON report's text as it is read: without what its writer made of the rest. */
export function asRead(text: string): unknown {
	const { targets, ...head } = JSON.parse(text);
	return {
		...head,
		targets: targets.map(
			({ summary: _, ...target }: { summary: string }) => target,
		),
	};
}
