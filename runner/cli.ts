#!/usr/bin/env node
import { realDeps } from "./deps.js";
import { main } from "./program.js";
import { tolerateClosedStdout } from "./stdout.js";
import { suiteBook } from "./suiteBook.js";

tolerateClosedStdout();
const status = await main(process.argv.slice(2), realDeps(suiteBook));
// What was printed must be out before the process ends, and nothing that still waits may keep it.
process.stdout.write("", () => process.exit(status));
