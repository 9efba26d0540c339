/**
 * Where tap's snapshots are kept: each in a file of its own, which programs and other tests read. A snapshot's name is the path of its
 * file from the project's folder:
 *
 *     test("docs/coverage.md is what the statements give", { snapshotProvider: SnapshotFiles }, async (t) => {
 *         t.matchSnapshot(coverage(), "docs/coverage.md");
 *     });
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { TOP } from "./top.test.helper.js";

/** Folders and a file; nothing that leads out of the project. */
const PATH = /^\w[\w.-]*(\/\w[\w.-]*)+$/;

/** The path in the name that tap gives: `TEST > SUBTEST > PATH`. */
function pathIn(name: string): string {
	const path = name.slice(name.lastIndexOf(" > ") + " > ".length);
	if (!PATH.test(path))
		throw new Error(`a snapshot's name is the path of its file, not ${path}`);
	return path;
}

/** For the option `snapshotProvider` of a test. */
export class SnapshotFiles {
	/** tap's own file for all snapshots of a test file; there is none. */
	file: string;
	readonly #made = new Map<string, string>();

	constructor(file: string) {
		this.file = file;
	}

	/** What the file holds, to compare with. */
	read(name: string): string {
		const path = pathIn(name);
		try {
			return readFileSync(join(TOP, path), "utf8");
		} catch (cause) {
			throw new Error(
				`${path} can't be read; TAP_SNAPSHOT=1 in the environment of npm test makes it`,
				{ cause },
			);
		}
	}

	/** Takes a file's new text. */
	snap(text: string, name: string): void {
		this.#made.set(pathIn(name), text);
	}

	/** Writes what was taken, at the end of a test. */
	save(): void {
		for (const [path, text] of this.#made) {
			const file = join(TOP, path);
			mkdirSync(dirname(file), { recursive: true });
			writeFileSync(file, text);
		}
	}
}
