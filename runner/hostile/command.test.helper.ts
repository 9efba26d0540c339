/** The command as a process of its own, with the plan and the limits of these tests. A clock that is set back: CRCAP_TEST_CLOCK=back. */
import { EXIT } from "../common/exitStatus.js";
import { exitOnSignals } from "../common/interrupt.js";

exitOnSignals(EXIT.interrupted);
if (process.env.CRCAP_TEST_CLOCK === "back") {
	const { now } = Date;
	let calls = 0;
	Date.now = () => now() - 3_600_000 * ++calls;
}
const { main } = await import("../cli/program.js");
const { realDeps } = await import("../cli/deps.js");
const { prepare } = await import("../prepare/prepare.js");
const { limitsFor, SUITES } = await import("./setting.test.helper.js");

process.exitCode = await main(process.argv.slice(2), {
	...realDeps,
	prepare: (spec, request, context) =>
		prepare(spec, request, { ...context, limits: limitsFor() }),
	suites: async () => SUITES,
});
