/** The suites as the runner uses them. */
import {
	type Facts,
	identityFacts,
	judge,
	outline,
	plan,
	readFacts,
	SUBJECTS,
	SUITES,
} from "../../suites/index.js";
import type { PlanWithFacts, RawFacts, SuiteApi } from "../common/suiteApi.js";

export const suiteApi: SuiteApi = {
	plan: (raw, wanted) => {
		if (raw === null) return { cases: plan(null, wanted), facts: {} };
		const facts = readFacts(raw);
		return { cases: plan(facts, wanted), facts: reportedFacts(raw, facts) };
	},
	outline: (raw) => outline(raw === undefined ? null : readFacts(raw)),
	judge,
	suites: () => SUITES,
	subjects: () => SUBJECTS,
};

/** What the agent reported, numbers as numbers. File modes keep their leading zero, and so stay text. */
function reportedFacts(
	raw: RawFacts,
	{ identity }: Facts,
): PlanWithFacts["facts"] {
	const facts: Record<string, string | number | boolean> = {};
	for (const [name, value] of Object.entries(raw.reported)) {
		const number = /^(0|-?[1-9]\d{0,14})$/.test(value);
		facts[name] = number ? Number(value) : value;
	}
	return {
		...facts,
		...identityFacts(identity),
		config_known: raw.config !== undefined,
	};
}
