import type { Command } from "commander";
import { counted } from "../../../results/model/counts.js";
import { releases } from "../../common/eras.js";
import type { SuiteApi } from "../../common/suiteApi.js";
import { tell } from "../../common/tell.js";
import { UsageError } from "../../common/usage.js";
import { caseList } from "../../export/caseList.js";
import { exportKselftest } from "../../export/kselftest.js";
import { select } from "../../request/select.js";
import { oneOf, text } from "../../request/values.js";
import { agentPath } from "../../targets/agents.js";
import { localArch } from "../../targets/localTarget.js";
import type { CommandContext } from "./context.js";
import { selectionOptions } from "./selection.js";

const MORE = `
kselftest: DIR/crcap and its line in DIR/kselftest-list.txt, as \`make install\` of a kernel's selftests leaves them; DIR may
be such an installation. Its run_kselftest.sh runs it, as root. Without a selection: the suites of the six boundaries.
Left out is what hangs on the kernel's version or touches the machine itself: \`crcap run --local\` and guests have that.

  make -C linux/tools/testing/selftests TARGETS=kcmp install INSTALL_PATH=/tmp/ksft
  crcap export kselftest /tmp/ksft
  /tmp/ksft/run_kselftest.sh -c crcap`;

interface ExportOptions {
	suite?: string[];
	subject?: string[];
	case?: string[];
	arch?: string;
}

/** `crcap export` */
export function addExport(program: Command, context: CommandContext): void {
	selectionOptions(
		program
			.command("export")
			.description("write the plan for others to run: as a kernel selftest")
			.argument("<what>", "kselftest", oneOf(["kselftest"]))
			.argument("<dir>", "directory to write to", text),
	)
		.option(
			"--arch <name>",
			"architecture of the machine that it shall run on (default: this one's)",
			text,
		)
		.addHelpText("after", MORE)
		.action(async (_what: string, dir: string, options: ExportOptions) => {
			const agent = agentPath(options.arch ?? localArch());
			const suites = await context.deps.suites();
			const { suite, subject = [], case: ids = [] } = options;
			const chosen = select(suites.outline(), {
				suite: suite ?? (ids.length === 0 ? boundarySuites(suites) : []),
				subject,
				case: ids,
			});
			const wanted = new Set(chosen.map(({ id }) => id));
			const since = releases().filter(({ capLastCap }) => capLastCap >= 40);
			const list = caseList(
				suites,
				wanted,
				since.map(({ release }) => release),
			);
			if (list.count === 0) {
				throw new UsageError(
					"export: nothing of what was selected can be judged without knowing the kernel's version, or without a guest",
				);
			}
			await exportKselftest(dir, list.text, agent);
			tell(
				`${dir}: ${counted(list.count, "case")}; ${list.left} of the selection left out`,
			);
		});
}

/** The suites of the six permission checks. */
function boundarySuites(suites: SuiteApi): string[] {
	const { cases } = suites.plan(null);
	const about = cases.flatMap(({ suite, boundary }) =>
		suite === boundary ? suite : [],
	);
	return [...new Set(about)];
}
