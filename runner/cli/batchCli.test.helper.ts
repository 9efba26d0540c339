/** Runs command lines one after the other: a JSON list of them on standard input, what each did on standard output. */
import { text } from "node:stream/consumers";
import { realDeps } from "./deps.js";
import { main } from "./program.js";

/** Takes what is written to a stream while `during` runs. */
async function taking<T>(
	stream: NodeJS.WriteStream,
	during: () => Promise<T>,
): Promise<[T, string]> {
	const { write } = stream;
	let taken = "";
	stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
		taken += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
		const done = rest.find((one) => typeof one === "function");
		if (done) process.nextTick(done as () => void);
		return true;
	}) as typeof stream.write;
	try {
		return [await during(), taken];
	} finally {
		stream.write = write;
	}
}

const commands = JSON.parse(await text(process.stdin)) as string[][];
const results = [];
for (const command of commands) {
	const [[status, stdout], stderr] = await taking(process.stderr, () =>
		taking(process.stdout, () => main(command, realDeps)),
	);
	results.push({ status, stdout, stderr });
}
process.stdout.write(JSON.stringify(results));
