import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";

/**
 * Makes a folder outside of the checkout, and removes it when the test ends. A Unix socket needs it, since its path has at most
 * 108 bytes and that of `t.testdir()` is too long; so does another user, whom the folders above a checkout may keep out.
 * @param mode who may enter it: 0o700 for its owner alone, 0o755 for other users as well
 */
export function shortFolder(t: Pick<Test, "after">, mode = 0o700): string {
	const folder = mkdtempSync(join(tmpdir(), "crcap-test-"));
	chmodSync(folder, mode);
	t.after(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}
