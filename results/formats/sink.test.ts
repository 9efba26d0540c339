import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { test } from "tap";
import { FORMATS } from "../model/formats.js";
import { writeReport } from "../reading/replay.js";
import { Sink } from "../stream/sink.js";
import { cleanReport, sampleReport } from "../testing/sample.test.data.js";
import { createWriter } from "../writers.js";

/** A program that writes a report on stdout, and says on stderr how it ended. */
const PROGRAM = (format: string): string => `
	import { createWriter } from ${JSON.stringify(join(import.meta.dirname, "../writers.js"))};
	import { writeReport } from ${JSON.stringify(join(import.meta.dirname, "../reading/replay.js"))};
	import { sampleReport } from ${JSON.stringify(join(import.meta.dirname, "../testing/sample.test.data.js"))};
	const report = sampleReport();
	for (let n = 0; n < 60; n++) report.targets.push(...sampleReport().targets);
	const writer = createWriter(${JSON.stringify(format)}, process.stdout, { env: {} });
	await writeReport(report, writer);
	console.error("ended", writer.gone ? "gone" : "read");`;

for (const { name } of FORMATS) {
	test(`${name}: a reader that leaves is no crash`, async () => {
		const done = spawnSync(
			"bash",
			[
				"-c",
				'set -o pipefail; node --input-type=module -e "$1" | head -c 20 >/dev/null',
				"-",
				PROGRAM(name),
			],
			{ encoding: "utf8" },
		);
		// These fit a pipe: they may be written before the reader leaves.
		const ends =
			name === "markdown" || name === "github"
				? /^ended (gone|read)\n$/
				: /^ended gone\n$/;
		assert.match(done.stderr, ends);
		assert.equal(done.status, 0);
	});
}

test("a full disk is an error that says so", async () => {
	const out = createWriteStream("/dev/full");
	await assert.rejects(
		writeReport(sampleReport(), createWriter("json", out)),
		/^Error: ENOSPC/,
	);
});

test("ready waits for a slow reader, and a writer that awaits it holds little", async () => {
	let held = 0;
	let most = 0;
	const slow = new Writable({
		highWaterMark: 1000,
		write(chunk: Buffer, _, done) {
			held = this.writableLength;
			most = Math.max(most, held - chunk.length);
			setImmediate(done);
		},
	});
	const sink = new Sink(slow);
	for (let n = 0; n < 200; n++) {
		sink.write("y".repeat(500));
		sink.flush();
		await sink.ready();
	}
	await sink.finish();
	assert.ok(most <= 1500, `${most} bytes waited`);
});

test("a stream that was closed before is a reader that left", async () => {
	const out = new Writable({ write: (_c, _e, done) => done() });
	out.destroy();
	const writer = createWriter("tap", out);
	await writeReport(cleanReport(), writer);
	assert.equal(writer.gone, true);
});

test("the stream stays open for its owner", async () => {
	let text = "";
	const out = new Writable({
		write(chunk: Buffer, _, done) {
			text += chunk.toString();
			done();
		},
	});
	await writeReport(cleanReport(), createWriter("tap", out));
	out.end("more\n");
	assert.match(text, /more\n$/);
});
