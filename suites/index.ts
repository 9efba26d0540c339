/** What is asked of a kernel, what it must answer, and what an answer means. */
import { FACTS_OF_ANY } from "./model/facts.js";
import { subjectsFor } from "./planning/plan.js";

export { EvidenceError } from "./model/errors.js";
export {
	EXPECTATIONS,
	FACTS_OF_ANY,
	type Facts,
	type RawFacts,
	readFacts,
} from "./model/facts.js";
export { identityFacts } from "./model/identity.js";
export { MANUALS } from "./model/manuals.js";
export { formatVersion } from "./model/version.js";
export { type Judgement, judge } from "./planning/judge.js";
export {
	concerns,
	outline,
	plan,
	SUITES,
} from "./planning/plan.js";
export type { PlannedCase } from "./planning/plannedCase.js";

/** Everyone who tries, on a current kernel. */
export const SUBJECTS = subjectsFor(FACTS_OF_ANY);
