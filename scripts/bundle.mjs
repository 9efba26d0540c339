#!/usr/bin/env node
/**
 * Writes dist/crcap: the command, and the library beside it, each with everything that it loads in a file. Node.js resolves, opens
 * and compiles a file for each module otherwise, which takes longer than all else before QEMU starts. What only some commands
 * need is in the file as well, and runs when it is wanted. Needs the compiled TypeScript.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { TOP } from "./lib/run.mjs";

/**
 * zod brings its messages in fifty languages. It sets English by itself.
 * @type {import("esbuild").Plugin}
 */
const withoutLocales = {
	name: "without locales",
	setup: (bundle) => {
		bundle.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
			contents: "export {};",
		}));
	},
};

/**
 * The command listens for signals before it loads the rest, which takes most of the start.
 * @type {import("esbuild").Plugin}
 */
const startApart = {
	name: "start apart",
	setup: (bundle) => {
		bundle.onResolve({ filter: /^\.\/deps\.js$/ }, ({ path, kind }) =>
			kind === "dynamic-import" ? { path, external: true } : undefined,
		);
	},
};

const outdir = join(TOP, "dist/crcap");
rmSync(outdir, { recursive: true, force: true });
await build({
	absWorkingDir: TOP,
	entryPoints: {
		main: "dist/runner/cli/main.js",
		deps: "dist/runner/cli/deps.js",
		index: "dist/runner/library/index.js",
	},
	bundle: true,
	format: "esm",
	platform: "node",
	target: "node20",
	outdir,
	sourcemap: "linked",
	sourcesContent: false,
	legalComments: "linked",
	// Names stay, for stack traces.
	minifySyntax: true,
	minifyWhitespace: true,
	plugins: [withoutLocales, startApart],
	// Packages in the older module format ask for Node's own modules by require().
	banner: {
		js: 'import { createRequire as crcapRequire } from "node:module"; const require = crcapRequire(import.meta.url);',
	},
	logLevel: "warning",
});
