/** `--dry-run`: what a run would do. Nothing is booted, nothing is judged, and no report is written. */
import { counted } from "../../results/model/counts.js";
import { EXIT } from "../common/exitStatus.js";
import { listenForStop } from "../common/interrupt.js";
import { print } from "../common/stdout.js";
import { checkReports } from "../reports/reports.js";
import type { RunRequest } from "../request/runRequest.js";
import type { Target } from "../targets/target.js";
import type { RunDeps } from "./run.js";
import { chooser, extrasIn, findWanted, tellNothing } from "./wanted.js";

/** The first and the last line: whatever is cut off, it can't be taken for a result. */
const NO_RESULT =
	"DRY RUN: nothing was booted and no case was tried. This is a plan, not a result.";

/**
 * Prints the plan and how each kernel would be booted. A kernel that is asked for by name and is not here yet is fetched.
 * @throws UsageError as the run itself would
 */
export async function dryRun(
	request: RunRequest,
	deps: RunDeps,
): Promise<number> {
	checkReports(request.reports);
	const wanted = await findWanted(request, deps);
	if (tellNothing(wanted)) return EXIT.incomplete;
	const stop = listenForStop(EXIT.interrupted, request.timeout);
	try {
		const progress = deps.watch(request);
		const say = (line: string): void => progress.say(line);
		for (const note of wanted?.notes ?? []) say(note);
		const extras = await extrasIn(request, deps, wanted);
		const context = { signal: stop.signal, say, extras };
		const targets: Target[] = [];
		for (const spec of request.targets)
			targets.push(...(await deps.prepare(spec, request, context)));
		const { cases } = (await deps.suites()).plan(null);
		const chosen = chooser(request, wanted?.ids)(cases).cases;
		const lines = [
			NO_RESULT,
			"",
			...(await targetLines(targets, request)),
			...planLines(chosen, request),
			"",
			NO_RESULT,
		];
		await print(`${lines.join("\n")}\n`);
		return stop.interrupted() ? EXIT.interrupted : EXIT.ok;
	} finally {
		stop.dispose();
	}
}

async function targetLines(
	targets: readonly Target[],
	{ accel, reports }: RunRequest,
): Promise<string[]> {
	const lines = [];
	for (const target of targets) {
		const { name, kernel, bootLine } = target;
		lines.push(`would run on ${name}: Linux ${kernel.release}, ${kernel.arch}`);
		if (bootLine !== undefined)
			lines.push(
				`  ${await bootLine()}`,
				...(accel === "auto"
					? ["  with KVM instead of TCG, where a guest comes up with it"]
					: []),
			);
	}
	for (const { format, file = "standard output" } of reports)
		lines.push(`would write ${format} to ${file}`);
	return [...lines, ""];
}

function planLines(
	cases: readonly { readonly id: string; readonly suite: string }[],
	{ repeat = 1 }: RunRequest,
): string[] {
	const suites = new Map<string, number>();
	for (const { suite } of cases)
		suites.set(suite, (suites.get(suite) ?? 0) + 1);
	const times = repeat === 1 ? "" : `, each ${repeat} times`;
	return [
		`would try ${counted(cases.length, "case")}${times}; a kernel that lacks what a case needs skips it`,
		...[...suites].map(([suite, count]) => `  ${suite} ${count}`),
		"",
		...cases.map(({ id }) => `would try ${id}`),
	];
}
