/** A complaint of the kernel's, weighed. */

/** Something that the kernel printed and should not have. */
export interface Complaint {
	/** The case that was running; null before the first and after the last. */
	readonly n: number | null;
	/** What it makes of the case: the kernel's death, a failure, or only something to be told. */
	readonly weight: "crash" | "fail" | "note";
	/** The line that gave it away, then what followed it. */
	readonly lines: readonly string[];
}
