/** The log of a bundle: lines `# crcap RUN SEQ LEN CRC PAYLOAD` among whatever else a terminal or a TAP reader shows. */
import { createHash } from "node:crypto";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import {
	crcHex,
	FactReader,
	parseHello,
	ReadBackCache,
	unescapeValue,
} from "../../vm/index.js";
import { openSource, readSmallFile } from "../common/source.js";
import { UsageError } from "../common/usage.js";
import type { Selection } from "../request/select.js";

/** A file that is longer than this is no log of a bundle, bytes. */
const LONGEST = 64 * 1024 * 1024;

/** A case as a log names it: by what was asked for, so that another version's case of the same name is none of it. */
export function programKey(program: string): string {
	return createHash("sha256").update(program).digest("hex").slice(0, 16);
}

/** What a bundle says of itself. */
export interface BundleHead {
	readonly id: string;
	/** The crcap that made it. */
	readonly version: string;
	readonly arch: string;
	readonly cases: number;
	readonly host: boolean;
	readonly selection: Selection;
}

export interface BundleLog {
	readonly head: BundleHead;
	/** The agent's version. */
	readonly crprobe: string;
	readonly facts: Record<string, string>;
	/** Observations in their order, by the key of their program: `obs N …`. */
	readonly answers: ReadonlyMap<string, readonly string[]>;
	/** The same keys by the ids that the cases had. */
	readonly keys: ReadonlyMap<string, string>;
	/** Why it is not whole, where it is not: what is missing is at its end. */
	readonly cut?: string;
}

/** It is no log, or not what the agent wrote. */
export class LogError extends Error {
	override readonly name = "LogError";
}

const RECORD =
	/# crcap ([0-9a-f]{8}) (0|[1-9]\d{0,8}) (0|[1-9]\d{0,3}) ([0-9a-f]{8}) (.*)$/;
const MARK = "# crcap ";

/**
 * Reads a log from a file.
 * @throws UsageError where it can't be read, LogError where it is none
 */
export function loadBundleLog(path: string): BundleLog {
	return readBundleLog(readSmallFile(path, LONGEST));
}

/**
 * Reads a log: every line must be there, once and as it was written. One that ends early is read as far as it goes.
 * @throws LogError
 */
export function readBundleLog(text: string): BundleLog {
	const payloads = readPayloads(text);
	const first = payloads[0];
	if (first === undefined)
		throw new LogError(
			"no log of a bundle is in it: run.sh writes one to standard output, or where -o says",
		);
	const head = readHead(first);
	const hello = parseHello(payloads[1] ?? "");
	const ready = payloads.indexOf("ready");
	if (hello === undefined || ready < 0)
		throw new LogError("the log ends before the first case");
	const facts = new FactReader();
	for (const payload of payloads.slice(2, ready))
		if (!facts.add(payload))
			throw new LogError(
				`"${payload.slice(0, 60)}" stands in it among the kernel's facts`,
			);
	const { answers, keys, count, bye } = readAnswers(payloads.slice(ready + 1));
	const whole = bye !== undefined && bye === count && count === head.cases;
	return {
		head,
		crprobe: hello.crprobe,
		facts: facts.toRecord(),
		answers,
		keys,
		...(whole
			? {}
			: {
					cut: `the log was cut short: it has ${count} of ${head.cases} answers`,
				}),
	};
}

/**
 * The id of a bundle, from its archive.
 * @throws UsageError where it is none
 */
export async function bundleId(path: string): Promise<string> {
	const id = await new Promise<string | undefined>((resolve) => {
		const members = extract();
		members.on("entry", (header, stream, next) => {
			if (!header.name.endsWith("/requests")) stream.resume();
			else
				stream.once("data", (bytes) => {
					resolve(
						/^crcap-requests 1 id=([0-9a-f]{16}) /.exec(
							(bytes as Buffer).toString("latin1"),
						)?.[1],
					);
					stream.resume();
				});
			stream.on("end", next);
		});
		pipeline(openSource(path), createGunzip(), members, () =>
			resolve(undefined),
		);
	});
	if (id !== undefined) return id;
	throw new UsageError(`--bundle ${path}: it is no archive of crcap bundle`);
}

/** The payloads of one run, in order. */
function readPayloads(text: string): string[] {
	const lines = text.split("\n");
	const payloads: string[] = [];
	let run: string | undefined;
	for (const [at, raw] of lines.entries()) {
		const line = raw.replace(/\r+$/, "");
		const begin = line.indexOf(MARK);
		if (begin < 0) continue;
		const [, name = "", seq = "", length, crc, payload = ""] =
			RECORD.exec(line.slice(begin)) ?? [];
		const sound =
			payload.length === Number(length) &&
			crcHex(`${name} ${seq} ${payload}`) === crc;
		if (!sound && endsAt(lines, at, payloads.at(-1))) break;
		if (!sound) throw new LogError(`line ${at + 1} was changed`);
		run ??= name;
		if (name !== run)
			throw new LogError(
				`line ${at + 1} is of another run than those before it`,
			);
		if (Number(seq) !== payloads.length)
			throw new LogError(
				`line ${at + 1} has number ${seq} where ${payloads.length} was due: lines are missing, or there twice`,
			);
		payloads.push(payload);
	}
	return payloads;
}

/** Where a log was cut short its last line may be a part of one; a machine that came up again may have gone on from there. */
function endsAt(lines: readonly string[], at: number, before = ""): boolean {
	if (at === lines.length - 1) return true;
	const more = lines.slice(at + 1).some((line) => line.includes(MARK));
	return !more && !/^bye \d{1,9}$/.test(before);
}

/** @throws LogError */
function readHead(payload: string): BundleHead {
	const match =
		/^crcap-requests 1 id=([0-9a-f]{16}) version=(\S+) arch=(\w+) cases=(\d{1,9}) host=([01]) select=(\S+) crc=[0-9a-f]{8}$/.exec(
			payload,
		);
	const selection = readSelection(match?.[6] ?? "");
	if (match === null || selection === undefined)
		throw new LogError(
			`it is of a bundle that this version does not know: "${payload.slice(0, 80)}"`,
		);
	const [, id = "", version = "", arch = "", cases, host] = match;
	return {
		id,
		version,
		arch,
		cases: Number(cases),
		host: host === "1",
		selection,
	};
}

function readSelection(text: string): Selection | undefined {
	try {
		const { suite, subject, case: id } = JSON.parse(unescapeValue(text));
		const lists = [suite, subject, id];
		const sound = lists.every(
			(list) =>
				Array.isArray(list) && list.every((one) => typeof one === "string"),
		);
		return sound ? { suite, subject, case: id } : undefined;
	} catch {
		return undefined;
	}
}

/** `about KEY ID` and `obs …` by turns, then `bye N`. */
function readAnswers(payloads: readonly string[]): {
	answers: Map<string, string[]>;
	keys: Map<string, string>;
	count: number;
	bye?: number;
} {
	const answers = new Map<string, string[]>();
	const keys = new Map<string, string>();
	const readBacks = new ReadBackCache();
	let asked: { key: string; id: string } | undefined;
	let count = 0;
	for (const payload of payloads) {
		const bye = /^bye (\d{1,9})$/.exec(payload)?.[1];
		if (bye !== undefined) {
			if (payload !== payloads.at(-1))
				throw new LogError("lines come after the agent's goodbye");
			return { answers, keys, count, bye: Number(bye) };
		}
		const [, key, id] = /^about ([0-9a-f]{16}) (\S+)$/.exec(payload) ?? [];
		const whole = readBacks.expand(payload);
		if (key !== undefined && id !== undefined) asked = { key, id };
		else if (
			!payload.startsWith("obs ") ||
			asked === undefined ||
			whole === undefined
		)
			throw new LogError(
				`"${payload.slice(0, 60)}" stands in it where an answer was due`,
			);
		else {
			answers.set(asked.key, [...(answers.get(asked.key) ?? []), whole]);
			keys.set(asked.id, asked.key);
			count++;
			asked = undefined;
		}
	}
	return { answers, keys, count };
}
