#!/usr/bin/env node
/**
 * Measures what Slurm adds to a run, in a cluster of two nodes on the loopback: jobs that do nothing, and a plan in two shards
 * beside the same two commands by hand. As root; takes a minute or two. Prints the figures of docs/farm.md.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { TOP } from "../lib/run.mjs";
import { CLI } from "../lib/targets.mjs";
import { Cluster } from "./cluster.mjs";

const EMPTY = 60;
const SHARDS = 2;
const CASES = ["--local", "--case", "set_tid.*.userns_pidns-*"];

const since = (/** @type {number} */ start) =>
	(performance.now() - start) / 1000;

const cluster = await Cluster.start();
try {
	const nothing = join(cluster.folder, "nothing");
	writeFileSync(nothing, "#!/bin/sh\n", { mode: 0o755 });
	let start = performance.now();
	cluster.run("sbatch", [
		...["--wait", `--array=1-${EMPTY}`, "--output=/dev/null", nothing],
	]);
	const empty = since(start);
	console.log(
		`${EMPTY} jobs that do nothing, on two nodes: ${empty.toFixed(1)} s, ${((2 * empty) / EMPTY).toFixed(2)} s for each on its node`,
	);
	start = performance.now();
	for (let shard = 1; shard <= SHARDS; shard++)
		spawnSync(process.execPath, [
			...[CLI, "run", `--shard=${shard}/${SHARDS}`, ...CASES],
			`--report=json=${join(cluster.folder, `${shard}.json`)}`,
		]);
	const byHand = since(start);
	const crcap = join(cluster.folder, "crcap");
	writeFileSync(crcap, `#!/bin/sh\nexec ${process.execPath} ${CLI} "$@"\n`, {
		mode: 0o755,
	});
	start = performance.now();
	const printed = cluster.run(
		join(TOP, "examples/slurm/submit.sh"),
		[join(cluster.folder, "out"), String(SHARDS), ...CASES],
		{ CRCAP: crcap },
	);
	const merge = printed.split(" ").at(-1) ?? "";
	const { JobState } = await cluster.ended(merge);
	console.log(
		`${SHARDS} shards one after the other by hand: ${byHand.toFixed(1)} s; side by side through Slurm, merge and all: ${since(start).toFixed(1)} s (${JobState})`,
	);
} finally {
	await cluster.stop();
}
