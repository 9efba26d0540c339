/** The guest agents that travel with the package, one static binary an architecture. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Book } from "../../vm/index.js";
import { UsageError } from "../common/usage.js";
import { PACKAGE_ROOT } from "../common/version.js";

/**
 * The agent for an architecture.
 * @throws UsageError when it was not built
 */
export function agentPath(arch: string, root = PACKAGE_ROOT): string {
	const path = join(root, "dist", "agent", `crprobe-${arch}`);
	if (existsSync(path)) return path;
	throw new UsageError(
		`there is no agent for ${arch}: ${path} is missing; in a clone \`npm run setup -- --arch ${arch}\` builds it`,
	);
}

/** The requests that travel with an agent; without the file, which the build makes, they are all sent over the line. */
export function requestBook(root = PACKAGE_ROOT): Book {
	const path = join(root, "dist", "agent", "requests");
	const known = books.get(path);
	if (known !== undefined) return known;
	const text = existsSync(path) ? readFileSync(path, "latin1") : "";
	const book = new Book(text);
	books.set(path, book);
	return book;
}

/** By path: every guest of a run has the same. */
const books = new Map<string, Book>();
