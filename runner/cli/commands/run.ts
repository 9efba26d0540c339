import type { Command } from "commander";
import { FORMATS } from "../../../results/model/formats.js";
import { bisectStatus, EXIT } from "../../common/exitStatus.js";
import { EXPECTATIONS } from "../../common/suiteApi.js";
import { tell } from "../../common/tell.js";
import { KernelError, UsageError } from "../../common/usage.js";
import { loadConfig } from "../../request/configFile.js";
import { EXTRAS, readExtras } from "../../request/extras.js";
import { LSM_WORDS, readLsms } from "../../request/lsm.js";
import { type RunOptions, runRequest } from "../../request/runRequest.js";
import { readShard } from "../../request/shard.js";
import { splatPolicy, splatWord } from "../../request/splats.js";
import { again, count, oneOf, seconds, text } from "../../request/values.js";
import { run } from "../../run/run.js";
import type { CommandContext } from "./context.js";
import { formatHelp } from "./formatHelp.js";
import { kcidbOptions } from "./kcidb.js";
import { selectionOptions } from "./selection.js";

const MORE = `
Kernels are paths or names of the catalogue (\`crcap kernels\`). In a GLOB, * stands for any text, dots included.
Values of crcap.config.json in the current directory hold where the command line says nothing.

${formatHelp(FORMATS)}

  crcap run --kernel arch/x86/boot/bzImage --suite set_tid
  crcap run --kernel debian:bookworm --kernel debian:sid --report json=all.json
  git bisect run crcap run --bisect --kernel arch/x86/boot/bzImage --case 'set_tid.*'`;

/** What holds without `--splats`, in its words. */
const SPLATS = (["fail", "note"] as const)
	.map((weight) => {
		const kinds = Object.entries(splatPolicy())
			.filter(([, one]) => one === weight)
			.map(([kind]) => kind);
		return `${weight}=${kinds.join(",")}`;
	})
	.join(" ");

/** `crcap run` */
export function addRun(program: Command, context: CommandContext): void {
	const command = program
		.command("run")
		.description("boot kernels, try every case, report")
		.option(
			"-k, --kernel <path|name>",
			"kernel to boot; repeatable (default: Debian's)",
			again(text),
		)
		.option(
			"--local",
			"run on this machine's own kernel, in namespaces of its own",
		)
		.option(
			"--ssh <destination>",
			"run on the machine that ssh reaches as [user@]host[:port]; repeatable",
			again(text),
		)
		.option(
			"--host",
			"with --local or --ssh: also what touches that machine's own pid namespace or devices",
		);
	kcidbOptions(selectionOptions(command))
		.option(
			"--failed <file>",
			"only the cases that did not pass in this stored report, JSON or TAP",
			text,
		)
		.option(
			"--append <string>",
			"added to the kernel's command line; repeatable",
			again(text),
		)
		.option(
			"--accel <how>",
			"auto, kvm or tcg; auto takes KVM only where it is proven (default: auto)",
			oneOf(["auto", "kvm", "tcg"]),
		)
		.option(
			"--timeout <seconds>",
			"time for the whole run (default: no limit)",
			seconds,
		)
		.option(
			"--case-timeout <seconds>",
			"time for one case (default: 10, or what the case itself says)",
			seconds,
		)
		.option(
			"-r, --report <format[=file]>",
			"repeatable; at most one to standard output, where it is tap without this option",
			again(text),
		)
		.option(
			"--compat",
			"also the 32-bit helper on 64-bit kernels that take it, as targets of their own",
		)
		.option(
			"--lsm <modules>",
			`${LSM_WORDS.join(", ")}: boot a kernel once for each of these security modules, as targets of their own (default: once, with those that it takes)`,
			readLsms,
		)
		.option(
			"--with <name>",
			`${EXTRAS.join(", ")}: these cases as well, which are not in a run unless they are named; repeatable`,
			readExtras,
		)
		.option(
			"--keep <dir>",
			"keep console log, initramfs, and a script that boots the same guest by hand",
			text,
		)
		.option(
			"-j, --jobs <n>",
			"kernels at a time (default: by cores and memory)",
			count(256),
		)
		.option(
			"--guests <n>",
			"guests at a time for one kernel, which share its plan (default: by cores and memory, shared with --jobs)",
			count(256),
		)
		.option(
			"--max-crashes <n>",
			"so many times a guest that died is replaced, and the rest of the plan goes on (default: 5)",
			count(9999, 0),
		)
		.option(
			"--max-skipped <percent>",
			"a guest whose kernel lacks more of the plan than this makes the run incomplete (default: 60)",
			count(100, 0),
		)
		.option(
			"--splats <how[=kinds]>",
			`fail or note: what a complaint of the kernel's makes of the case during which it came, for all kinds or, as in fail=warning,stall, for these; repeatable, the later ones overrule (default: ${SPLATS})`,
			again(splatWord),
		)
		.option(
			"--max-failures <n>",
			"after so many failures the rest of the run is left out, as not run (default: no limit)",
			count(9999),
		)
		.option(
			"--expect <what>",
			"no-cap-checkpoint-restore: the kernel is meant to be without it, whatever its version; changed-settings: it is meant to come up with other limits and switches than mainline; repeatable",
			again(oneOf(EXPECTATIONS)),
		)
		.option(
			"--config-file <file>",
			"the .config of kernels that come without theirs",
			text,
		)
		.option(
			"--config <file>",
			"configuration (default: crcap.config.json, where there is one)",
			text,
		)
		.option(
			"--repeat <n>",
			"try the whole plan n times in the same guest; a case whose answers differ is flaky and fails (default: 1)",
			count(100),
		)
		.option(
			"--shuffle <seed>",
			"ask for the cases in another order, the same for the same number",
			count(999_999_999, 0),
		)
		.option(
			"--fresh-subjects",
			"make a case's subject anew for every case (default: once in a guest, where nothing of it can change)",
		)
		.option(
			"--warm",
			"go on from a guest that an earlier run booted and saved, and save one (default, but not with --bisect or where CI is set)",
		)
		.option(
			"--cold",
			"boot, whatever is saved, and save nothing for later runs",
		)
		.option(
			"--shard <i/n>",
			"run only the i-th of n shares of the plan; `crcap merge` joins them",
			readShard,
		)
		.option(
			"--dry-run",
			"print the plan and how QEMU would be started; boot nothing, write no report",
		)
		.option(
			"--watch",
			"run again whenever the file of a kernel changes, until it is interrupted",
		)
		.option(
			"--shell",
			"boot one kernel with a shell on this terminal, with busybox and crprobe; try nothing",
		)
		.option(
			"--gdb",
			"as --shell, with a kernel that waits for gdb; prints the line that attaches it",
		)
		.option(
			"--bisect",
			"exit 0 good, 1 bad, 125 can't tell, 128 usage: for `git bisect run`",
		)
		.addHelpText("after", MORE)
		.action(async (options: RunOptions) => {
			context.status = await runOnce(options, context);
		});
}

/** Options that would say something false together. */
function refuseTogether(options: RunOptions): void {
	const byHand = options.shell || options.gdb;
	const given = (["dryRun", "watch", "bisect"] as const).filter(
		(name) => options[name],
	);
	if (byHand) refuseForShell(options);
	if (given.length < 2) return;
	const names = { dryRun: "--dry-run", watch: "--watch", bisect: "--bisect" };
	throw new UsageError(
		`${given.map((name) => names[name]).join(" and ")} don't go together: ${
			given.includes("bisect")
				? "git bisect run needs one real run"
				: "what runs nothing has nothing to run again"
		}`,
	);
}

/** What says nothing of the guest that a shell runs in. */
const FOR_SHELLS = new Set<keyof RunOptions>([
	...(["kernel", "append", "accel", "timeout", "lsm"] as const),
	...(["configFile", "config", "shell", "gdb"] as const),
]);

function refuseForShell(options: RunOptions): void {
	const idle = (Object.keys(options) as (keyof RunOptions)[]).find(
		(name) => !FOR_SHELLS.has(name),
	);
	if (idle === undefined) return;
	const flag = idle.replace(/[A-Z]/g, (one) => `-${one.toLowerCase()}`);
	throw new UsageError(
		`--${flag} has no effect with ${options.gdb ? "--gdb" : "--shell"}, where nothing is tried but by hand`,
	);
}

async function runOnce(
	options: RunOptions,
	context: CommandContext,
): Promise<number> {
	refuseTogether(options);
	const request = runRequest(options, await loadConfig(options.config));
	if (options.shell || options.gdb) {
		const { runShell } = await import("../../shell/shell.js");
		return await runShell(request, context.deps, options.gdb ?? false);
	}
	if (options.dryRun) {
		const { dryRun } = await import("../../run/dryRun.js");
		return await dryRun(request, context.deps);
	}
	if (options.watch) {
		const { watchRuns } = await import("../../run/watch.js");
		return await watchRuns(request, () => run(request, context.deps));
	}
	if (!request.bisect) return await run(request, context.deps);
	try {
		return bisectStatus(await run(request, context.deps));
	} catch (error) {
		if (!(error instanceof KernelError)) throw error;
		tell(error.message);
		return EXIT.untestable;
	}
}
