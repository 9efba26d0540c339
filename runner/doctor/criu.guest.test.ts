/** What the doctor says, and what CRIU then does, of the same subject on the same kernel: one could where the other does. */
import assert from "node:assert/strict";
import { test } from "tap";
import { MACHINES, resolveKernel } from "../../vm/index.js";
import { type System, startSystem } from "../shell/system.test.helper.js";
import { extraEntries, machineForCriu } from "../targets/agents.js";
import type { Diagnosis } from "./diagnosis.js";

const MACHINE = machineForCriu(MACHINES.x86_64);

/** A user of the guest's, and copies of both programs for each set of capabilities in a file. */
const SETUP = [
	"dmesg -n 1; ifconfig lo up; cd /tmp",
	"mkdir /etc; echo u:x:1000:1000::/:/bin/sh >/etc/passwd",
	...["none", "ep", "p"].flatMap((set) => [
		`mkdir ${set}; cp /init ${set}/crprobe; cp /usr/sbin/criu ${set}/criu; chmod -R 755 ${set}`,
		...(set === "none"
			? []
			: ["crprobe", "criu"].map(
					(name) =>
						`crprobe '-- filecap=/tmp/${set}/${name},checkpoint_restore,${set}' | grep -q end=ok`,
				)),
	]),
];

interface Subject {
	readonly name: string;
	/** The folder of the copies that it runs. */
	readonly copies: "none" | "ep" | "p";
	/** The words before a script that it runs; user 1000's where absent. */
	readonly as?: string;
	readonly yama?: number;
	readonly could: boolean;
}

const AS_USER = "su u -c";

const SUBJECTS: readonly Subject[] = [
	{ name: "the capability held", copies: "ep", could: true },
	{ name: "not held", copies: "none", could: false },
	{ name: "permitted only", copies: "p", could: false },
	{
		name: "held by a file that gives nothing under no_new_privs",
		copies: "ep",
		as: "su u -c 'exec setpriv --nnp sh -c \"$0\"'",
		could: false,
	},
	{ name: "held, and yama's scope is 1", copies: "ep", yama: 1, could: false },
	{ name: "root", copies: "none", as: "sh -c", could: true },
];

/** What CRIU asks the kernel for to bring this victim back: its memory is a file that was deleted. */
const TAKES: readonly string[] = ["set_tid", "map_files", "exe_fd", "ptrace"];

const says = ({ criu, boundaries }: Diagnosis): boolean =>
	criu.starts &&
	boundaries.every(({ name, usable }) => usable || !TAKES.includes(name));

/** Runs a script as the subject, without the console. */
const script = ({ as = AS_USER }: Subject, text: string): string =>
	`${as} '${text}' </dev/null`;

async function diagnose(system: System, subject: Subject): Promise<Diagnosis> {
	const command = `exec /tmp/${subject.copies}/crprobe --doctor --json`;
	const said = await system.ask(`${script(subject, command)}; true`);
	const json = said.split("\n").findLast((line) => line.startsWith("{"));
	assert.ok(json, said);
	return JSON.parse(json) as Diagnosis;
}

/** True where a victim was checkpointed and restored, and counts on under its pid. */
async function checkpoints(
	system: System,
	subject: Subject,
	n: number,
): Promise<boolean> {
	const folder = `/tmp/images${n}`;
	const record = `/tmp/victim${n}`;
	const asks = async (line: string): Promise<boolean> =>
		/yes\s*$/.test(await system.ask(`if ${line}; then echo yes; fi`));
	const counts = `cp ${record} /tmp/before; sleep 1; ! cmp -s ${record} /tmp/before`;
	const starts = `cd /; setsid /init --victim deleted ${record} >/dev/null 2>&1 & echo $! >/tmp/pid${n}`;
	await system.ask(`su u -c '${starts}' </dev/null; sleep 1`);
	assert.ok(await asks(counts), "the victim counts");
	const criu = (what: string): string =>
		script(
			subject,
			`cd ${folder}; XDG_RUNTIME_DIR=${folder} exec /tmp/${subject.copies}/criu ${what} --unprivileged -v1 -o ${what.slice(0, 4)}.log >>said 2>&1`,
		);
	await system.ask(`mkdir -m 777 ${folder}`);
	const pid = `$(cat /tmp/pid${n})`;
	if (!(await asks(criu("dump -t PID").replace("PID", `'${pid}'`)))) {
		await system.ask(`kill -9 ${pid}; true`);
		return false;
	}
	assert.ok(!(await asks(`kill -0 ${pid} 2>&-`)), "the victim is gone");
	return (
		(await asks(criu("restore -d"))) &&
		(await asks(`kill -0 ${pid} && { ${counts}; }`))
	);
}

test("CRIU does what the doctor says that it could", async (t) => {
	const signal = new AbortController().signal;
	const files = await extraEntries(MACHINE, [], { signal, say: () => {} });
	const { bootPath } = await resolveKernel("debian:bookworm@amd64");
	const system = await startSystem(bootPath, MACHINE, files);
	t.after(() => system.stop());
	for (const line of SETUP) await system.ask(line);
	for (const [n, subject] of SUBJECTS.entries())
		await t.test(subject.name, async () => {
			const scope = "/proc/sys/kernel/yama/ptrace_scope";
			await system.ask(`echo ${subject.yama ?? 0} >${scope}`);
			const could = says(await diagnose(system, subject));
			assert.equal(could, subject.could);
			const done = await checkpoints(system, subject, n);
			const logs = `cat /tmp/images${n}/said /tmp/images${n}/*.log`;
			assert.equal(done, could, await system.ask(`${logs}; true`));
		});
});
