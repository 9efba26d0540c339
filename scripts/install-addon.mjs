#!/usr/bin/env node
/**
 * npm's install script. Where the package has no addon that this machine takes it tries to build one, and never fails the
 * install: only `crcap run --local` needs it.
 */
import { createRequire } from "node:module";
import { addonIsDue, provideAddon } from "./lib/addon.mjs";
import { TOP } from "./lib/run.mjs";

/** @returns {boolean} whether an addon of this package loads */
function loads() {
	try {
		createRequire(import.meta.url)("node-gyp-build")(TOP);
		return true;
	} catch {
		return false;
	}
}

try {
	const due = !loads() && addonIsDue({ retry: true });
	const why = due ? provideAddon() : "";
	if (why !== "")
		console.error(
			`crcap: the addon was not built, so only \`crcap run --local\` is unavailable: ${why}`,
		);
} catch (error) {
	console.error(
		`crcap: the addon was not built, so only \`crcap run --local\` is unavailable: ${error}`,
	);
}
