import type { Command } from "commander";
import { type Era, history } from "../../common/eras.js";
import { print } from "../../common/stdout.js";
import type { SuiteApi } from "../../common/suiteApi.js";
import { select } from "../../request/select.js";
import type { CommandContext } from "./context.js";

/** The version from which on kernels are told apart: before it the capability was not there. */
const FIRST = "5.9";

/** `crcap history` */
export function addHistory(program: Command, context: CommandContext): void {
	program
		.command("history")
		.description("what kernels since 5.9 answer differently, as a table")
		.option("--case <glob...>", "only these cases")
		.action(async (options: { case?: string[] }) => {
			await print(
				historyTable(await context.deps.suites(), options.case ?? []),
			);
		});
}

interface Change {
	readonly version: string;
	readonly ref: string;
	/** The first case that shows it. */
	readonly id: string;
	readonly before: string;
	readonly after: string;
	cases: number;
}

/** One line for each change in a kernel version, with how many cases see it and the first of them. */
export function historyTable(
	suites: SuiteApi,
	globs: readonly string[],
): string {
	const all = suites.plan(null).cases;
	const cases = select(all, { suite: [], subject: [], case: globs });
	const eras = history(suites, new Set(cases.map(({ id }) => id)), FIRST);
	const changes = new Map<string, Change>();
	for (const { id } of cases) {
		const known = (eras.get(id) ?? []).filter(
			(era, i, list) => era.expected !== list[i - 1]?.expected,
		);
		for (const [i, era] of known.entries()) {
			const previous = known[i - 1];
			if (previous !== undefined) note(changes, id, previous, era);
		}
	}
	const sorted = [...changes.values()].sort(byVersion);
	return [
		"| since | cases | first of them | before | since then | source |",
		"|---|---|---|---|---|---|",
		...sorted.map(
			({ version, cases: count, id, before, after, ref }) =>
				`| ${version} | ${count} | \`${id}\` | ${before} | ${after} | ${ref} |`,
		),
		"",
	].join("\n");
}

function note(
	changes: Map<string, Change>,
	id: string,
	before: Era,
	after: Era,
): void {
	const suite = id.split(".")[0] ?? "";
	const ref = after.ref ?? "";
	const key = [after.from, suite, ref].join(" ");
	const change = changes.get(key) ?? {
		version: after.from,
		ref,
		id,
		before: before.expected,
		after: after.expected,
		cases: 0,
	};
	change.cases++;
	changes.set(key, change);
}

function byVersion(a: Change, b: Change): number {
	const [major = 0, minor = 0] = a.version.split(".").map(Number);
	const [otherMajor = 0, otherMinor = 0] = b.version.split(".").map(Number);
	return major - otherMajor || minor - otherMinor;
}
