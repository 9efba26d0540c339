/** The suites as the runner uses them. */
import {
	judge,
	outline,
	plan,
	readFacts,
	SUBJECTS,
	SUITES,
} from "../../suites/index.js";
import type { PlanWithFacts, RawFacts, SuiteApi } from "../common/suiteApi.js";

export const suiteApi: SuiteApi = {
	plan: (raw, wanted) =>
		raw === null
			? { cases: plan(null, wanted), facts: {} }
			: { cases: plan(readFacts(raw), wanted), facts: reportedFacts(raw) },
	outline,
	judge,
	suites: () => SUITES,
	subjects: () => SUBJECTS,
};

/** What the agent reported, numbers as numbers. File modes keep their leading zero, and so stay text. */
function reportedFacts(raw: RawFacts): PlanWithFacts["facts"] {
	const facts: Record<string, string | number | boolean> = {};
	for (const [name, value] of Object.entries(raw.reported)) {
		const number = /^(0|-?[1-9]\d{0,14})$/.test(value);
		facts[name] = number ? Number(value) : value;
	}
	return { ...facts, config_known: raw.config !== undefined };
}
