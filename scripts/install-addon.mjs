#!/usr/bin/env node
/** npm's install script: tries to build the addon, and never fails the install: only `crcap run --local` needs it. */
import { provideAddon } from "./lib/addon.mjs";

try {
	const why = provideAddon({ retry: true });
	if (why !== "")
		console.error(
			`crcap: the addon was not built, so only \`crcap run --local\` is unavailable: ${why}`,
		);
} catch (error) {
	console.error(
		`crcap: the addon was not built, so only \`crcap run --local\` is unavailable: ${error}`,
	);
}
