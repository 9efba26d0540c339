/** `npm run fuzz`: every parser, so many runs in all, on every processor; then the helper's own in C. */
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { fuzzNative } from "./native.js";
import { TARGETS } from "./targets.js";

const USAGE = `usage: npm run fuzz [-- OPTIONS] [TARGET…]

  --runs N   inputs in all (default: 1000000); most of them are for the helper's, which are quicker
  --seed N   begin with this seed (default: by the clock)
  --help     this text
  TARGET     only parsers whose name holds this text
`;

/** Inputs at a time, of one parser and one seed: a failure is found again with as many. */
const STRETCH = 5000;

/** What part of all inputs the parsers in C get. */
const NATIVE_SHARE = 0.6;

interface Task {
	readonly name: string;
	readonly runs: number;
	readonly seed: number;
}

/** What is to be done, a stretch at a time, the parsers in turn. */
function* tasksFor(
	names: ReadonlySet<string>,
	runs: number,
	seed: number,
): Generator<Task> {
	const chosen = TARGETS.filter(({ name }) => names.has(name));
	const weights = chosen.reduce((sum, { weight }) => sum + weight, 0);
	const left = chosen.map(({ name, weight }) => ({
		name,
		runs: Math.ceil((runs * weight) / weights),
	}));
	for (let round = 0; left.some((one) => one.runs > 0); round++)
		for (const one of left) {
			const now = Math.min(STRETCH, one.runs);
			if (now <= 0) continue;
			one.runs -= now;
			yield { name: one.name, runs: now, seed: (seed + round) | 0 };
		}
}

/** One process that takes tasks until there are none. Returns what failed. */
async function work(
	tasks: Iterator<Task>,
	done: (task: Task) => void,
): Promise<string[]> {
	const failures: string[] = [];
	const child = fork(new URL("worker.js", import.meta.url));
	const ended = new Promise<never>((_, reject) =>
		child.on("exit", (status, signal) =>
			reject(new Error(`the worker ended: ${status ?? signal}`)),
		),
	);
	ended.catch(() => {});
	// A worker that ended between two tasks is told by `ended`.
	child.on("error", () => {});
	for (let next = tasks.next(); !next.done; next = tasks.next()) {
		const task = next.value;
		const answer = new Promise<string>((resolve) =>
			child.once("message", (text) => resolve(String(text))),
		);
		child.send(task);
		const failure = await Promise.race([answer, ended]).catch(
			(error: Error) => error.message,
		);
		done(task);
		if (failure !== "")
			failures.push(
				`${task.name} (seed ${task.seed}, ${task.runs} runs): ${failure}`,
			);
		if (!child.connected) break;
	}
	if (child.connected) child.disconnect();
	return failures;
}

function tell(name: string, count: number, passed: boolean): void {
	console.log(`${passed ? "ok" : "not ok"} - ${name}: ${count} inputs`);
}

async function main(argv: readonly string[]): Promise<number> {
	const { values, positionals } = parseArgs({
		args: [...argv],
		allowPositionals: true,
		options: {
			runs: { type: "string", default: "1000000" },
			seed: { type: "string", default: String(Date.now() % 1_000_000_000) },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) {
		console.log(USAGE);
		return 0;
	}
	const [runs, seed] = [Number(values.runs), Number(values.seed)];
	if (!(Number.isSafeInteger(runs) && runs > 0 && Number.isSafeInteger(seed))) {
		console.error(
			`fuzz: --runs and --seed are whole numbers; see npm run fuzz -- --help`,
		);
		return 2;
	}
	const wanted = (name: string) =>
		positionals.length === 0 || positionals.some((text) => name.includes(text));
	const names = new Set(TARGETS.map(({ name }) => name).filter(wanted));
	const counts = new Map<string, number>();
	const failures: string[] = [];
	// Who has waited long enough gets the figures so far.
	const stop = new AbortController();
	// Not once(): execa takes a signal that nobody listens to any more for the end of this process.
	for (const name of ["SIGINT", "SIGTERM"] as const)
		process.on(name, () => stop.abort());
	// Both kinds at once: an interrupt then has figures of both.
	const native = fuzzNative({
		...{ runs: Math.ceil(runs * NATIVE_SHARE), seed, wanted },
		signal: stop.signal,
	});
	const own = new Map<string, number>();
	const tasks = tasksFor(names, Math.ceil(runs * (1 - NATIVE_SHARE)), seed);
	if (stop.signal.aborted) tasks.return(undefined);
	stop.signal.addEventListener("abort", () => tasks.return(undefined));
	const done = ({ name, runs }: Task) =>
		own.set(name, (own.get(name) ?? 0) + runs);
	const workers = Array.from(
		{ length: names.size > 0 ? availableParallelism() : 0 },
		() => work(tasks, done),
	);
	const [outcomes, failed] = await Promise.all([native, Promise.all(workers)]);
	for (const { name, count, failure } of outcomes) {
		tell(name, count, failure === "");
		counts.set(name, count);
		if (failure !== "") failures.push(`${name}: ${failure}`);
	}
	failures.push(...failed.flat());
	for (const [name, count] of own) {
		tell(name, count, !failures.some((one) => one.startsWith(`${name} (`)));
		counts.set(name, count);
	}
	for (const failure of failures) console.log(`\n${failure}`);
	const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
	console.log(
		`${total} inputs for ${counts.size} parsers, seed ${seed}: ${failures.length} failures`,
	);
	return failures.length > 0 || total === 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
