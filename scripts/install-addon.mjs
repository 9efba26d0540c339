#!/usr/bin/env node
/** npm's install script: tries to build the addon, and never fails the install: only `crcap run --local` needs it. */
import { addonIsDue, provideAddon } from "./lib/addon.mjs";

try {
	const why = addonIsDue({ retry: true }) ? provideAddon() : "";
	if (why !== "")
		console.error(
			`crcap: the addon was not built, so only \`crcap run --local\` is unavailable: ${why}`,
		);
} catch (error) {
	console.error(
		`crcap: the addon was not built, so only \`crcap run --local\` is unavailable: ${error}`,
	);
}
