/** A directory as a kernel tree's `make install` leaves its selftests, with this one in it. */
import {
	chmodSync,
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { beginFile } from "../common/atomicFile.js";
import { UsageError } from "../common/usage.js";

/** The collection, and the test in it. */
const NAME = "crcap";
const LIST = "kselftest-list.txt";

/** Seconds that the whole test may take: kselftest's own limit is 45. */
const TIMEOUT = 1800;

const SCRIPT = `#!/bin/sh
# SPDX-License-Identifier: MIT
# Does this kernel guard what CAP_CHECKPOINT_RESTORE should guard, and only that?
cd "$(dirname "$0")" && exec ./crprobe --ktap cases
`;

/**
 * Writes DIR/crcap, and its line in DIR/kselftest-list.txt, where other tests may stand already.
 * @param cases the list of cases
 * @param agent the helper's path
 * @throws UsageError where the directory holds something else under that name
 */
export async function exportKselftest(
	dir: string,
	cases: string,
	agent: string,
): Promise<void> {
	const folder = join(dir, NAME);
	if (existsSync(folder) && !existsSync(join(folder, "crprobe"))) {
		throw new UsageError(
			`${folder} is there and holds no crprobe: it is none of crcap's; name another directory`,
		);
	}
	const made = makeFolder(resolve(dir));
	try {
		await fill(dir, folder, cases, agent);
	} catch (error) {
		if (made !== undefined) rmSync(made, { recursive: true, force: true });
		throw error;
	}
}

async function fill(
	dir: string,
	folder: string,
	cases: string,
	agent: string,
): Promise<void> {
	const scratch = mkdtempSync(join(dir, `.${NAME}-`));
	try {
		chmodSync(scratch, 0o755);
		writeFileSync(join(scratch, "cases"), cases);
		writeFileSync(join(scratch, "settings"), `timeout=${TIMEOUT}\n`);
		writeFileSync(join(scratch, NAME), SCRIPT, { mode: 0o755 });
		chmodSync(join(scratch, NAME), 0o755);
		copyFileSync(agent, join(scratch, "crprobe"));
		chmodSync(join(scratch, "crprobe"), 0o755);
		rmSync(folder, { recursive: true, force: true });
		renameSync(scratch, folder);
	} finally {
		rmSync(scratch, { recursive: true, force: true });
	}
	await addToList(join(dir, LIST), `${NAME}:${NAME}`);
}

/**
 * Returns the first folder that it made, if any. Not `recursive`: in a file system that takes no folders, such as /proc, Node.js 20
 * would try for ever.
 */
function makeFolder(path: string): string | undefined {
	if (existsSync(path)) return undefined;
	const above = makeFolder(dirname(path));
	try {
		mkdirSync(path);
	} catch (error) {
		if (above !== undefined) rmSync(above, { recursive: true, force: true });
		throw error;
	}
	return above ?? path;
}

async function addToList(path: string, entry: string): Promise<void> {
	const before = existsSync(path) ? readFileSync(path, "utf8") : "";
	const lines = before.split("\n").filter((line) => line !== "");
	if (lines.includes(entry)) return;
	const file = beginFile(path);
	file.stream.write(`${[...lines, entry].join("\n")}\n`);
	await file.commit();
}
