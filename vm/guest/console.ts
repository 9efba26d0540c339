/** The kernel's console: lines cleaned of what terminals obey, what a kernel complains of, and which case was running. */

/** What a kernel complains of. */
export type FindingKind =
	| "panic"
	| "oops"
	| "bug"
	| "warning"
	/** A soft, hard or workqueue lockup. */
	| "lockup"
	/** RCU waits too long for a processor. */
	| "stall"
	| "hung-task"
	| "kasan"
	| "kmsan"
	| "kfence"
	| "ubsan"
	| "kcsan"
	/** A lock used in a way that can deadlock, or RCU without its protection. */
	| "lockdep"
	| "refcount"
	/** A linked list is corrupt. */
	| "list"
	/** /proc/sys/kernel/tainted says more than before, and no other kind says why. */
	| "taint";

/** A line in which the kernel complains. `caseN`: the request whose marker stood last on the console. */
export interface Finding {
	kind: FindingKind;
	line: string;
	caseN?: number;
}

export interface ConsoleLine {
	text: string;
	caseN?: number;
}

/**
 * In order: the first that matches names the line. Guests write what they like, and a line is long: no repetition without a
 * bound may stand before another.
 */
const PATTERNS: readonly (readonly [FindingKind, RegExp])[] = [
	["panic", /Kernel panic - not syncing/],
	["kasan", /\bKASAN: /],
	["kmsan", /\bKMSAN: /],
	["kfence", /\bKFENCE: /],
	["kcsan", /\bKCSAN: /],
	["ubsan", /\bUBSAN: /],
	["refcount", /\brefcount_t: /],
	["refcount", /WARNING: .{0,80}\blib\/refcount\.c:\d/],
	["list", /\blist_(add|del) (corruption|double add)\b/],
	["list", /WARNING: .{0,80}\blib\/list_debug\.c:\d/],
	// Under emulation these, like stalls, may be the emulator's slowness.
	["lockup", /\b(soft|hard|workqueue) lockup\b|Watchdog detected hard LOCKUP/i],
	["stall", /\brcu.{0,60}detected (stall|expedited stall)s?\b/],
	["stall", /INFO: rcu\w{0,20} detected/],
	["hung-task", /INFO: task .{1,100} blocked for more than \d{1,9} seconds/],
	["lockdep", /(possible recursive|inconsistent|circular) lock(ing|ed)? /],
	["lockdep", /possible irq lock inversion dependency|-unsafe lock order det/],
	["lockdep", /bad (unlock|contention) balance|held lock freed!/i],
	["lockdep", /lock held (when returning to user space|at )/],
	["lockdep", /Nested lock was not taken|Invalid wait context/],
	["lockdep", /suspicious RCU usage|trying to register non-static key/],
	["lockdep", /WARNING: .{0,80}\bkernel\/locking\/lockdep\.c:\d/],
	["oops", /Unable to handle kernel /],
	["oops", /Unable to handle fault for address/],
	["oops", /BUG: unable to handle /],
	["oops", /BUG: kernel NULL pointer dereference/],
	["oops", /\bInternal error: /],
	["oops", /\bOops(:| -| ?\[|$)/],
	["oops", /general protection fault[:,]/],
	["oops", /PANIC: (double|early) (fault|exception)/],
	["oops", /Kernel access of bad area/],
	["oops", /traps: PANIC/],
	["bug", /kernel BUG at /i],
	["bug", /\bBUG: /],
	// SLUB's: the cache, then what it found.
	["bug", /\bBUG \S{1,100} \((Not tainted|Tainted: )/],
	["warning", /WARNING: CPU: \d{1,9} PID: \d{1,9} at /],
	// Newer kernels: the place first, where it is known, and the CPU last.
	["warning", /WARNING: (\S{1,200}:\d{1,9} )?at [^,]{1,200}, CPU#\d/],
	["warning", /WARNING: .{0,60}\bat \S{1,200}\.[chS]:\d/],
	["warning", /VFS: Busy inodes after unmount/],
];

/** Lines that look like complaints and are none. */
const HARMLESS: readonly RegExp[] = [
	/lockdep is turned off/,
	// A table of lockdep's is full; it says nothing of the locks.
	/BUG: MAX_\w{1,40} too low!/,
	/INFO: NMI handler .{0,100} took too long/,
	/Stall ended before state dump start/,
	/Kernel command line: /,
	/Unknown kernel command line parameters/,
];

const BANNER = /^(?:\[[^\]]*\] ?)?Linux version \d/;
const MARKER = /(?:^|\] ?)crcap: case (0|[1-9]\d{0,8})$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the bytes to be removed
const ANSI = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)/g;

const LF = 0x0a;
/** A longer line is cut here, bytes. */
const MAX_LINE = 4096;
/** So many lines are kept. */
const MAX_LINES = 5000;
/** So many findings of a kind are kept; beyond them the first of that kind in each case. */
const MAX_FINDINGS = 200;
/** And no more of a kind than this, bytes: a guest may claim any number of cases. */
const MAX_KIND_BYTES = 4 * 1024 * 1024;
/** What a finding takes beside its text, about. */
const FINDING_BYTES = 100;
/** Findings after which a guest is often lost. */
const DEADLY: ReadonlySet<FindingKind> = new Set(["panic", "oops", "bug"]);
/** So many lines before such a finding tell what led to it. */
const BEFORE_DEATH = 3;

/** What a terminal would show of a line: no escape sequences, no carriage returns, `\xNN` for what cannot be printed. */
export function cleanLine(raw: Buffer): string {
	return raw
		.toString("latin1")
		.replace(ANSI, "")
		.replace(/\r/g, "")
		.replace(/\t/g, " ")
		.replace(
			/[^\x20-\x7e]/g,
			(char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
		);
}

/** The case that a clean line begins: the agent writes `crcap: case N` to the kernel's log before each. */
export function markedCase(line: string): number | undefined {
	const n = MARKER.exec(line)?.[1];
	return n === undefined ? undefined : Number(n);
}

/** True where a kernel is broken from there on. */
export function isDeadly(kind: FindingKind): boolean {
	return DEADLY.has(kind);
}

/** What a clean line complains of, if it does. */
export function classify(line: string): FindingKind | undefined {
	if (HARMLESS.some((pattern) => pattern.test(line))) return undefined;
	return PATTERNS.find(([, pattern]) => pattern.test(line))?.[0];
}

/** The findings of one kind, within bounds: a flood of one kind leaves space for the others, one in a case for other cases. */
class Quota {
	#count = 0;
	#bytes = 0;
	readonly #cases = new Set<number | undefined>();

	/** True where there is space for it, which it then takes. */
	takes({ line, caseN }: Finding): boolean {
		const bytes = line.length + FINDING_BYTES;
		if (this.#count >= MAX_FINDINGS && this.#cases.has(caseN)) return false;
		if (this.#bytes + bytes > MAX_KIND_BYTES) return false;
		this.#count++;
		this.#bytes += bytes;
		this.#cases.add(caseN);
		return true;
	}
}

/** Reads a console as it grows; keeps the latest lines and the findings, within fixed bounds. */
export class ConsoleLog {
	readonly findings: Finding[] = [];
	/** How often the kernel said `Linux version`: twice means that it was rebooted. */
	banners = 0;
	/** Bytes seen. */
	bytes = 0;
	readonly #quotas = new Map<FindingKind, Quota>();
	#lines: ConsoleLine[] = [];
	/** The number of lines that were let go. */
	#dropped = 0;
	#partial: Buffer = Buffer.alloc(0);
	#skipping = false;
	#caseN: number | undefined;
	/** The line of the first deadly finding. */
	#deathAt: number | undefined;

	/** Takes the next bytes; returns the findings in them. */
	feed(chunk: Uint8Array): Finding[] {
		this.bytes += chunk.length;
		const before = this.findings.length;
		let data = Buffer.concat([this.#partial, chunk]);
		for (let at = data.indexOf(LF); at >= 0; at = data.indexOf(LF)) {
			if (!this.#skipping) this.#line(data.subarray(0, at));
			this.#skipping = false;
			data = data.subarray(at + 1);
		}
		if (data.length > MAX_LINE) {
			if (!this.#skipping) this.#line(data);
			this.#skipping = true;
			data = data.subarray(data.length);
		}
		this.#partial = Buffer.from(this.#skipping ? [] : data);
		return this.findings.slice(before);
	}

	/** The stream is over: an unfinished line counts. */
	end(): void {
		if (this.#partial.length) this.feed(Buffer.from("\n"));
	}

	/** A place in the log; lines that come later are `since` it. */
	mark(): number {
		return this.#dropped + this.#lines.length;
	}

	/** The lines after a mark, at most the last `max`. */
	since(mark: number, max = 200): string[] {
		const from = Math.max(
			0,
			mark - this.#dropped,
			this.#lines.length - Math.max(0, max),
		);
		return this.#lines.slice(from).map((line) => line.text);
	}

	/** The last lines, an unfinished one included. */
	tail(max = 40): string[] {
		const lines = this.#lines.slice(-max).map((line) => line.text);
		if (this.#partial.length) lines.push(cleanLine(this.#partial));
		return lines.slice(-max);
	}

	/** The last lines; where the kernel died before them, what it said then, a gap, and fewer of the last. */
	evidence(max = 40): string[] {
		const tail = this.tail(max);
		const start = this.mark() - tail.length;
		if (this.#deathAt === undefined || this.#deathAt >= start) return tail;
		const from = Math.max(0, this.#deathAt - BEFORE_DEATH - this.#dropped);
		const head = this.#lines
			.slice(from, from + Math.floor(max / 2))
			.map((line) => line.text);
		return [...head, "[…]", ...tail.slice(head.length + 1)];
	}

	/** What the kernel printed while request N was running, without the marker. */
	forCase(n: number, max = 100): string[] {
		return this.#lines
			.filter((line) => line.caseN === n && markedCase(line.text) === undefined)
			.slice(0, max)
			.map((line) => line.text);
	}

	#line(raw: Buffer): void {
		const cut = raw.length > MAX_LINE;
		const text =
			cleanLine(cut ? raw.subarray(0, MAX_LINE) : raw) + (cut ? "…" : "");
		if (BANNER.test(text)) this.banners++;
		this.#caseN = markedCase(text) ?? this.#caseN;
		const caseN = this.#caseN === undefined ? {} : { caseN: this.#caseN };
		this.#lines.push({ text, ...caseN });
		const kind = classify(text);
		if (kind && DEADLY.has(kind)) this.#deathAt ??= this.mark() - 1;
		if (kind) this.#note({ kind, line: text, ...caseN });
		if (this.#lines.length > MAX_LINES) {
			this.#lines.splice(0, MAX_LINES / 10);
			this.#dropped += MAX_LINES / 10;
		}
	}

	#note(finding: Finding): void {
		const quota = this.#quotas.get(finding.kind) ?? new Quota();
		this.#quotas.set(finding.kind, quota);
		if (quota.takes(finding)) this.findings.push(finding);
	}
}
