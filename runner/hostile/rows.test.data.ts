/**
 * What a hostile guest or QEMU does, one row each, and what comes of it. docs/reliability.md has the same table; a test
 * compares the two, and another one runs every row.
 */

export interface Row {
	/** The guest's name in guests.test.helper.ts. */
	readonly key: string;
	/** What it does, after "The guest" or "QEMU" as a group's heading says. */
	readonly does: string;
	/** What crcap makes of it. */
	readonly comes: string;
	readonly status: number;
	/** The verdicts on the four cases, by their first letters: pass, error, timeout, crash, not_run; a regular expression. */
	readonly verdicts: string;
	/** What the report says: in the reasons, the notes, or the console's lines. */
	readonly says?: RegExp;
	readonly args?: readonly string[];
	/** QEMU is a shell script that waits for it. */
	readonly wrapped?: boolean;
	/** The run gets this signal once the guest has left the file `now`. */
	readonly signal?: NodeJS.Signals;
	/** What is not waited for as long as usual: what the guest is to do before it comes long before that. */
	readonly hurry?: "boot" | "case" | undefined;
	/** QEMU's answer to `--help`, in shell. A process of its own: what is remembered of QEMU must not be. */
	readonly help?: string;
}

export interface Group {
	readonly title: string;
	readonly rows: readonly Row[];
}

const PASS = "pppp";
const NONE = "nnnn";
/** The second case has no verdict. What comes after it did not run, or its answer was lost with the guest. */
const LOST = "pe[en][en]";

const BROKE = /broke the protocol/;

/** Rows that end alike: what the guest does in the second case breaks the protocol. */
const broken = (
	key: string,
	does: string,
	says: RegExp = BROKE,
	comes = "the protocol is broken: the guest is ended, the case is an error",
): Row => ({ key, does, comes, status: 3, verdicts: LOST, says });

/** The guest did not come up as it should. */
const unbooted = (
	key: string,
	does: string,
	says: RegExp,
	comes = "the boot is ended, no case ran",
): Row => ({ key, does, comes, status: 3, verdicts: NONE, says });

const fine = (
	key: string,
	does: string,
	comes: string,
	says?: RegExp,
): Row => ({
	key,
	does,
	comes,
	status: 0,
	verdicts: PASS,
	...(says === undefined ? {} : { says }),
});

export const GROUPS: readonly Group[] = [
	{
		title: "Frames of the guest",
		rows: [
			fine("honest", "does all that it should", "every case has its verdict"),
			fine("slow", "takes its time", "every case has its verdict"),
			fine(
				"damaged-once",
				"damages a frame and sends it again when asked",
				"the case has its verdict, and a note counts broken frames",
				/1 frames from the guest were broken/,
			),
			broken(
				"damaged-for-ever",
				"damages a frame whenever it is asked for",
				/frame 4 never came, though/,
				"later frames show that it lives: a broken channel, the case is an error",
			),
			broken(
				"lost-for-ever",
				"never sends a frame, and sends those after it",
				/frame 4 never came, though it was asked for again and 2 later ones did/,
				"later frames show that it lives: a broken channel, the case is an error",
			),
			{
				key: "lost-in-a-bisection",
				does: "does the same under `--bisect`",
				comes: "this commit can't be judged",
				status: 125,
				verdicts: LOST,
				says: /never came/,
				args: ["--bisect"],
			},
			broken(
				"no-longer-kept",
				"says that it does not keep a lost frame any more",
				/does not keep it any more/,
			),
			fine(
				"reordered",
				"sends its frames in another order",
				"their numbers put them in order",
			),
			fine(
				"doubled",
				"sends each frame twice",
				"the second one is dropped, and a note counts them",
				/frames from the guest came again/,
			),
			{
				key: "doubled-otherwise",
				does: "sends a frame again with other content",
				comes:
					"the protocol is broken: the guest is ended; what was answered before stays",
				status: 3,
				verdicts: "pp[en][en]",
				says: /frame 4 came again with other content/,
			},
			broken(
				"doubled-without-end",
				"sends the same frame again without end",
				/frames came again/,
			),
			broken(
				"never-asked",
				"answers a case that was never asked",
				/"obs 999999 .* came where "obs 1" was due/,
			),
			broken(
				"out-of-turn",
				"answers a case before its turn",
				/came where "obs 1" was due/,
			),
			broken(
				"gossip",
				"says something that the protocol does not know",
				/"by the way" came where only replies were due/,
			),
			broken("leap", "numbers a frame far ahead", /frame 4000000000 came/),
			broken(
				"too-long",
				"sends a frame that is longer than any may be",
				/never came/,
				"it counts as broken; a broken channel, the case is an error",
			),
			broken(
				"dripping",
				"begins a frame and lets it drip without end",
				/never came/,
				"only answers count as signs of life; a broken channel, the case is an error",
			),
			unbooted(
				"separators-at-boot",
				"writes 64 KiB of record separators before its first word",
				/2000 broken frames came in a row/,
			),
			broken(
				"separators-in-a-case",
				"writes 64 KiB of record separators in a case",
				/2000 broken frames came in a row/,
			),
			broken(
				"port-flood",
				"floods the agent's port with 1 GB in a case",
				/16 MiB outside frames/,
			),
			unbooted(
				"port-flood-at-boot",
				"floods the agent's port with 1 GB before its first word",
				/16 MiB outside frames/,
			),
			broken(
				"asks-again-without-end",
				"asks for the same line again without end",
				/asks a second time|was answered or never sent/,
			),
			broken(
				"asks-for-what-was-never-sent",
				"asks for a line that was never sent",
				/answered or never sent/,
			),
		],
	},
	{
		title: "What the guest tells",
		rows: [
			unbooted(
				"two-hellos",
				"says hello twice",
				/said "hello .*among its facts/,
			),
			broken("hello-in-a-case", "says hello in a case"),
			broken("ready-in-a-case", "says that it is ready in a case"),
			broken("fact-in-a-case", "tells a fact in a case"),
			unbooted(
				"other-protocol",
				"speaks another version of the protocol",
				/speaks protocol 2, this runner 1/,
			),
			unbooted(
				"no-hello",
				"begins with another word than hello",
				/first word was "ready"/,
			),
			unbooted(
				"oops-at-each-boot",
				"oopses each time that it boots, and comes up all the same",
				/in each of 3 boots the kernel oopsed/,
				"three boots are tried, no case ran",
			),
			unbooted(
				"fact-proto",
				"tells a fact named `__proto__`",
				/among its facts/,
			),
			fine(
				"fact-constructor",
				"tells facts named `constructor`, `toString` and `hasOwnProperty`",
				"they are facts like any other",
			),
			unbooted(
				"facts-without-end",
				"tells more facts than any kernel has",
				/among its facts/,
			),
			fine(
				"facts-that-inject",
				"tells a release and a version with line breaks, escape sequences and lines of TAP",
				"reports show such bytes and never hold them",
			),
			{
				key: "another-subject",
				does: "answers each case as root without capabilities, whoever was to try it",
				comes: "a read-back that does not fit the case is an error",
				status: 3,
				verdicts: "eeee",
				says: /another subject than was asked for: uid is 0, not 1000/,
			},
			{
				key: "no-subject",
				does: "does not tell who tried",
				comes: "without a read-back the case is an error",
				status: 3,
				verdicts: "eeee",
				says: /did not tell who tried/,
			},
			broken(
				"unknown-subject",
				"names a read-back that it never told",
				/names a read-back that was never told/,
			),
			{
				key: "no-observation",
				does: "answers a case with no observation",
				comes: "the case is an error, the others have their verdicts",
				status: 3,
				verdicts: "pepp",
				says: /can't be read/,
			},
			{
				key: "answer-that-injects",
				does: "puts line breaks, escape sequences and markup into an answer",
				comes: "reports show such bytes and never hold them",
				status: 3,
				verdicts: "pepp",
				says: /a preparing step failed/,
			},
			fine(
				"splat-in-an-answer",
				"puts a report of KASAN and a panic into an answer",
				"only the console is the kernel's: nothing comes of it",
			),
			{
				key: "taint-without-a-word",
				does: "tells flags of a kernel that oopsed, and its console says nothing",
				comes: "the case fails: the flags count, too",
				status: 1,
				verdicts: "pfpp",
				says: /tainted: 0 before, 128 after \(D: the kernel oopsed\)/,
			},
			fine(
				"taint-that-is-none",
				"tells flags that no kernel has",
				"nothing comes of it",
			),
		],
	},
	{
		title: "The goodbye",
		rows: [
			{
				...fine(
					"wrong-count",
					"says goodbye with another number of answers",
					"the verdicts stay, and the run is incomplete",
					/the goodbye was "bye 7" after 4 answers/,
				),
				status: 3,
			},
			broken(
				"early-goodbye",
				"says goodbye in a case",
				/"bye 1" came where "obs 1" was due/,
			),
			{
				...fine(
					"after-the-goodbye",
					"goes on after its goodbye",
					"the verdicts stay, and the run is incomplete",
					/came after the goodbye/,
				),
				status: 3,
			},
			fine(
				"goodbye-on-the-console",
				"writes a frame with a goodbye to the console",
				"the console is no channel: nothing comes of it",
			),
			{
				...fine(
					"no-goodbye",
					"falls silent where it is to say goodbye",
					"the verdicts stay, and the run is incomplete",
					/after the last case: the guest was silent/,
				),
				status: 3,
			},
			{
				...fine(
					"leaves-without-goodbye",
					"ends without its goodbye",
					"the verdicts stay, and the run is incomplete",
					/after the last case: QEMU ended without a word/,
				),
				status: 3,
			},
		],
	},
	{
		title: "Silence",
		rows: [
			unbooted(
				"silent-from-the-start",
				"never says anything",
				/the console was silent/,
			),
			unbooted(
				"silent-after-the-banner",
				"falls silent after the kernel's first line",
				/the console was silent/,
			),
			unbooted(
				"silent-after-hello",
				"falls silent after its hello",
				/the console was silent|did not speak/,
			),
			{
				key: "silent-in-a-case",
				does: "falls silent in a case",
				comes: "the case is a timeout: that may be the kernel's doing",
				status: 1,
				verdicts: "ptnn",
				says: /the guest hung in this case: the guest was silent/,
			},
		],
	},
	{
		title: "The console",
		rows: [
			fine(
				"tap-on-the-console",
				"prints lines of TAP, XML and Markdown",
				"nothing of it gets into a report as such",
			),
			fine(
				"bytes-on-the-console",
				"prints a warning with escape sequences, NUL and bytes that are no UTF-8",
				"the report shows the warning with its case, cleaned",
				/the kernel complained while/,
			),
			{
				key: "panic-on-the-console",
				does: "prints the line of a kernel's panic, and goes on",
				comes: "a kernel's own word counts: the case is a crash",
				status: 1,
				verdicts: "pcpp",
				says: /Kernel panic - not syncing: forged/,
			},
			{
				key: "splat-on-the-console",
				does: "prints a report of KASAN, and goes on",
				comes: "the case fails, with the report's first lines",
				status: 1,
				verdicts: "pfpp",
				says: /complained while this case ran: .*KASAN.* been: pass/,
			},
			{
				key: "splat-noted",
				does: "does the same under `--splats note`",
				comes: "the report shows it with its case, which has its verdict",
				status: 0,
				verdicts: PASS,
				says: /KASAN: slab-out-of-bounds/,
				args: ["--splats", "note"],
			},
			{
				key: "warning-that-fails",
				does: "prints a warning under `--splats fail=warning`",
				comes: "the case fails",
				status: 1,
				verdicts: "pfpp",
				says: /complained while this case ran: WARNING/,
				args: ["--splats", "fail=warning"],
			},
			fine(
				"markers-on-the-console",
				"prints the markers of other cases",
				"they move nothing",
			),
			unbooted(
				"console-flood-at-boot",
				"floods the console without end before its first word",
				/did not speak within/,
			),
			{
				key: "console-flood-in-a-case",
				does: "floods the console without end in a case",
				comes: "only answers count as signs of life: the case is a timeout",
				status: 1,
				verdicts: "ptnn",
				says: /the guest was silent/,
			},
			{
				...fine(
					"console-flood-with-an-end",
					"floods the console with 100 MB in a case, and answers",
					"the case has its verdict",
				),
				args: ["--case-timeout", "25"],
			},
			{
				...fine(
					"endless-console-line",
					"prints a line of 100 MB of NUL in a case, and answers",
					"the line is cut, the case has its verdict",
				),
				args: ["--case-timeout", "25"],
			},
			fine(
				"three-banners",
				"prints the kernel's first line three times before it is ready",
				"a note says so",
				/banner came 3 times/,
			),
			{
				key: "banner-in-a-case",
				does: "prints the kernel's first line in a case",
				comes:
					"a guest that booted anew is not the one that was asked: the case is an error",
				status: 3,
				// The console may be read before the answer that came before it.
				verdicts: "[pe]e[en][en]",
				says: /banner came again after the agent was ready/,
			},
		],
	},
	{
		title: "QEMU",
		rows: [
			unbooted("ends-at-once", "ends at once", /QEMU ended without a word/),
			unbooted(
				"fails-at-once",
				"fails at once with words on its standard error",
				/QEMU ended with status 1: qemu: no such/,
				"the reason has its words, cleaned",
			),
			unbooted("ends-after-hello", "ends after hello", /QEMU ended without/),
			unbooted(
				"killed-at-boot",
				"is killed by a signal while the guest boots",
				/QEMU was killed by SIGSEGV/,
			),
			broken(
				"ends-in-a-case",
				"ends in a case without a word",
				/QEMU ended without a word/,
				"that is no word about the kernel: the case is an error",
			),
			broken(
				"killed-in-a-case",
				"is killed by a signal in a case",
				/QEMU was killed by SIGKILL/,
				"that is no word about the kernel: the case is an error",
			),
			{
				key: "resets-in-a-case",
				does: "tells of a reset in a case",
				comes: "the kernel restarted: the case is a crash",
				status: 1,
				verdicts: "pcnn",
				says: /the guest restarted/,
			},
			{
				key: "powers-off-in-a-case",
				does: "tells of a power-off in a case",
				comes: "the kernel powered off: the case is a crash",
				status: 1,
				verdicts: "pcnn",
				says: /powered off before/,
			},
			fine(
				"odd-monitor",
				"says `null`, lists, half a word and a line of 3 MB on its monitor",
				"what is no message is passed over",
			),
			fine(
				"monitor-flood",
				"floods its monitor with 1 GB",
				"what is no message is passed over",
			),
			fine(
				"stderr-flood",
				"writes 100 MB to its standard error",
				"the last 16 KiB are kept",
			),
			{
				key: "script-without-exec",
				does: "is a script that waits for the real one, and the guest is silent at the end of `--timeout`",
				comes: "the script and all that it started are killed",
				status: 3,
				verdicts: NONE,
				says: /--timeout 1/,
				args: ["--timeout", "1", "--case-timeout", "60"],
				wrapped: true,
			},
			{
				key: "script-at-boot",
				does: "is such a script, and the guest does not come up",
				comes: "the script and all that it started are killed",
				status: 3,
				verdicts: NONE,
				says: /the console was silent/,
				wrapped: true,
			},
			{
				key: "interrupted",
				does: "has started what ignores SIGTERM, in a session of its own and with QEMU's pipes, when the run is interrupted",
				comes: "all of it is killed, and the report is written",
				status: 130,
				verdicts: NONE,
				says: /interrupted by SIGTERM/,
				args: ["--case-timeout", "60"],
				signal: "SIGTERM",
			},
			fine(
				"pipes-held-open",
				"leaves such a process behind when it ends",
				"it is killed, and not waited for",
			),
			broken(
				"pipes-held-open-in-a-case",
				"fails in a case and leaves behind what floods the console",
				/QEMU ended with status 1/,
				"it is killed; the case is an error",
			),
			broken(
				"speaks-after-the-kill",
				"goes on to answer after the guest broke the protocol",
				/"gossip" came where/,
				"nothing is believed that comes after the kill",
			),
			{
				key: "help-without-end",
				does: "never answers `--help`, and starts something in a session of its own",
				comes: "`--timeout` ends it, before any report",
				status: 3,
				verdicts: "",
				says: /interrupted/,
				args: ["--timeout", "1"],
				help: "setsid sleep 600 & sleep 600; true",
			},
			{
				key: "help-that-floods",
				does: "answers `--help` without end",
				comes: "it is no QEMU: a wrong command line",
				status: 2,
				verdicts: "",
				says: /does not name its version: it never ends/,
				help: "yes",
			},
		],
	},
];

/** Rows in which a silence must pass. */
const HURRY: Readonly<Record<string, Row["hurry"]>> = {
	"damaged-for-ever": "case",
	"lost-for-ever": "case",
	"lost-in-a-bisection": "case",
	"too-long": "case",
	dripping: "case",
	"no-goodbye": "case",
	"silent-in-a-case": "case",
	"console-flood-in-a-case": "case",
	"silent-from-the-start": "boot",
	"silent-after-the-banner": "boot",
	"silent-after-hello": "boot",
	"console-flood-at-boot": "boot",
	"script-at-boot": "boot",
};

export const ROWS: readonly Row[] = GROUPS.flatMap(({ rows }) =>
	rows.map((row) => ({ ...row, hurry: HURRY[row.key] })),
);
