/** What is asked of a kernel, what it must answer, and what an answer means. */
import { FACTS_OF_ANY } from "./facts.js";
import { subjectsFor } from "./plan.js";

export {
	FACTS_OF_ANY,
	type Facts,
	type RawFacts,
	readFacts,
} from "./facts.js";
export { type Judgement, judge } from "./judge.js";
export { MANUALS } from "./manuals.js";
export { concerns, outline, type PlannedCase, plan, SUITES } from "./plan.js";
export { formatVersion } from "./version.js";

/** Everyone who tries, on a current kernel. */
export const SUBJECTS = subjectsFor(FACTS_OF_ANY);
