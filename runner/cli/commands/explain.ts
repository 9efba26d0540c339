import { text as textOf } from "node:stream/consumers";
import type { Command } from "commander";
import { visible } from "../../../results/text/escape.js";
import { type Era, history } from "../../common/eras.js";
import { shellLine } from "../../common/shellQuote.js";
import { openSource, systemText } from "../../common/source.js";
import { print } from "../../common/stdout.js";
import type { PlannedCase, RawFacts, SuiteApi } from "../../common/suiteApi.js";
import { UsageError } from "../../common/usage.js";
import { select } from "../../request/select.js";
import { again, text } from "../../request/values.js";
import { readFactLines } from "../../targets/factLines.js";
import { localArch } from "../../targets/localTarget.js";
import type { CommandContext } from "./context.js";

const MORE = `
CASE is an id or a glob, as \`crcap list\` shows them. Without --kernel-facts the expectations of all mainline versions are shown.
FILE holds what \`crprobe --facts\` printed on a kernel.

  crcap explain set_tid.no_set_tid.uid1000-none`;

/** `crcap explain` */
export function addExplain(program: Command, context: CommandContext): void {
	program
		.command("explain")
		.description("what a case tries, as whom, what is expected and why")
		.argument("<case...>", "ids or globs", again(text))
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
					: await loadFacts(options.kernelFacts);
			const outline =
				raw === null
					? suites.outline()
					: planFor(suites, raw, options.kernelFacts);
			const chosen = select(
				outline,
				{ suite: [], subject: [], case: globs },
				() => "",
			);
			const ids = new Set(chosen.map(({ id }) => id));
			const cases = planFor(suites, raw, options.kernelFacts, ids);
			const subjects = new Map(
				suites.subjects().map(({ name, description }) => [name, description]),
			);
			const eras = raw ? undefined : history(suites, ids);
			await print(
				cases
					.map((planned) =>
						explainCase(planned, {
							subjects,
							eras: eras?.get(planned.id),
							release: raw?.reported.release,
						}),
					)
					.join("\n"),
			);
		});
}

function planFor(
	suites: SuiteApi,
	raw: RawFacts | null,
	file: string | undefined,
	wanted?: ReadonlySet<string>,
): readonly PlannedCase[] {
	try {
		return suites.plan(raw, wanted).cases;
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

async function loadFacts(path: string): Promise<RawFacts> {
	let read: string;
	try {
		read = await textOf(openSource(path));
	} catch (error) {
		const why =
			error instanceof UsageError
				? error.message
				: `${path}: ${systemText(error)}`;
		throw new UsageError(`--kernel-facts ${why}`);
	}
	const reported = readFactLines(read);
	if (reported.release === undefined) {
		throw new UsageError(
			`--kernel-facts ${path}: holds no line \`fact release=…\`: it is what \`crprobe --facts\` prints`,
		);
	}
	return { reported, arch: reported.machine ?? localArch() };
}
