/** What may stand in `crcap.config.json`. Its checks take long to load, so only a file that is there has them loaded. */
import { z } from "zod";
import { didYouMean, UsageError } from "./usage.js";
import { MAX_SECONDS } from "./values.js";

const Words = z.string().min(1);

const ConfigTarget = z.union([
	z.strictObject({
		/** Path or catalogue name, as for --kernel. */
		kernel: Words,
		/** What reports call it. */
		name: Words.optional(),
		append: z.string().optional(),
	}),
	z.strictObject({ local: z.literal(true), host: z.boolean().optional() }),
]);

const KnownFailureEntry = z.strictObject({
	case: Words,
	kernel: Words.optional(),
	reason: Words,
	expires: z.iso.date("a day, YYYY-MM-DD"),
});

const Config = z.strictObject({
	$schema: z.string().optional(),
	targets: z.array(ConfigTarget).min(1).optional(),
	suite: z.array(Words).optional(),
	subject: z.array(Words).optional(),
	case: z.array(Words).optional(),
	/** As for --report. */
	reports: z.array(Words).optional(),
	accel: z.enum(["auto", "kvm", "tcg"]).optional(),
	/** As for --compat. */
	compat: z.boolean().optional(),
	jobs: z.int().min(1).max(256).optional(),
	/** Seconds. */
	timeout: z.number().positive().max(MAX_SECONDS).optional(),
	caseTimeout: z.number().positive().max(MAX_SECONDS).optional(),
	knownFailures: z.array(KnownFailureEntry).optional(),
});
export type Config = z.infer<typeof Config>;

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
	const parsed = Config.safeParse(json);
	if (parsed.success) return parsed.data;
	const issue = parsed.error.issues[0];
	throw new UsageError(
		`${path}: ${issue ? explainIssue(issue) : "no configuration"}`,
	);
}

function explainIssue(issue: z.core.$ZodIssue): string {
	const where = issue.path.map(String).join(".");
	const inside = where === "" ? "" : `${where}: `;
	if (issue.code === "unrecognized_keys") {
		const key = issue.keys[0] ?? "";
		return `${inside}unknown key ${JSON.stringify(key)}${didYouMean(key, keysAt(issue.path))}`;
	}
	if (issue.code === "invalid_union") {
		return `${inside}neither {"kernel": NAME, "name": …, "append": …} nor {"local": true, "host": …}`;
	}
	return `${inside}${issue.message}`;
}

function keysAt(path: readonly PropertyKey[]): string[] {
	const schema = path[0] === "knownFailures" ? KnownFailureEntry : Config;
	return Object.keys(schema.shape);
}
