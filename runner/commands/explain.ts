import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { readFactLines } from "../factLines.js";
import { localArch } from "../localTarget.js";
import type { CommandContext } from "../program.js";
import { select } from "../select.js";
import { shellLine } from "../shellQuote.js";
import { print } from "../stdout.js";
import type { PlannedCase, RawFacts, SuiteBook } from "../suitePort.js";
import { UsageError } from "../usage.js";
import { text } from "../values.js";

const MORE = `
CASE is an id or a glob, as \`crcap list\` shows them. Without --kernel-facts the expectation is that for a current kernel.
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
			const { suites } = context.deps;
			const raw =
				options.kernelFacts === undefined
					? null
					: loadFacts(options.kernelFacts);
			const cases = select(planFor(suites, raw, options.kernelFacts), {
				suite: [],
				subject: [],
				case: globs,
			});
			const described = new Map(
				suites.subjects().map(({ name, description }) => [name, description]),
			);
			await print(
				cases
					.map((planned) => explainCase(planned, described, raw?.told.release))
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

/** Everything known of one case, for people. */
export function explainCase(
	planned: PlannedCase,
	subjects: ReadonlyMap<string, string>,
	release: string | undefined,
): string {
	const { citation } = planned;
	const where = release === undefined ? "a current kernel" : `Linux ${release}`;
	const rows: [string, string | undefined][] = [
		["tries", planned.title],
		["as", subjects.get(planned.subject) ?? planned.subject],
		["expected", `${planned.expected} (on ${where})`],
		["because", planned.reason],
		["source", citation?.ref],
		["since", citation?.since],
		["note", citation?.note],
		["catches", planned.catches],
		["skipped", planned.skip],
		["by hand", shellLine(["crprobe", planned.program])],
	];
	const lines = rows.flatMap(([name, value]) =>
		value === undefined || value === ""
			? []
			: [`  ${name.padEnd(9)} ${value}\n`],
	);
	return `${planned.id}\n${lines.join("")}`;
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
