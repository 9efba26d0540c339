/** What is wanted before the model is: its checks take long to load. */

/** Raised when a key of the JSON report changes its meaning or goes away; adding keys does not raise it. */
export const SCHEMA_VERSION = 2;

/**
 * `pass` and `fail` judge the kernel. `skip`: a fact says that the case can't apply. `error`: the subject could
 * not be made, or the harness failed. `timeout`: the case's deadline passed. `crash`: the kernel or the guest died
 * in it. `not_run`: the run ended before its turn.
 */
export const VERDICTS = [
	"pass",
	"fail",
	"skip",
	"error",
	"timeout",
	"crash",
	"not_run",
] as const;
export type Verdict = (typeof VERDICTS)[number];
