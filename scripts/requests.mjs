#!/usr/bin/env node
/** Writes dist/agent/requests: what the suites can ask, for every guest's initramfs. Needs the compiled TypeScript. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TOP } from "./lib/run.mjs";

/** @type {typeof import("../suites/index.js")} */
const { plan } = await import(join(TOP, "dist/suites/index.js"));
/** @type {typeof import("../vm/index.js")} */
const { writeRequestCatalogue } = await import(join(TOP, "dist/vm/index.js"));

const folder = join(TOP, "dist/agent");
mkdirSync(folder, { recursive: true });
writeFileSync(
	join(folder, "requests"),
	writeRequestCatalogue(
		plan(null).map(({ subjectProgram, probeProgram }) => ({
			subject: subjectProgram,
			program: probeProgram,
		})),
	),
);
