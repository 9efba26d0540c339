import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where the package lies: the folder of package.json. */
export const PACKAGE_ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** The version in package.json. */
export function version(): string {
	const text = readFileSync(
		new URL("../../../package.json", import.meta.url),
		"utf8",
	);
	const { version } = JSON.parse(text) as { version?: unknown };
	return String(version);
}
