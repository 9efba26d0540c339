/** Where examples run: a folder of its own, with a `crcap` on the PATH that asks for few cases of this machine's kernel. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { TOP } from "../lib/run.mjs";
import { CLI } from "../lib/targets.mjs";

/** What is asked: all of it passes where namespaces can be made. */
export const FEW = "set_tid.*.userns_pidns-none";

/**
 * A stand-in for the installed command. An example names a kernel, which takes a boot: here it is this machine's.
 * @param {string} path
 */
function installCrcap(path) {
	const script = `#!/bin/bash
if [ "$1" != run ]; then exec ${process.execPath} ${CLI} "$@"; fi
args=()
while [ $# -gt 0 ]; do
	case $1 in
	--kernel) [ "$2" = local ] || { echo "no kernel $2 here" >&2; exit 2; }; args+=(--local); shift ;;
	*) args+=("$1") ;;
	esac
	shift
done
exec ${process.execPath} ${CLI} "\${args[@]}" --case '${FEW}'
`;
	writeFileSync(path, script, { mode: 0o755 });
}

export class Bed {
	/** @param {import("tap").Test} t the test that it is for */
	constructor(t) {
		this.folder = t.testdir({ bin: {} });
		this.bin = join(this.folder, "bin");
		installCrcap(join(this.bin, "crcap"));
	}

	/**
	 * @param {string} command
	 * @param {readonly string[]} args
	 * @param {{ env?: Record<string, string>, input?: string }} [options]
	 */
	run(command, args, { env = {}, input } = {}) {
		return spawnSync(command, args, {
			cwd: this.folder,
			encoding: "utf8",
			env: { ...process.env, PATH: `${this.bin}:${process.env.PATH}`, ...env },
			...(input === undefined ? {} : { input }),
		});
	}

	/** @param {readonly string[]} parts */
	path(...parts) {
		return join(this.folder, ...parts);
	}
}

/** @param {readonly string[]} parts */
export const example = (...parts) => join(TOP, "examples", ...parts);
