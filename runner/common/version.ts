import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the package lies: the nearest folder above this module that holds a package.json. The command is shipped as a bundle, which lies less deep than its sources. */
export const PACKAGE_ROOT = (() => {
	let folder = dirname(fileURLToPath(import.meta.url));
	while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
	return folder;
})();

/** The version in package.json. */
export function version(): string {
	const text = readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8");
	const { version } = JSON.parse(text) as { version?: unknown };
	return String(version);
}
