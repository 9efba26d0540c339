/** What is measured of a guest itself, without the command. Needs the build. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError, TOP } from "../lib/run.mjs";

/** @typedef {typeof import("../../vm/index.js")} Vm */
/** @typedef {import("../../vm/index.js").Guest} Guest */
/** @typedef {import("../../results/model/model.js").TargetResult} TargetResult */

/** Fork, exit and wait, so often, before and after the cases. */
const FORKS = 300;

/**
 * @param {Vm} vm
 * @param {TargetResult} target
 * @returns {Promise<Guest>} a guest of the same kernel with the initramfs that every run has, ready
 */
async function boot(vm, { kernel, accel }) {
	const machine = vm.machineFor(kernel.arch);
	if (machine === undefined || accel === "none")
		throw new SetupError(`no guest can be made of ${kernel.path}`);
	return vm.bootGuest({
		kernel: kernel.path,
		machine,
		agent: join(TOP, "dist/agent", `crprobe-${kernel.arch}`),
		accel,
		catalogue: await requestCatalogue(),
	});
}

/**
 * A boot to power-off in which the agent is asked for nothing.
 * @param {Vm} vm
 * @param {TargetResult} target
 * @returns {Promise<number>} milliseconds
 */
export async function bareBoot(vm, target) {
	// Made once, and not of the boot's time.
	await requestCatalogue();
	const start = performance.now();
	const guest = await boot(vm, target);
	const end = await guest.quit();
	if (end.kind !== "bye")
		throw new SetupError(`the bare boot ended with ${end.kind}`);
	return performance.now() - start;
}

/**
 * The guest's own fork rate, the rate of cases that do nothing but read themselves back, the rate of all cases streamed to the
 * same guest, and how many processes one of those makes.
 * @param {Vm} vm
 * @param {TargetResult} target
 * @param {RequestMaker} requests
 * @returns {Promise<{ forks: number, empty: number, cases: number, perCase: number }>} per second, but for the last
 */
export async function rates(vm, target, requests) {
	const lines = [...requests(target)];
	const guest = await boot(vm, target);
	try {
		const nothing = Array.from(
			{ length: FORKS },
			(_, n) => `case ${n} 10000 ${EMPTY} =${EMPTY}`,
		);
		// The first round is not measured: it fills the guest's caches.
		await rateOf(guest, nothing);
		const empty = await rateOf(guest, nothing);
		const before = await forkRate(guest);
		const cases = lines.filter((line) => line.startsWith("case ")).length;
		const rate = await rateOf(guest, lines);
		const after = await forkRate(guest);
		await guest.quit();
		return {
			forks: (before.rate + after.rate) / 2,
			empty,
			cases: rate,
			perCase: (after.processes - before.processes - FORKS) / cases,
		};
	} finally {
		guest.kill();
		await guest.end;
	}
}

/**
 * @param {Guest} guest
 * @param {readonly string[]} lines
 * @returns {Promise<number>} their cases per second
 */
async function rateOf(guest, lines) {
	let cases = 0;
	const start = performance.now();
	await guest.exchange(lines, () => {
		cases++;
	});
	return (cases * 1000) / (performance.now() - start);
}

/**
 * @param {Guest} guest
 * @returns {Promise<{ rate: number, processes: number }>} fork, exit and wait per second; the processes made before
 */
async function forkRate(guest) {
	let rate = Number.NaN;
	let processes = 0;
	await guest.exchange([`rate ${FORKS}`], (payload) => {
		const [, count, us, made] = /^rate (\d+) (\d+) (\d+)$/.exec(payload) ?? [];
		rate = (Number(count) * 1e6) / Number(us);
		processes = Number(made);
	});
	if (!(rate > 0)) throw new SetupError("the guest told no fork rate");
	return { rate, processes };
}

/**
 * @template T
 * @param {() => Promise<T>} make
 * @returns {() => Promise<T>} makes it at the first call, and gives the same from then on
 */
function once(make) {
	/** @type {Promise<T> | undefined} */
	let made;
	return () => {
		made ??= make();
		return made;
	};
}

/** The names of a case that does nothing: no other has the last numbers. */
const EMPTY = 2047;

/** The requests that travel with every guest, and one more: a case that only reads itself back. */
const requestCatalogue = once(async () => {
	/** @type {Vm} */
	const { RequestCatalogue } = await import(join(TOP, "dist/vm/index.js"));
	const text = readFileSync(join(TOP, "dist/agent/requests"), "utf8");
	return new RequestCatalogue(
		`${text}subject ${EMPTY} caps=all\nprogram ${EMPTY} --\ncase ${EMPTY} ${EMPTY}\n`,
	);
});

/** @typedef {(target: TargetResult) => Iterable<string>} RequestMaker */

/** @returns {Promise<RequestMaker>} which makes the requests of a run for those cases that ran in another */
export async function requestMaker() {
	/** @type {typeof import("../../runner/targets/qemuSession.js")} */
	const { requestLines } = await import(
		join(TOP, "dist/runner/targets/qemuSession.js")
	);
	/** @type {typeof import("../../runner/execute/caseRequest.js")} */
	const { requestFor } = await import(
		join(TOP, "dist/runner/execute/caseRequest.js")
	);
	/** @type {typeof import("../../suites/index.js")} */
	const { FACTS_OF_ANY, plan } = await import(
		join(TOP, "dist/suites/index.js")
	);
	const catalogue = await requestCatalogue();
	return ({ cases }) => {
		const ran = new Set(
			cases.filter(({ verdict }) => verdict !== "skip").map(({ id }) => id),
		);
		const requests = plan(FACTS_OF_ANY)
			.filter(({ id }) => ran.has(id))
			.map((row, n) => requestFor(row, n));
		return requestLines(requests, { catalogue });
	};
}

/** @returns {Promise<number>} how many cases a run has that asks for nothing in particular, on a kernel that has all */
export async function plannedToday() {
	/** @type {typeof import("../../suites/index.js")} */
	const { outline } = await import(join(TOP, "dist/suites/index.js"));
	/** @type {typeof import("../../runner/request/extras.js")} */
	const { asked } = await import(join(TOP, "dist/runner/request/extras.js"));
	/** @type {typeof import("../../runner/request/select.js")} */
	const { EVERYTHING } = await import(
		join(TOP, "dist/runner/request/select.js")
	);
	return asked(outline(), { selection: EVERYTHING, extras: [] }).length;
}
