/** What is known of the kernel, and the rows that ask a kernel about it. */

export interface Statement {
	readonly says: string;
	/** `suite.row`, of this suite or of another; empty where `unasked` says why no row asks. */
	readonly rows: readonly string[];
	readonly unasked?: string;
}
