import type { Command } from "commander";
import { print } from "../../common/stdout.js";
import { UsageError } from "../../common/usage.js";
import type { CommandContext } from "./context.js";

const MORE = `
  crcap completion bash > ~/.local/share/bash-completion/completions/crcap
  crcap completion zsh > a folder of $fpath, as _crcap
  crcap completion fish > ~/.config/fish/completions/crcap.fish`;

/** A command as a shell completes it. */
export interface Completed {
	readonly name: string;
	readonly description: string;
	readonly options: readonly {
		/** The option as it is typed, with its dashes. */
		readonly flag: string;
		readonly description: string;
		readonly value: boolean;
	}[];
}

type Render = (commands: readonly Completed[]) => string;

/** A text within single quotes of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The same for fish, whose backslash counts there. */
const fishQuoted = (text: string): string =>
	`'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

const bash: Render = (commands) => `# bash completion for crcap
_crcap() {
	local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(" ")}' -- "$word"))
		return
	fi
	case "\${COMP_WORDS[1]}" in
${commands
	.map(
		({ name, options }) => `	${name})
		case "$before" in
			${options.flatMap(({ flag, value }) => (value ? [flag] : [])).join("|") || "''"}) ;;
			*) [[ $word == -* ]] && COMPREPLY=($(compgen -W '${options.map(({ flag }) => flag).join(" ")}' -- "$word")) ;;
		esac ;;`,
	)
	.join("\n")}
	esac
}
complete -o default -F _crcap crcap
`;

/** What zsh's _arguments takes for special in a description. */
const zshText = (text: string): string => text.replace(/[[\]:\\]/g, "\\$&");

const zsh: Render = (commands) => `#compdef crcap
_crcap() {
	local -a commands
	commands=(
${commands.map(({ name, description }) => `		${quoted(`${name}:${zshText(description)}`)}`).join("\n")}
	)
	if (( CURRENT == 2 )); then
		_describe command commands
		return
	fi
	local command=$words[2]
	shift words
	(( CURRENT-- ))
	case $command in
${commands
	.map(
		({ name, options }) => `	${name})
		_arguments \\
${options
	.map(
		({ flag, description, value }) =>
			`			${quoted(`*${flag}[${zshText(description)}]${value ? ":value:_files" : ""}`)} \\\n`,
	)
	.join("")}			'*:file:_files' ;;`,
	)
	.join("\n")}
	esac
}
if [ "$funcstack[1]" = _crcap ]; then _crcap "$@"; else compdef _crcap crcap; fi
`;

const fish: Render = (commands) =>
	`# fish completion for crcap
${commands
	.map(({ name, description, options }) =>
		[
			`complete -c crcap -n __fish_use_subcommand -f -a ${name} -d ${fishQuoted(description)}`,
			...options.map(
				({ flag, description: about, value }) =>
					`complete -c crcap -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)}${value ? " -r" : ""} -d ${fishQuoted(about)}`,
			),
		].join("\n"),
	)
	.join("\n")}
`;

const SHELLS: Readonly<Record<string, Render>> = { bash, zsh, fish };

/** What every command takes, from its own definition. */
function completed(program: Command): Completed[] {
	return program.commands.map((command) => ({
		name: command.name(),
		description: command.description(),
		options: command.options.flatMap(({ long, description, required }) =>
			long == null
				? []
				: [{ flag: long, description, value: required === true }],
		),
	}));
}

/** `crcap completion` */
export function addCompletion(
	program: Command,
	_context: CommandContext,
	loadOthers: () => Promise<void>,
): void {
	program
		.command("completion")
		.description("print what makes a shell complete crcap's commands")
		.argument("<shell>", Object.keys(SHELLS).join(", "))
		.addHelpText("after", MORE)
		.action(async (shell: string) => {
			const render = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
			if (render === undefined)
				throw new UsageError(
					`completion ${shell}: it is one of ${Object.keys(SHELLS).join(", ")}`,
				);
			await loadOthers();
			await print(render(completed(program)));
		});
}
