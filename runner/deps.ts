/** The real world for the commands: the suites, the kernels, the terminal. */
import { prepare } from "./prepare.js";
import type { CliDeps } from "./program.js";
import type { SuiteBook } from "./suitePort.js";
import { plainWatcher } from "./watch.js";

/** What every command works with. */
export function realDeps(suites: SuiteBook): CliDeps {
	const watcher = plainWatcher((text) => process.stderr.write(text));
	return {
		suites,
		watcher,
		prepare: (spec, request, signal) =>
			prepare(spec, request, { signal, say: (line) => watcher.say(line) }),
	};
}
