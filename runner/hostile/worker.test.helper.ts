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
import { realDeps } from "../cli/deps.js";
import { main } from "../cli/program.js";
import { prepare } from "../prepare/prepare.js";
import { ROWS, type Row } from "./rows.test.data.js";
import {
	image,
	limitsFor,
	processesOf,
	qemuScript,
	SUITES,
} from "./setting.test.helper.js";

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
	// Nothing of tap is in this process; and a guest's state comes through a Unix socket in TMPDIR, whose path has at most 108 bytes.
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
