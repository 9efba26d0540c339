/** How many guests at a time. */
import { availableParallelism, freemem } from "node:os";

/** What one guest may need at most, bytes: its memory and QEMU's own. */
const GUEST_BYTES = 640 * 1024 * 1024;

/** One guest a core, as far as the free memory goes; at least one. */
export function defaultJobs(
	cores = availableParallelism(),
	freeBytes = freemem(),
): number {
	return Math.max(1, Math.min(cores, Math.floor(freeBytes / GUEST_BYTES)));
}

/**
 * Runs the tasks, `limit` at a time, in their order.
 * @throws what the first failing task threw, after all that had begun have ended; no more are begun then.
 */
export async function runLimited(
	tasks: readonly (() => Promise<void>)[],
	limit: number,
): Promise<void> {
	let next = 0;
	const failures: unknown[] = [];
	const worker = async (): Promise<void> => {
		while (next < tasks.length && failures.length === 0) {
			const task = tasks[next++];
			await task?.().catch((error: unknown) => failures.push(error));
		}
	};
	const workers = Math.min(limit, tasks.length);
	await Promise.all(Array.from({ length: workers }, worker));
	if (failures.length > 0) throw failures[0];
}
