#!/usr/bin/env node
import { EXIT } from "../common/exitStatus.js";
import { exitOnSignals } from "../common/interrupt.js";

// Before the rest is even loaded: whoever interrupts that early gets the same status.
exitOnSignals(EXIT.interrupted);
const { stdoutTrouble, tolerateClosedStdout } = await import(
	"../common/stdout.js"
);
const { main, reportTrouble } = await import("./program.js");
const { realDeps } = await import("./deps.js");

const argv = process.argv.slice(2);
tolerateClosedStdout();
// Node's own status for it, 1, would say that a case failed.
process.on("uncaughtException", (error) => {
	process.exit(reportTrouble(error, argv));
});
let status = await main(argv, realDeps);
// What went wrong with the last words is told a moment later.
await new Promise((resolve) => setImmediate(resolve));
const trouble = stdoutTrouble();
if (status === EXIT.ok && trouble) status = reportTrouble(trouble, argv);
// What was printed must be out before the process ends, and nothing that still waits may keep it.
process.stdout.write("", () => process.exit(status));
