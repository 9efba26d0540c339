/** /proc/sys/kernel/tainted: what a kernel remembers of its own trouble. The agent tells it with the case that changed it. */
import type { Finding, FindingKind } from "../../vm/index.js";

/** The flags, by bit: letter, what it says, and the kind of complaint. Documentation/admin-guide/tainted-kernels.rst */
const FLAGS: readonly (readonly [string, string, FindingKind])[] = [
	["P", "a proprietary module was loaded", "taint"],
	["F", "a module was loaded by force", "taint"],
	["S", "the processor is out of specification", "taint"],
	["R", "a module was unloaded by force", "taint"],
	["M", "a machine check came", "warning"],
	["B", "a bad page, or memory misused", "bug"],
	["U", "a program asked for it", "taint"],
	["D", "the kernel oopsed", "oops"],
	["A", "an ACPI table was overridden", "taint"],
	["W", "the kernel warned", "warning"],
	["C", "a staging driver was loaded", "taint"],
	["I", "a bug of the firmware was worked around", "taint"],
	["O", "a module of another tree was loaded", "taint"],
	["E", "an unsigned module was loaded", "taint"],
	["L", "a soft lockup came", "lockup"],
	["K", "the kernel was patched while it ran", "taint"],
	["X", "a distribution's own flag", "taint"],
	["T", "the structures' layout is random", "taint"],
	["N", "a test of the kernel's ran", "taint"],
	["J", "a device's firmware was changed by hand", "taint"],
];

/** A mask that the agent may tell: the kernel has twenty flags. */
const TAINT = / taint=(\d{1,9})(?= |$)/;

/** Watches the flags of one guest. */
export class TaintWatch {
	#before: number;

	/** @param told the fact `tainted`, before the first case. What a guest tells may be anything. */
	constructor(told: string | undefined) {
		this.#before = /^\d{1,9}$/.test(told ?? "") ? Number(told) : 0;
	}

	/** A reply without the agent's word on the flags, and what has newly come of them. */
	take(payload: string): { payload: string; findings: Finding[] } {
		const said = TAINT.exec(payload);
		if (said === null) return { payload, findings: [] };
		const before = this.#before;
		const now = Number(said[1]);
		this.#before = now;
		const rest = payload.replace(TAINT, "");
		const fresh = now & ~before;
		const findings = Array.from({ length: 30 }, (_, bit) => bit)
			.filter((bit) => (fresh & (1 << bit)) !== 0)
			.map((bit): Finding => {
				const [letter = "?", what = `flag ${bit}`, kind = "taint"] =
					FLAGS[bit] ?? [];
				return {
					kind,
					line: `/proc/sys/kernel/tainted: ${before} before, ${now} after (${letter}: ${what})`,
				};
			});
		return { payload: rest, findings };
	}
}
