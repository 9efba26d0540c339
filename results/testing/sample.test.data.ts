/** The fixed result set behind every golden file: every verdict, and every string that ever hurt a report. */
import { noTotals, planGroups } from "../model/counts.js";
import type {
	CaseResult,
	Report,
	TargetResult,
	Verdict,
} from "../model/model.js";

/** What hostile guests, files and people write. */
export const HOSTILE = {
	ansi: "\u001b[31mred\u001b[0m \u001b]0;title\u0007 \u009b2J",
	cdata: "]]> <![CDATA[ &amp; &lt;",
	script: "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)>",
	directive: "done # SKIP not really # TODO neither",
	invalid: `\ufffd\ufffd lone \ud800 surrogates \udc00 and a noncharacter \ufffe`,
	nul: "a\u0000b",
	lines: "one\nnot ok 1 - injected\nBail out! injected\n  ...\n1..0\r\nok 2",
	bidi: "\u202egnp.exe\u2066",
	yaml: "'- {a: [b, *c, !!x]}: |\n  ---\n  ...",
	markdown: "| a | `b` <b>c</b> | [d](javascript:e) ```",
	path: "C:\\new\\# SKIP",
	long: `start ${"x".repeat(1024 * 1024)} end`,
};

const SUBJECTS = ["uid0-none", "uid1000-cap_checkpoint_restore", "userns-all"];
const BOUNDARIES = ["ns_last_pid", "set_tid", "map_files", "exe_fd"];

interface Row {
	verdict: Verdict;
	reason: string;
	observed: string;
	more?: Partial<CaseResult>;
}

const PASS: Row = {
	verdict: "pass",
	reason:
		"CAP_CHECKPOINT_RESTORE in the owner of the pid namespace is required",
	observed: "EPERM",
};

/** What is not simply passed, by `BOUNDARY.probe.SUBJECT`. */
const ROWS: Record<string, Row> = {
	"ns_last_pid.write.uid0-none": {
		verdict: "fail",
		reason: "the write must be refused without the capability",
		observed: "ok, the next pid was 9001",
		more: { console: ["[    1.5] audit: something", HOSTILE.ansi] },
	},
	"ns_last_pid.read.userns-all": {
		verdict: "skip",
		reason: `CONFIG_CHECKPOINT_RESTORE is not set ${HOSTILE.directive}`,
		observed: "",
	},
	"set_tid.free_tid.uid0-none": {
		verdict: "error",
		reason: `the subject could not be made: ${HOSTILE.lines}`,
		observed: HOSTILE.nul,
	},
	"set_tid.live_tid.uid0-none": {
		verdict: "fail",
		reason: HOSTILE.directive,
		observed: HOSTILE.script,
		more: {
			expected: HOSTILE.cdata,
			args: HOSTILE.markdown,
			readback: HOSTILE.invalid,
			console: [HOSTILE.script, HOSTILE.cdata, HOSTILE.bidi, HOSTILE.long],
			replay: { crprobe: `crprobe 'x=${HOSTILE.path}'`, qemu: HOSTILE.yaml },
		},
	},
	"set_tid.live_tid.userns-all": {
		verdict: "fail",
		reason: "expected the capability to be enough",
		observed: "EPERM",
		more: { known: { reason: "reported upstream", until: "2027-01-31" } },
	},
	"set_tid.free_tid.userns-all": {
		...PASS,
		more: { known: { reason: "was broken on this branch" } },
	},
	"map_files.write.userns-all": {
		verdict: "timeout",
		reason: "no answer within 10 s",
		observed: "",
		more: { known: { reason: "slow machine" } },
	},
	"map_files.read.uid0-none": {
		verdict: "timeout",
		reason: "no answer within 10 s",
		observed: "",
		more: { durationUs: 10_000_000 },
	},
};

function oneCase(suite: string, probe: string, subject: string): CaseResult {
	const row = ROWS[`${suite}.${probe}.${subject}`] ?? PASS;
	return {
		id: `${suite}.${probe}.${subject}`,
		suite,
		probe,
		args: "pid=9000",
		subject,
		verdict: row.verdict,
		reason: row.reason,
		expected: "EPERM",
		observed: row.observed,
		citation: {
			ref: "124ea650d3072b005457faed69909221c2905a1f",
			since: "5.9",
			note: "kernel/pid.c alloc_pid()",
		},
		durationUs: row.verdict === "skip" ? 0 : 1234,
		readback: "uid=1000 eff=0000010000000000",
		replay: {
			crprobe: `crprobe 'capset=eff:checkpoint_restore -- ${suite}.${probe}=9000'`,
			qemu: "qemu-system-x86_64 -kernel vmlinuz -nographic",
		},
		...row.more,
	};
}

function probesOf(suite: string): string[] {
	if (suite === "set_tid") return ["free_tid", "live_tid"];
	return suite === "exe_fd" ? ["swap"] : ["read", "write"];
}

function cases(): CaseResult[] {
	return BOUNDARIES.flatMap((suite) =>
		probesOf(suite).flatMap((probe) =>
			SUBJECTS.map((subject) => oneCase(suite, probe, subject)),
		),
	);
}

/** The same cases on a guest that dies in the 9th: what follows never ran. */
function lostCases(): CaseResult[] {
	return cases().map((one, index): CaseResult => {
		if (index < 8) {
			return {
				...one,
				verdict: "pass",
				reason: PASS.reason,
				observed: "EPERM",
			};
		}
		const { readback: _, known: __, console: ___, ...rest } = one;
		if (index > 8) {
			return {
				...rest,
				verdict: "not_run",
				reason: "the guest was lost before its turn",
				observed: "",
				citation: null,
				durationUs: 0,
				replay: { crprobe: rest.replay.crprobe },
			};
		}
		return {
			...rest,
			verdict: "crash",
			reason: "the kernel died while this case ran",
			observed: "Kernel panic - not syncing: Fatal exception",
			console: ["BUG: kernel NULL pointer dereference", "Kernel panic"],
		};
	});
}

function target(
	name: string,
	arch: string,
	release: string,
	results: CaseResult[],
	lost?: string,
): TargetResult {
	const totals = noTotals();
	for (const { verdict } of results) totals[verdict] += 1;
	return {
		name,
		kind: "qemu",
		kernel: {
			release,
			arch,
			path: `/boot/vmlinuz-${release}`,
			sha256: "ab".repeat(32),
			version: `Linux version ${release} (builder) #1 SMP`,
			source: `linux-image-${release} 1-1`,
		},
		accel: "tcg",
		accelReason: "no guest reached user space with KVM within 10 s",
		facts: {
			cap_last_cap: 40,
			"config.CHECKPOINT_RESTORE": "y",
			lsm: `capability ${HOSTILE.directive}`,
			user_namespaces: true,
		},
		tools: { crprobe: "0.1.0", node: "20.20.2", qemu: "7.2.22" },
		planned: results.length,
		groups: planGroups(results),
		complete: lost === undefined,
		...(lost !== undefined && { incompleteReason: lost }),
		notes: ["the first boot died before the agent's first word"],
		totals,
		durationMs: 2345.5,
		...(lost !== undefined && {
			consoleTail: ["Kernel panic - not syncing", HOSTILE.ansi],
		}),
		cases: results,
	};
}

/** Two targets: one that ran to its end, and one whose guest was lost. */
export function sampleReport(): Report {
	return {
		schemaVersion: 2,
		tool: { name: "crcap", version: "1.2.3" },
		startedAt: "2026-11-22T05:00:00.000Z",
		plannedTargets: 2,
		targets: [
			target(
				"debian:bookworm/cloud",
				"x86_64",
				"6.1.0-56-cloud-amd64",
				cases(),
			),
			target(
				"sid # SKIP </script>",
				"aarch64",
				"7.2.13-arm64",
				lostCases(),
				"the kernel panicked",
			),
		],
	};
}

/** A report of one target with nothing wrong. */
export function cleanReport(): Report {
	const { schemaVersion, tool, startedAt } = sampleReport();
	const results = cases().map((one): CaseResult => {
		const { known: _, console: __, ...rest } = one;
		return { ...rest, verdict: "pass", reason: PASS.reason, observed: "EPERM" };
	});
	return {
		schemaVersion,
		tool,
		startedAt,
		plannedTargets: 1,
		targets: [
			target(
				"debian:bookworm/cloud",
				"x86_64",
				"6.1.0-56-cloud-amd64",
				results,
			),
		],
	};
}
