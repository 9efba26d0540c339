/** What may stand in `crcap.config.json`. Its checks take long to load, so only a file that is there has them loaded. */
import { z } from "zod";
import { didYouMean, UsageError } from "../common/usage.js";
import { EXTRAS } from "./extras.js";
import { ORIGIN, SHA1, WEB } from "./kcidbOptions.js";
import { LSM_WORDS } from "./lsm.js";
import { SPLAT_KINDS, SPLAT_WORD } from "./splats.js";
import { MAX_SECONDS } from "./values.js";

/** What a value is, where it is something else; said as the command line says it. */
const WORDS = "it is a text that is not empty";
const YES_NO = "it is true or false";
const JOBS = "it is a whole number from 1 to 256";
const PERCENT = "it is a whole number from 0 to 100";
const CRASHES = "it is a whole number from 0 to 9999";
const FAILURES = "it is a whole number from 1 to 9999";
const ORIGIN_WORDS = "it is lower-case letters, digits and _";
const URL_WORDS = "it is a URL, https://… or git://…";
const SHA_WORDS = "it is 40 hex digits";
const SECONDS = `it is a number of seconds above 0 and at most ${MAX_SECONDS}, e.g. 90 or 0.5`;
const SPLATS = `it is fail or note, alone or with =KIND,KIND; kinds are ${SPLAT_KINDS.join(", ")}`;
const ACCELS = ["auto", "kvm", "tcg"] as const;

const Words = z.string(WORDS).min(1, WORDS);
const Flag = z.boolean(YES_NO);
const Seconds = z.number(SECONDS).positive(SECONDS).max(MAX_SECONDS, SECONDS);
const Globs = z.array(Words, "it is a list of globs");

const KernelTarget = z.strictObject({
	/** Path or catalogue name, as for --kernel. */
	kernel: Words,
	/** What reports call it. */
	name: Words.optional(),
	append: z.string("it is a text").optional(),
});

const LocalTarget = z.strictObject({
	local: z.literal(true, "it is true, or the entry has a kernel instead"),
	host: Flag.optional(),
});

const SshTarget = z.strictObject({
	/** As for --ssh. */
	ssh: Words,
	/** What reports call it. */
	name: Words.optional(),
	host: Flag.optional(),
});

const KnownFailureEntry = z.strictObject({
	case: Words,
	kernel: Words.optional(),
	reason: Words,
	expires: z.iso.date("it is a day, YYYY-MM-DD"),
});

const Config = z.strictObject({
	$schema: z.string("it is a text").optional(),
	targets: z
		.array(
			z.union([KernelTarget, LocalTarget, SshTarget]),
			"it is a list of kernels, local targets and machines that ssh reaches",
		)
		.min(1, "it names at least one target")
		.optional(),
	suite: Globs.optional(),
	subject: Globs.optional(),
	case: Globs.optional(),
	/** As for --report. */
	reports: z.array(Words, "it is a list of FORMAT or FORMAT=FILE").optional(),
	accel: z.enum(ACCELS, `it is one of ${ACCELS.join(", ")}`).optional(),
	/** As for --compat. */
	compat: Flag.optional(),
	/** As for --lsm. */
	lsm: z
		.array(
			z.enum(LSM_WORDS, `it is one of ${LSM_WORDS.join(", ")}`),
			"it is a list of security modules",
		)
		.optional(),
	/** As for --with. */
	with: z
		.array(
			z.enum(EXTRAS, `it is ${EXTRAS.join(" or ")}`),
			"it is a list of what is not in a run else",
		)
		.optional(),
	jobs: z.int(JOBS).min(1, JOBS).max(256, JOBS).optional(),
	guests: z.int(JOBS).min(1, JOBS).max(256, JOBS).optional(),
	maxSkipped: z.int(PERCENT).min(0, PERCENT).max(100, PERCENT).optional(),
	/** As for --splats. */
	splats: z
		.array(
			z.string(SPLATS).regex(SPLAT_WORD, SPLATS),
			"it is a list of fail or note, with =KIND,KIND or for all kinds",
		)
		.optional(),
	/** As for --expect. */
	expect: z.array(Words, "it is a list of expectations").optional(),
	/** As for --config-file, relative to this file. */
	configFile: Words.optional(),
	maxCrashes: z.int(CRASHES).min(0, CRASHES).max(9999, CRASHES).optional(),
	maxFailures: z.int(FAILURES).min(1, FAILURES).max(9999, FAILURES).optional(),
	/** The limit of the whole run, seconds. */
	timeout: Seconds.optional(),
	caseTimeout: Seconds.optional(),
	/** As for --kcidb-origin and the like. */
	kcidb: z
		.strictObject(
			{
				origin: z.string(ORIGIN_WORDS).regex(ORIGIN, ORIGIN_WORDS).optional(),
				gitUrl: z.string(URL_WORDS).regex(WEB, URL_WORDS).optional(),
				gitBranch: Words.optional(),
				gitCommit: z.string(SHA_WORDS).regex(SHA1, SHA_WORDS).optional(),
			},
			"it is an object, {…}",
		)
		.optional(),
	knownFailures: z
		.array(KnownFailureEntry, "it is a list of known failures")
		.optional(),
});
export type Config = z.infer<typeof Config>;

/** JSON Schema (draft 2020-12) of the file, for editors; `runner/request/config.schema.json` is this, kept true by a test. */
export function configSchema(): object {
	const { $schema, ...schema } = z.toJSONSchema(Config, {
		target: "draft-2020-12",
		io: "input",
	});
	return {
		$schema,
		title: "crcap.config.json",
		description: "What a run of crcap is asked for at every time.",
		...schema,
	};
}

/**
 * Checks a configuration's text; `path` is for the messages.
 * @throws UsageError
 */
export function parseConfig(text: string, path: string): Config {
	let json: unknown;
	try {
		json = JSON.parse(text);
	} catch (error) {
		throw new UsageError(`${path}: no JSON: ${(error as Error).message}`);
	}
	return checkConfig(json, path);
}

/**
 * Checks a configuration that is an object already; `from` is for the messages.
 * @throws UsageError
 */
export function checkConfig(json: unknown, from: string): Config {
	const parsed = Config.safeParse(json);
	if (parsed.success) return parsed.data;
	const why = explain(parsed.error.issues, json, Config, []);
	throw new UsageError(`${from}: ${why}`);
}

/** Schemas of objects, whose keys are known. */
type Shape = z.ZodObject;

/** The first thing that is wrong; a mistyped key comes first, as it makes another one be missing. */
function explain(
	issues: readonly z.core.$ZodIssue[],
	value: unknown,
	shape: Shape,
	prefix: readonly PropertyKey[],
): string {
	const issue =
		issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
	if (issue === undefined) return "no configuration";
	const path = [...prefix, ...issue.path];
	if (issue.code === "invalid_union") {
		return explainTarget(issue, at(value, issue.path), path);
	}
	const inside = path.length === 0 ? "" : `${path.map(String).join(".")}: `;
	if (issue.code === "unrecognized_keys") {
		const known = keysOf(shape, issue.path, at(value, issue.path));
		return `${inside}${unknownKey(issue.keys[0] ?? "", known, path.length === 0)}`;
	}
	if (path.length === 0) return "it is an object, {…}";
	if (issue.code === "invalid_type" && at(value, issue.path) === undefined) {
		return `${inside}it is missing`;
	}
	if (issue.code === "invalid_type" && issue.expected === "object") {
		return `${inside}it is an object, {…}`;
	}
	return `${inside}${issue.message}`;
}

/** An entry of `targets` is one of two kinds, and its keys tell which was meant. */
function explainTarget(
	issue: z.core.$ZodIssueInvalidUnion,
	entry: unknown,
	path: readonly PropertyKey[],
): string {
	const [kernel = [], local = [], ssh = []] = issue.errors;
	if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
		return `${path.map(String).join(".")}: none of {"kernel": NAME, "name": …, "append": …}, {"local": true, "host": …} and {"ssh": DESTINATION, "name": …, "host": …}`;
	}
	if ("ssh" in entry) return explain(ssh, entry, SshTarget, path);
	return "local" in entry
		? explain(local, entry, LocalTarget, path)
		: explain(kernel, entry, KernelTarget, path);
}

/** What belongs into an entry of `targets`, and is easily put beside it. */
const OF_TARGETS = ["kernel", "local", "ssh", "host", "append"];

function unknownKey(
	key: string,
	known: readonly string[],
	top: boolean,
): string {
	const what = `unknown key ${JSON.stringify(key)}`;
	if (top && OF_TARGETS.includes(key)) {
		return `${what}: it belongs into an entry of targets, {"targets": [{${JSON.stringify(key)}: …}]}`;
	}
	return `${what}${didYouMean(key, known) || `: known are ${known.join(", ")}`}`;
}

/** The keys that an object at this place may have. */
function keysOf(
	shape: Shape,
	[list]: readonly PropertyKey[],
	entry: unknown,
): string[] {
	if (list === "kcidb") return ["origin", "gitUrl", "gitBranch", "gitCommit"];
	if (list === "knownFailures") return Object.keys(KnownFailureEntry.shape);
	if (list !== "targets") return Object.keys(shape.shape);
	const has = (key: string) => Object.hasOwn(entry as object, key);
	const target = has("ssh")
		? SshTarget
		: has("local")
			? LocalTarget
			: KernelTarget;
	return Object.keys(target.shape);
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
	return path.reduce<unknown>(
		(inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
		value,
	);
}
