import type { Command } from "commander";
import { again, text } from "../../request/values.js";

/** `--suite`, `--subject` and `--case`, the same wherever cases are chosen. */
export function selectionOptions(command: Command): Command {
	return command
		.option("--suite <glob>", "only these suites; repeatable", again(text))
		.option("--subject <glob>", "only these subjects; repeatable", again(text))
		.option(
			"--case <glob>",
			"only these cases, by id; repeatable",
			again(text),
		);
}
