/** Subjects that the agent makes once: what happens to one case costs no other. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { bootGuest, MACHINES, resolveKernel } from "../../vm/index.js";

/** The tests' own agent, with steps that do damage. */
const AGENT = fileURLToPath(
	new URL("../../agent/test/crprobe-x86_64", import.meta.url),
);

const NAMES = [
	"subject 0 uid=1000 caps=none dumpable=1 userns=0:1000:1 pidns caps=none dumpable=1 --=uid:0,userns:new,pidns:new,depth:2",
	"subject 1 caps=all --=uid:0",
	"subject 2 uid=1000 --=uid:1001",
	"subject 3 uid=1000 caps=none dumpable=1 userns=0:1000:1 pidns userns=0:0:1 pidns userns=0:0:1 pidns caps=none dumpable=1 --=uid:0,depth:4",
	"program 0 fork",
	"program 1 killall",
	"program 2 hang=case",
	"program 3 own @ fork",
	"program 4 spoil_subject",
];

/** Subject, program, and what the answer must be. */
const CASES: readonly (readonly [number, number, RegExp])[] = [
	[0, 0, /end=ok who=\S+ r=fork:0:302\/3$/],
	[0, 0, /end=ok who=\S+ r=fork:0:302\/3$/],
	// As the first process of its own namespace.
	[0, 3, /end=ok who=\S+ r=fork:0:303\/2$/],
	[3, 0, /end=ok who=\S+ r=fork:0:302\/\d+\/\d+\/3$/],
	[1, 1, /end=ok who=\S+ r=killall:0$/],
	// Its processes are gone: it is made anew.
	[0, 0, /end=ok who=\S+ r=fork:0:30\d\/\d+$/],
	[3, 0, /end=ok who=\S+ r=fork:0:30\d\/\d+\/\d+\/\d+$/],
	[0, 2, /end=deadline/],
	[0, 0, /end=ok who=\S+ r=fork:0:302\/3$/],
	[
		2,
		0,
		/end=subject at=-- why=the%20subject%20as%20read%20back%20has%20not%20uid%3A1001/,
	],
	[
		2,
		0,
		/end=subject at=-- why=the%20subject%20as%20read%20back%20has%20not%20uid%3A1001/,
	],
	[1, 0, /end=ok who=\S+ r=fork:0:302$/],
];

/** Subject 1 once what is forked from it is another: nothing is tried, and who makes itself is as before. */
const SPOILED: typeof CASES = [
	[1, 0, /end=ok who=\S+ r=fork:0:302$/],
	[1, 4, /end=ok who=\S+ r=spoil_subject:0$/],
	...[0, 4].map(
		(program) =>
			[
				1,
				program,
				/end=subject at=-- why=a%20process%20forked%20from%20the%20subject%20is%20not%20as%20the%20subject%20was%20read%20back who=\S+$/,
			] as const,
	),
	[1, 3, /end=ok who=\S+ r=fork:0:302$/],
	[0, 0, /end=ok who=\S+ r=fork:0:302\/3$/],
];

for (const [what, cases] of [
	["a subject that was killed, hangs or can't be made", CASES],
	["a case that is not the subject that it was forked from", SPOILED],
] as const)
	test(`${what} costs its case alone`, () => answered(cases));

/** Each case gets its answer, and the guest comes to its end. */
async function answered(cases: typeof CASES): Promise<void> {
	const image = await resolveKernel("debian:bookworm@amd64");
	const guest = await bootGuest({
		kernel: image.bootPath,
		machine: MACHINES.x86_64,
		agent: AGENT,
		accel: "tcg",
	});
	try {
		const answers: string[] = [];
		const asked = cases.map(
			([subject, program], n) => `case ${n} 2000 ${subject} =${program}`,
		);
		await guest.exchange([...NAMES, ...asked], (payload) =>
			answers.push(payload),
		);
		for (const [n, [, , expected]] of cases.entries())
			assert.match(answers[n] ?? "", expected);
		assert.equal(answers.length, cases.length);
		const end = await guest.quit();
		assert.equal(end.kind, "bye", end.reason);
	} finally {
		guest.kill();
		await guest.end;
	}
}
