/** Writes a large report in a format, or reads one back; run by scale.test.ts with little memory. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { noTotals } from "../model/counts.js";
import type { Format } from "../model/formats.js";
import type { CaseResult, PlanGroup, ReportWriter } from "../model/model.js";
import { sampleReport } from "../testing/sample.test.data.js";
import { createWriter } from "../writers.js";
import { streamReport } from "./read.js";

const SUBJECTS = 20;

/** A case of about a kilobyte, now and then one that failed. */
function oneCase(template: CaseResult, n: number, of: number): CaseResult {
	const suite = `suite${Math.floor((n * 5) / of)}`;
	const subject = `subject${n % SUBJECTS}`;
	const id = `${suite}.probe${n}.${subject}`;
	return {
		...template,
		id,
		suite,
		subject,
		verdict: n % 100 === 7 ? "fail" : "pass",
		readback: `uid=${n} eff=0000010000000000 ${"prm=0000010000000000 ".repeat(8)}`,
		replay: {
			crprobe: `crprobe '${id} ${"capset=eff:checkpoint_restore ".repeat(12)}'`,
			qemu: template.replay.qemu ?? "",
		},
	};
}

async function write(writer: ReportWriter, count: number): Promise<void> {
	const { targets, ...head } = sampleReport();
	const [target] = targets;
	const [template] = target?.cases ?? [];
	if (target === undefined || template === undefined)
		throw new Error("the sample is empty");
	const { cases: _, groups: __, ...rest } = target;
	const groups: PlanGroup[] = Array.from({ length: 5 * SUBJECTS }, (_, n) => ({
		suite: `suite${Math.floor(n / SUBJECTS)}`,
		subject: `subject${n % SUBJECTS}`,
		cases: count / 5 / SUBJECTS,
	}));
	writer.begin({ ...head, plannedTargets: 1 });
	writer.beginTarget({ ...rest, planned: count, groups });
	const totals = noTotals();
	for (let n = 0; n < count; n++) {
		const result = oneCase(template, n, count);
		totals[result.verdict] += 1;
		writer.caseResult(result);
		await writer.ready?.();
	}
	writer.endTarget({ ...rest, totals });
	await writer.end();
}

/** Takes everything and keeps its size and hash. */
class Digest extends Writable {
	readonly #hash = createHash("sha256");
	bytes = 0;
	override _write(chunk: Buffer, _: string, done: () => void): void {
		this.#hash.update(chunk);
		this.bytes += chunk.length;
		// What is slow and what is not must not matter.
		setImmediate(done);
	}
	get hex(): string {
		return this.#hash.digest("hex");
	}
}

const [task = "", format = "", count = "", file = ""] = process.argv.slice(2);
const out = new Digest();
if (task === "write")
	await write(createWriter(format as Format, out, { env: {} }), Number(count));
if (task === "store") {
	const stored = createWriteStream(file);
	await write(createWriter("json", stored), Number(count));
	await finished(stored.end());
	for await (const chunk of createReadStream(file)) out.write(chunk);
}
if (task === "show")
	await streamReport(file, createWriter(format as Format, out, { env: {} }));
await finished(out.end());
console.log(
	JSON.stringify({
		hash: out.hex,
		bytes: out.bytes,
		rss: process.resourceUsage().maxRSS * 1024,
	}),
);
