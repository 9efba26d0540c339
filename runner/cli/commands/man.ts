import type { Argument, Command, Option } from "commander";
import { print } from "../../common/stdout.js";
import type { CommandContext } from "./context.js";

/** `crcap man` */
export function addMan(
	program: Command,
	_context: CommandContext,
	loadOthers: () => Promise<void>,
): void {
	program
		.command("man")
		.description("print the manual page, crcap(1)")
		.addHelpText("after", "\n  crcap man | man -l -")
		.action(async () => {
			await loadOthers();
			await print(manPage(program));
		});
}

/** Text for roff: no backslash, no hyphen that a copy would lose, no line that is a request. */
function roff(text: string): string {
	return text
		.replaceAll("\\", "\\e")
		.replaceAll("-", "\\-")
		.replace(/^(?=[.'])/gm, "\\&");
}

/** The page, from the commands' own definitions. */
function manPage(program: Command): string {
	const commands = [...program.commands].sort((a, b) =>
		a.name() < b.name() ? -1 : 1,
	);
	return `${[
		".TH CRCAP 1",
		".SH NAME",
		`crcap \\- ${roff("conformance suite and runner for Linux CAP_CHECKPOINT_RESTORE")}`,
		".SH SYNOPSIS",
		".B crcap",
		".I command",
		"[options]",
		".SH DESCRIPTION",
		roff(program.description()),
		".SH COMMANDS",
		...commands.flatMap(commandLines),
		".SH EXIT STATUS",
		...STATUSES.flatMap(([status, meaning]) => [
			".TP",
			`.B ${status}`,
			roff(meaning),
		]),
		".SH FILES",
		".TP",
		".I crcap.config.json",
		roff("Read from the current directory; the command line overrides it."),
		".SH SEE ALSO",
		".BR capabilities (7),",
		".BR user_namespaces (7),",
		".BR criu (8)",
	].join("\n")}\n`;
}

const STATUSES = [
	["0", "On every target at least one case ran, and none failed."],
	["1", "A case failed, crashed the guest or timed out."],
	["2", "The command line or the configuration is wrong."],
	["3", "The run is incomplete, or nothing ran."],
	["70", "A fault of crcap's own."],
	["130", "Interrupted."],
] as const;

function commandLines(command: Command): string[] {
	const words = command.registeredArguments.map(argumentWord);
	return [
		`.SS ${roff(["crcap", command.name(), ...words].join(" "))}`,
		roff(command.description()),
		...command.options
			.filter(({ long }) => long !== "--version")
			.flatMap(optionLines),
	];
}

function argumentWord(argument: Argument): string {
	const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
	return argument.required ? `<${name}>` : `[${name}]`;
}

function optionLines({ flags, description }: Option): string[] {
	return [".TP", `.B ${roff(flags)}`, roff(description)];
}
