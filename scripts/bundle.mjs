#!/usr/bin/env node
/**
 * Writes dist/crcap: the command, and the library beside it, with everything that it loads at every start in a few files. Node.js resolves and opens
 * a file for each module otherwise, which takes longer than all else before QEMU starts. Needs the compiled TypeScript.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { TOP } from "./lib/run.mjs";

const outdir = join(TOP, "dist/crcap");
rmSync(outdir, { recursive: true, force: true });
await build({
	absWorkingDir: TOP,
	entryPoints: {
		main: "dist/runner/cli/main.js",
		index: "dist/runner/library/index.js",
	},
	bundle: true,
	// What only some commands need stays in files of its own, loaded when it is wanted.
	splitting: true,
	format: "esm",
	platform: "node",
	target: "node20",
	outdir,
	sourcemap: "linked",
	sourcesContent: false,
	legalComments: "linked",
	// Packages in the older module format ask for Node's own modules by require().
	banner: {
		js: 'import { createRequire as crcapRequire } from "node:module"; const require = crcapRequire(import.meta.url);',
	},
	logLevel: "warning",
});
