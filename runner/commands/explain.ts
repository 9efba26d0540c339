import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { visible } from "../../results/escape.js";
import { readFactLines } from "../factLines.js";
import { type Era, history } from "../history.js";
import { localArch } from "../localTarget.js";
import type { CommandContext } from "../program.js";
import { select } from "../select.js";
import { shellLine } from "../shellQuote.js";
import { print } from "../stdout.js";
import type { PlannedCase, RawFacts, SuiteBook } from "../suitePort.js";
import { UsageError } from "../usage.js";
import { text } from "../values.js";

const MORE = `
CASE is an id or a glob, as \`crcap list\` shows them. Without --kernel-facts the expectations of all mainline versions are shown.
FILE holds what \`crprobe --facts\` printed on a kernel.

  crcap explain set_tid.no_set_tid.uid1000-none`;

/** `crcap explain` */
export function addExplain(program: Command, context: CommandContext): void {
	program
		.command("explain")
		.description("what a case tries, as whom, what is expected and why")
		.argument("<case...>", "ids or globs")
		.option(
			"--kernel-facts <file>",
			"expectations for the kernel with these facts",
			text,
		)
		.addHelpText("after", MORE)
		.action(async (globs: string[], options: { kernelFacts?: string }) => {
			const suites = await context.deps.suites();
			const raw =
				options.kernelFacts === undefined
					? null
					: loadFacts(options.kernelFacts);
			const cases = select(planFor(suites, raw, options.kernelFacts), {
				suite: [],
				subject: [],
				case: globs,
			});
			const subjects = new Map(
				suites.subjects().map(({ name, description }) => [name, description]),
			);
			const eras = raw
				? undefined
				: history(suites, new Set(cases.map((c) => c.id)));
			await print(
				cases
					.map((planned) =>
						explainCase(planned, {
							subjects,
							eras: eras?.get(planned.id),
							release: raw?.told.release,
						}),
					)
					.join("\n"),
			);
		});
}

function planFor(
	suites: SuiteBook,
	raw: RawFacts | null,
	file: string | undefined,
): readonly PlannedCase[] {
	try {
		return suites.plan(raw).cases;
	} catch (error) {
		throw new UsageError(`--kernel-facts ${file}: ${(error as Error).message}`);
	}
}

/** What an explanation draws on beside the case itself. */
export interface Background {
	/** Descriptions of subjects by name. */
	readonly subjects: ReadonlyMap<string, string>;
	/** What each version expects; absent where the case is of one kernel, whose release is known. */
	readonly eras: readonly Era[] | undefined;
	readonly release: string | undefined;
}

type Row = readonly [label: string, value: string | undefined];

/** Everything known of one case, for people. */
export function explainCase(
	planned: PlannedCase,
	{ subjects, eras, release }: Background,
): string {
	const { citation } = planned;
	const expectations: readonly Row[] = eras?.map(eraRow) ?? [
		["expected", `${planned.expected} (on Linux ${release})`],
		["because", planned.reason],
	];
	const rows: readonly Row[] = [
		["tries", planned.title],
		["as", subjects.get(planned.subject) ?? planned.subject],
		...expectations,
		["source", citation?.ref],
		["since", citation?.since],
		["note", citation?.note],
		["catches", planned.catches],
		...planned.manual.map((note): Row => ["manual", note]),
		["skipped", release === undefined ? undefined : planned.skip],
		["by hand", shellLine(["crprobe", planned.program])],
	];
	const lines = rows.flatMap(([label, value]) =>
		value === undefined || value === ""
			? []
			: [`  ${label.padEnd(9)} ${visible(value)}\n`],
	);
	return `${planned.id}\n${lines.join("")}`;
}

function eraRow({ from, to, expected, reason }: Era): Row {
	const when =
		to === undefined ? `${from} on` : to === from ? from : `${from} to ${to}`;
	return ["expected", `${when}: ${expected}: ${reason}`];
}

function loadFacts(path: string): RawFacts {
	let read: string;
	try {
		read = readFileSync(path === "-" ? 0 : path, "utf8");
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		throw new UsageError(`--kernel-facts ${path}: can't be read (${code})`);
	}
	const told = readFactLines(read);
	if (told.release === undefined) {
		throw new UsageError(
			`--kernel-facts ${path}: holds no line \`fact release=…\`: it is what \`crprobe --facts\` prints`,
		);
	}
	return { told, arch: told.machine ?? localArch() };
}
