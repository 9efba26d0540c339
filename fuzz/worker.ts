/** Runs tasks of run.ts, one at a time, and answers with what failed; an empty text where nothing did. */
import { TARGETS } from "./targets.js";

// A terminal, and timeout(1), send a signal to the whole group; what is under way is finished.
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => {});
process.on(
	"message",
	async ({
		name,
		runs,
		seed,
	}: {
		name: string;
		runs: number;
		seed: number;
	}) => {
		try {
			await TARGETS.find((one) => one.name === name)?.run(runs, seed);
			process.send?.("");
		} catch (error) {
			process.send?.(
				error instanceof Error ? error.message.slice(0, 4000) : String(error),
			);
		}
	},
);
