/** What is asked of a kernel, what it must answer, and what an answer means. */
export { readFacts, type Facts, type RawFacts } from "./facts.js";
export { judge, type Judgement } from "./judge.js";
export { plan, type PlannedCase, SUITES } from "./plan.js";
export { SUBJECTS } from "./subjects.js";
export { formatVersion } from "./version.js";
