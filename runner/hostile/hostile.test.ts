/** Every row of the table comes to what it says: exit status, verdicts, words; nothing stays behind, nothing is injected. */
import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { t, test } from "tap";
import { Report } from "../../results/model/model.js";
import { reliabilityTable } from "./document.test.helper.js";
import { GUESTS } from "./guests.test.helper.js";
import { ROWS, type Row } from "./rows.test.data.js";
import type { Outcome } from "./worker.test.helper.js";

const WORKER = join(import.meta.dirname, "worker.test.helper.js");
/** No row takes longer, by far: the longest silence that is waited for is eleven seconds. */
const MOST_SECONDS = 60;
const MOST_MIB = 300;

/** A process that runs rows, one at a time. */
class Worker {
	readonly #child: ChildProcess;
	#settle:
		| { resolve(one: Outcome): void; reject(why: Error): void }
		| undefined;

	constructor() {
		this.#child = fork(WORKER, {
			stdio: ["ignore", "inherit", "inherit", "ipc"],
			// Without the hooks of the test runner, which take memory and time.
			execArgv: [],
		});
		this.#child.on("message", (one) => this.#settle?.resolve(one as Outcome));
		this.#child.on("exit", (status, signal) =>
			this.#settle?.reject(new Error(`the worker ended: ${status ?? signal}`)),
		);
	}

	ask(key: string): Promise<Outcome> {
		return new Promise((resolve, reject) => {
			this.#settle = { resolve, reject };
			this.#child.send(key);
		});
	}

	async end(): Promise<void> {
		const gone = once(this.#child, "exit");
		this.#settle = undefined;
		this.#child.kill();
		await gone;
	}
}

/** What is told of QEMU's help is remembered for the whole process: such rows get one of their own. */
async function serve(queue: Row[]): Promise<void> {
	let worker = new Worker();
	let fresh = true;
	for (let row = queue.shift(); row !== undefined; row = queue.shift()) {
		if (row.help !== undefined && !fresh) {
			await worker.end();
			worker = new Worker();
		}
		outcomes.set(row.key, await worker.ask(row.key));
		fresh = row.help !== undefined;
		if (fresh) {
			await worker.end();
			worker = new Worker();
		}
	}
	await worker.end();
}

const outcomes = new Map<string, Outcome>();
t.before(async () => {
	// What takes longest goes first.
	const last = ROWS.filter(({ hurry }) => hurry === undefined);
	const first = ROWS.filter(({ hurry }) => hurry !== undefined);
	const queue = [
		...first.sort((a) => (a.key === "no-goodbye" ? -1 : 1)),
		...last,
	];
	await Promise.all([serve(queue), serve(queue)]);
});

/** What may stand in no report: bytes that a terminal or a parser obeys, and a guest's lines as lines of the report's own. */
const INJECTED: readonly RegExp[] = [
	// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the bytes that must not be there
	/.{0,40}[\x00-\x08\x0b-\x1f\x7f-\x9f]/,
	/<script>alert/,
];
const INJECTED_TAP = /^(not )?ok .*- forged|^Bail out! forged|^ok 1$/m;

function nothingInjected(
	{ reports }: Outcome,
	target: { complete: boolean },
): void {
	for (const [format, text] of Object.entries(reports))
		for (const pattern of /tap/.test(format)
			? [...INJECTED, INJECTED_TAP]
			: INJECTED)
			assert.equal(pattern.exec(text)?.[0], undefined, format);
	const tap = reports.tap13 ?? "";
	const lines = tap.match(/^(not )?ok \d+/gm) ?? [];
	const planned = Number(/^1\.\.(\d+)/m.exec(tap)?.[1]);
	// A run that is incomplete is told as one line more where no case tells it.
	assert.ok(planned === 4 || (planned === 5 && !target.complete));
	assert.equal(lines.length, planned);
	assert.equal(tap.match(/^1\.\./gm)?.length, 1);
	const { junit = "" } = reports;
	assert.equal(
		junit.match(/<testcase /g)?.length,
		Number(/ tests="(\d+)"/.exec(junit)?.[1]),
	);
}

for (const row of ROWS)
	test(`${row.key}: ${row.does}`, async () => {
		const outcome = outcomes.get(row.key);
		assert.ok(outcome);
		assert.equal(outcome.status, row.status, outcome.stderr);
		assert.ok(outcome.seconds < MOST_SECONDS, `${outcome.seconds} s`);
		assert.ok(outcome.peakMiB < MOST_MIB, `${outcome.peakMiB} MiB`);
		assert.deepEqual(outcome.processes, []);
		assert.deepEqual(outcome.files, []);
		if (row.verdicts === "") {
			assert.match(outcome.stderr, row.says ?? /./);
			assert.deepEqual(outcome.reports, {});
			return;
		}
		const report = Report.parse(JSON.parse(outcome.reports.json ?? ""));
		const [target] = report.targets;
		assert.ok(target);
		const verdicts = target.cases.map(({ verdict }) => verdict[0]).join("");
		const why = [target.incompleteReason, ...target.notes].join("\n");
		assert.match(verdicts, new RegExp(`^${row.verdicts}$`), why);
		if (row.status === 0) assert.equal(target.complete, true);
		if (row.says) {
			const words = [
				target.incompleteReason,
				...target.notes,
				...target.cases.flatMap((one) => [one.reason, ...(one.console ?? [])]),
			];
			assert.match(words.join("\n"), row.says);
		}
		nothingInjected(outcome, target);
	});

test("every guest has its row, and only honest ones have no behaviour of their own", async () => {
	const keys = ROWS.map(({ key }) => key);
	assert.equal(new Set(keys).size, keys.length);
	assert.ok(keys.length >= 40, `${keys.length}`);
	for (const key of Object.keys(GUESTS)) assert.ok(keys.includes(key), key);
	for (const { key, help } of ROWS)
		assert.ok(key in GUESTS || key === "honest" || help !== undefined, key);
});

test("docs/reliability.md has the table", async () => {
	const path = join(import.meta.dirname, "../../../docs/reliability.md");
	assert.ok(
		readFileSync(path, "utf8").includes(reliabilityTable()),
		"run `node dist/runner/hostile/printTable.test.helper.js` and paste",
	);
});
