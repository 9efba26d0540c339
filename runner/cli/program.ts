/** The command line as a whole: every command, how errors are told, and their exit statuses. */
import { Command, CommanderError } from "commander";
import { bisectStatus, EXIT } from "../common/exitStatus.js";
import { isForeseen, OwnFault } from "../common/ownFault.js";
import { tell } from "../common/tell.js";
import { didYouMean, UsageError } from "../common/usage.js";
import { version } from "../common/version.js";
import type { CliDeps, CommandContext } from "./commands/context.js";

/** Runs one command line (without node and script) and returns its exit status; never throws for what a user can do. */
export async function main(
	argv: readonly string[],
	deps: CliDeps,
): Promise<number> {
	const context: CommandContext = { deps, status: EXIT.ok };
	const usage = argv.includes("--bisect") ? EXIT.bisectUsage : EXIT.usage;
	try {
		refuseUnknownTopic(argv);
		await (await makeProgram(context, argv[0])).parseAsync([...argv], {
			from: "user",
		});
		return context.status;
	} catch (error) {
		if (error instanceof CommanderError) {
			return error.exitCode === 0 ? EXIT.ok : usage;
		}
		if (error instanceof UsageError) {
			tell(error.message);
			return usage;
		}
		return reportTrouble(error, argv);
	}
}

/**
 * Tells an error that is not the user's, and returns its exit status: incomplete for what a system or a file can cause,
 * EX_SOFTWARE with a stack for a fault of crcap's own.
 */
export function reportTrouble(error: unknown, argv: readonly string[]): number {
	const foreseen = isForeseen(error);
	tell(foreseen ? foreseenText(error as Error) : ownFaultText(error));
	const status = foreseen ? EXIT.incomplete : EXIT.software;
	return argv.includes("--bisect") ? bisectStatus(status) : status;
}

/** The system's own words, with what helps where that is known. */
function foreseenText(error: Error): string {
	const codes = [error, error.cause].map(
		(one) => (one as NodeJS.ErrnoException | undefined)?.code,
	);
	return codes.includes("EMFILE") && !/ulimit/.test(error.message)
		? `${error.message}; raise the limit of open files, as with \`ulimit -n 1024\``
		: error.message;
}

/** A fault of crcap's own shows where it came from. */
function ownFaultText(thrown: unknown): string {
	const { cause } = thrown instanceof OwnFault ? thrown : new OwnFault(thrown);
	const frames = (cause.stack ?? "").split(/\n(?= +at )/).slice(1);
	const what = `a fault of crcap's own (version ${version()}), please report it: ${cause.name}: ${cause.message}`;
	return [what, ...frames].join("\n");
}

/** What adds each command, loaded when it is wanted: some need much that the others don't. */
const COMMANDS = {
	run: async () => (await import("./commands/run.js")).addRun,
	list: async () => (await import("./commands/list.js")).addList,
	explain: async () => (await import("./commands/explain.js")).addExplain,
	export: async () => (await import("./commands/export.js")).addExport,
	facts: async () => (await import("./commands/facts.js")).addFacts,
	doctor: async () => (await import("./commands/doctor.js")).addDoctor,
	completion: async () =>
		(await import("./commands/completion.js")).addCompletion,
	history: async () => (await import("./commands/history.js")).addHistory,
	show: async () => (await import("./commands/show.js")).addShow,
	compare: async () => (await import("./commands/compare.js")).addCompare,
	man: async () => (await import("./commands/man.js")).addMan,
	trend: async () => (await import("./commands/trend.js")).addTrend,
	bundle: async () => (await import("./boards/bundle.js")).addBundle,
	judge: async () => (await import("./boards/judge.js")).addJudge,
	merge: async () => (await import("./commands/merge.js")).addMerge,
	kernels: async () => (await import("./commands/kernels.js")).addKernels,
	cache: async () => (await import("./machine/cache.js")).addCache,
};

/** `crcap help WORD` shows all there is where the word is no command. */
function refuseUnknownTopic([first, topic = ""]: readonly string[]): void {
	const names = [...Object.keys(COMMANDS), "help"];
	if (first !== "help" || topic === "" || topic.startsWith("-")) return;
	if (names.includes(topic)) return;
	throw new UsageError(`unknown command '${topic}'${didYouMean(topic, names)}`);
}

/** Adds every command that is not there yet, for the one that tells of all. */
async function addOthers(
	program: Command,
	context: CommandContext,
): Promise<void> {
	const there = new Set(program.commands.map((command) => command.name()));
	for (const [name, load] of Object.entries(COMMANDS))
		if (!there.has(name)) (await load())(program, context, async () => {});
}

/** @param wanted the command line's first word; where it is no command, all are there to be told of */
async function makeProgram(
	context: CommandContext,
	wanted = "",
): Promise<Command> {
	const program = new Command("crcap")
		.description(
			"Does a Linux kernel guard what CAP_CHECKPOINT_RESTORE should guard, and only that?",
		)
		.version(version())
		.exitOverride()
		.configureOutput({
			outputError: (text) =>
				tell(
					text
						.trimEnd()
						.replace(/^error: /, "")
						.replace(/\n\(/, " ("),
				),
		})
		.showSuggestionAfterError(true)
		.addHelpText(
			"after",
			`
Exit status: 0 on every target at least one case ran and none failed; 1 a case failed, crashed the guest or timed out;
3 incomplete (no boot, a broken channel, a case in error or not run, a target on which nothing ran); 2 usage;
70 a fault of crcap's own; 130 interrupted.
Where a run is both failed and incomplete, it is 1.`,
		);
	for (const [name, load] of Object.entries(COMMANDS))
		if (name === wanted || !Object.hasOwn(COMMANDS, wanted))
			(await load())(program, context, () => addOthers(program, context));
	for (const command of program.commands) command.version(version());
	return program;
}
