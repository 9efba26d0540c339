/** Lists every parser that is fuzzed. */
import { FILE_TARGETS } from "./fileTargets.js";
import { GUEST_TARGETS } from "./guestTargets.js";
import type { FuzzTarget } from "./target.js";

export const TARGETS: readonly FuzzTarget[] = [
	...GUEST_TARGETS,
	...FILE_TARGETS,
];
