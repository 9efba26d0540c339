/**
 * Runs rows of the table as its parent names them, one after the other, each as a whole command line with every report
 * format, and tells what came of it.
 */
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FORMATS } from "../../results/model/formats.js";
import { judge } from "../../suites/planning/judge.js";
import { realDeps } from "../cli/deps.js";
import { main } from "../cli/program.js";
import type { PlannedCase, SuiteApi } from "../common/suiteApi.js";
import { plannedCase } from "../execute/fakes.test.helper.js";
import { prepare } from "../targets/prepare.js";
import { ROWS, type Row } from "./rows.test.data.js";

export interface Outcome {
	readonly key: string;
	readonly status: number;
	readonly stderr: string;
	/** What each report holds, by format. */
	readonly reports: Readonly<Record<string, string>>;
	/** Processes that are still there, by their command lines. */
	readonly processes: readonly string[];
	/** Files and folders that are still there. */
	readonly files: readonly string[];
	readonly seconds: number;
	/** The most memory that this process has had, MiB. */
	readonly peakMiB: number;
}

/** As they were before the first row. */
const TOP = tmpdir();
const { PATH } = process.env;

const SUBJECT = "uid=1000 caps=none --=uid:1000,eff:none";

const CASES: PlannedCase[] = [0, 1, 2, 3].map((n) => ({
	...plannedCase(n),
	subjectProgram: SUBJECT,
	program: `${SUBJECT} try=${n}`,
	operations: ["try"],
	results: ["0"],
}));

const SUITES: SuiteApi = {
	plan: (facts) => ({ cases: CASES, facts: { ...facts?.reported } }),
	outline: () => CASES,
	judge,
	suites: () => [],
	subjects: () => [],
};

/** A bzImage, as far as anyone but a processor looks. */
function image(): Buffer {
	const image = Buffer.alloc(4 * 512 + 512 * 16);
	image[0x1f1] = 3;
	image.writeUInt32LE(512, 0x1f4);
	image.writeUInt16LE(0xaa55, 0x1fe);
	image.write("HdrS", 0x202);
	image.writeUInt16LE(0x20f, 0x206);
	image.writeUInt16LE(0x400, 0x20e);
	image.writeUInt16LE(1, 0x236);
	image.write("6.1.0-fake (x@y) #1 SMP", 0x600);
	return image;
}

const FAKE = join(import.meta.dirname, "fakeQemu.test.helper.js");

function qemuScript({ help, wrapped }: Row): string {
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
function limitsFor({ hurry }: Row) {
	return {
		bootTimeoutMs: hurry === "boot" ? 2500 : 40_000,
		bootSilenceMs: hurry === "boot" ? 1500 : 20_000,
		slackMs: hurry === "case" ? 500 : 20_000,
		maxBoots: 1,
	};
}

/** Processes with this word in their environment. */
function processesOf(entry: string): string[] {
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

/** Takes what is written to standard error while `during` runs. */
async function withStderr<T>(during: () => Promise<T>): Promise<[T, string]> {
	const { write } = process.stderr;
	let taken = "";
	process.stderr.write = ((chunk: string | Uint8Array) => {
		taken += String(chunk);
		return true;
	}) as typeof process.stderr.write;
	try {
		return [await during(), taken];
	} finally {
		process.stderr.write = write;
	}
}

async function runRow(row: Row): Promise<Outcome> {
	const folder = mkdtempSync(join(TOP, "crcap-test-"));
	const at = (name: string) => join(folder, name);
	for (const name of ["bin", "tmp"]) mkdirSync(at(name));
	const path = at("bin/qemu-system-x86_64");
	writeFileSync(path, qemuScript(row), { mode: 0o755 });
	writeFileSync(at("bzImage"), image());
	const entry = `CRCAP_TEST_FOLDER=${folder}`;
	Object.assign(process.env, {
		PATH: `${at("bin")}${delimiter}${PATH}`,
		TMPDIR: at("tmp"),
		XDG_CACHE_HOME: at("cache"),
		CRCAP_TEST_ROW: row.key,
		CRCAP_TEST_FOLDER: folder,
	});
	const reports = FORMATS.map(({ name }) => name);
	const argv = [
		...["run", "--kernel", at("bzImage"), "--accel", "tcg", "--guests", "1"],
		...["--max-crashes", "0"],
		...(row.args?.includes("--case-timeout") ? [] : ["--case-timeout", "1"]),
		...reports.flatMap((name) => ["--report", `${name}=${at(name)}`]),
		...(row.args ?? []),
	];
	const started = performance.now();
	let over = false;
	try {
		if (row.signal !== undefined) {
			const { signal } = row;
			void (async () => {
				while (!existsSync(at("now")) && !over) await sleep(20);
				if (!over) process.kill(process.pid, signal);
			})();
		}
		const [status, stderr] = await withStderr(() =>
			main(argv, {
				...realDeps,
				prepare: (spec, request, context) =>
					prepare(spec, request, {
						...context,
						limits: limitsFor(row),
					}),
				suites: async () => SUITES,
			}),
		);
		const seconds = (performance.now() - started) / 1000;
		const written = reports.filter((name) => existsSync(at(name)));
		return {
			key: row.key,
			status,
			stderr,
			reports: Object.fromEntries(
				written.map((name) => [name, readFileSync(at(name), "utf8")]),
			),
			processes: processesOf(entry),
			files: [
				...readdirSync(at("tmp")),
				...readdirSync(folder).filter((name) => name.includes("tmp-")),
			],
			seconds,
			peakMiB: process.resourceUsage().maxRSS / 1024,
		};
	} finally {
		over = true;
		rmSync(folder, { recursive: true, force: true });
	}
}

process.on("message", (key: string) => {
	const row = ROWS.find((one) => one.key === key);
	if (row === undefined) throw new Error(`there is no row ${key}`);
	void runRow(row).then((outcome) => process.send?.(outcome));
});
