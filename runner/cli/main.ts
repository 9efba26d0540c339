#!/usr/bin/env node
import { EXIT } from "../common/exitStatus.js";
import { exitOnSignals } from "../common/interrupt.js";

// Before the rest is even loaded: whoever interrupts that early gets the same status.
exitOnSignals(EXIT.interrupted);
const { start } = await import("./deps.js");
await start(process.argv.slice(2));
