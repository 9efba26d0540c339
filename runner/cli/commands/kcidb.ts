import { type Command, InvalidArgumentError } from "commander";
import { ORIGIN, SHA1, WEB } from "../../request/kcidbOptions.js";
import { text } from "../../request/values.js";

const matching =
	(pattern: RegExp, what: string) =>
	(value: string): string => {
		if (!pattern.test(value)) throw new InvalidArgumentError(`It is ${what}.`);
		return value;
	};

/** What a KCIDB report says of who reports, and of the source that the kernel was built from; the same wherever reports are written. */
export function kcidbOptions(command: Command): Command {
	return command
		.option(
			"--kcidb-origin <name>",
			"who reports, in a kcidb report: lower-case letters, digits and _ (default: crcap)",
			matching(ORIGIN, "lower-case letters, digits and _"),
		)
		.option(
			"--kcidb-git-url <url>",
			"the kernel's repository, in a kcidb report",
			matching(WEB, "a URL, https://… or git://…"),
		)
		.option("--kcidb-git-branch <name>", "its branch, in a kcidb report", text)
		.option(
			"--kcidb-git-commit <hash>",
			"its commit, 40 hex digits, in a kcidb report",
			matching(SHA1, "40 hex digits, as `git rev-parse HEAD` prints them"),
		);
}
