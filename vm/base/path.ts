/** Finds programs on the PATH. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The file that a program's name stands for on the PATH, then in `more` directories; undefined where it is in none. */
export function findOnPath(
	program: string,
	more: readonly string[] = [],
): string | undefined {
	return [...(process.env.PATH ?? "").split(delimiter), ...more]
		.filter(Boolean)
		.map((dir) => join(dir, program))
		.find((path) => {
			try {
				accessSync(path, constants.X_OK);
				return true;
			} catch {
				return false;
			}
		});
}
