#!/usr/bin/env node
import { EXIT } from "./exitStatus.js";
import { exitOnSignals } from "./interrupt.js";

// Before the rest is even loaded: whoever interrupts that early gets the same status.
exitOnSignals(EXIT.interrupted);
const { tolerateClosedStdout } = await import("./stdout.js");
const { main } = await import("./program.js");
const { realDeps } = await import("./deps.js");
const { suiteBook } = await import("./suiteBook.js");

tolerateClosedStdout();
const status = await main(process.argv.slice(2), realDeps(suiteBook));
// What was printed must be out before the process ends, and nothing that still waits may keep it.
process.stdout.write("", () => process.exit(status));
