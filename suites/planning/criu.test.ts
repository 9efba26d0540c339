import assert from "node:assert/strict";
import { test } from "tap";
import { judgeHonest, KERNELS, kernel } from "./kernels.test.helper.js";
import { plan } from "./plan.js";
import type { PlannedCase } from "./plannedCase.js";

const CASES = plan(KERNELS["6.1"]).filter(({ suite }) => suite === "criu");
const caseOf = (id: string): PlannedCase => {
	const found = CASES.find((one) => one.id === `criu.${id}`);
	assert.ok(found, id);
	return found;
};
const PLAIN = caseOf("plain.criu_ambient-cap_checkpoint_restore");
const END = "obs 1 us=5 end=ok";
const LOG = "Can%27t%20fork%20for%20302:%20Operation%20not%20permitted";

test("CRIU's success is the victim's going on", async () => {
	const judged = (outcome: string, control = "resumed") =>
		judgeHonest(
			PLAIN,
			`${END} r=criu_check:0:Looks%20good. r=criu:0:${outcome} r=criu_log:0:${LOG} r=controlled:0:${control}`,
		);
	assert.equal(judged("resumed", "not%20asked").verdict, "pass");
	for (const outcome of [
		"restore%20failed",
		"dump%20failed",
		"restored%20with%20another%20pid",
		"restored,%20but%20it%20does%20not%20go%20on",
		"restored,%20but%20it%20began%20anew",
	])
		assert.equal(judged(outcome).verdict, "fail", outcome);
	const failed = judged("restore%20failed");
	assert.equal(failed.boundary, "set_tid");
	assert.match(failed.reason, /which points at set_tid/);
	const skipped = judged("restore%20failed", "restore%20failed:%20no%20INET");
	assert.equal(skipped.verdict, "skip");
	assert.match(skipped.reason, /no INET/);
	assert.equal(skipped.boundary, undefined);
});

test("a deleted file is closed to a user namespace, and opened there it is a failure", async () => {
	const inside = caseOf("deleted.criu_own_userns-cap_checkpoint_restore");
	const judged = (first: string, second: string, control: string, log = "") =>
		judgeHonest(
			inside,
			`${END} r=criu:0:${first} r=criu_log:0 r=criu_check:0:no r=criu:0:${second} r=criu_log:0${log} r=controlled:0:${control}`,
		);
	const verdictOf = (first: string, second: string, control: string) =>
		judged(first, second, control).verdict;
	assert.equal(verdictOf("dump%20failed", "resumed", "not%20asked"), "pass");
	assert.equal(verdictOf("resumed", "resumed", "not%20asked"), "fail");
	assert.equal(verdictOf("dump%20failed", "dump%20failed", "resumed"), "fail");
	assert.equal(
		verdictOf("dump%20failed", "dump%20failed", "dump%20failed"),
		"skip",
	);
	const fork = judged(
		...(["dump%20failed", "restore%20failed", "resumed"] as const),
		`:${LOG}`,
	);
	assert.equal(fork.boundary, "set_tid", "of the second victim's log");
	assert.equal(
		judged("resumed", "resumed", "not%20asked").boundary,
		"map_files",
	);
});

test("in a container a program whose capability the bounding set lacks is not executed", async () => {
	const bounded = caseOf("plain.criu_container_file-none");
	const judged = (outcome: string) =>
		judgeHonest(
			bounded,
			`${END} r=criu_check:0:${outcome} r=criu:0:${outcome} r=criu_log:0`,
		);
	assert.equal(judged("not%20executed:%20EPERM").verdict, "pass");
	for (const outcome of ["resumed", "not%20executed:%20ENOENT"])
		assert.equal(judged(outcome).verdict, "fail", outcome);
	assert.equal(judged("refused%20by%20CRIU%20itself").verdict, "fail");
	for (const { id, subjectProgram, probeProgram } of CASES) {
		if (!id.includes(".criu_container")) continue;
		const added = id.endsWith("-cap_checkpoint_restore");
		const [, bounding = ""] = / bnd=(\S+) /.exec(subjectProgram) ?? [];
		assert.equal(bounding.includes("+checkpoint_restore"), added, id);
		assert.match(subjectProgram, / pidns proc=/);
		assert.match(probeProgram, /@ .*victim=p,plain /, "a victim inside");
	}
});

test("a victim in namespaces below: what CRIU lacks for it is quoted, and a boundary that is lost fails", async () => {
	const nested = caseOf("nested.criu_ambient-cap_checkpoint_restore");
	assert.match(nested.probeProgram, /victim=p,plain,1000,nested @ /);
	const groups =
		"criu/namespaces.c:946:%20Unable%20to%20drop%20supplementary%20groups:%20Operation%20not%20permitted";
	const judged = (log: string, control: string) =>
		judgeHonest(
			nested,
			`${END} r=criu:0:dump%20failed r=criu_log:0:${log} r=criu_check:0:Looks%20good. r=controlled:0:${control}`,
		);
	const skipped = judged(groups, `dump%20failed:%20${groups}`);
	assert.equal(skipped.verdict, "skip");
	assert.match(skipped.reason, /Unable to drop supplementary groups/);
	const failed = judged("mapfile%20link", "resumed");
	assert.equal(failed.verdict, "fail");
	assert.equal(failed.boundary, "map_files");
});

test("of a program both times are reported, and neither is judged", async () => {
	const program = caseOf("program.criu_ambient-cap_checkpoint_restore");
	const judged = (startup: string) =>
		judgeHonest(
			program,
			`${END} r=criu:0:resumed r=criu_log:0 r=criu_check:0:not%20asked r=startup:0:${startup} r=controlled:0:not%20asked`,
		);
	for (const startup of [
		"from%20nothing%205000%20ms,%20restored%20900%20ms",
		"from%20nothing%20900%20ms,%20restored%205000%20ms",
	]) {
		const { verdict, observed } = judged(startup);
		assert.equal(verdict, "pass");
		assert.match(
			observed,
			/startup ok \(from nothing \d+ ms, restored \d+ ms\)/,
		);
	}
});

test("a guest without CRIU, or without yama, skips what needs them", async () => {
	const skips = (reported: Record<string, string | undefined>) => {
		const facts = kernel("6.1.192");
		const other = { ...facts, reported: { ...facts.reported, ...reported } };
		for (const [name, value] of Object.entries(reported))
			if (value === undefined) delete other.reported[name];
		return plan(other as typeof facts)
			.filter(({ suite, skip }) => suite === "criu" && skip !== undefined)
			.map(({ id, skip }) => `${id}: ${skip}`);
	};
	assert.deepEqual(skips({}), []);
	const without = skips({ criu: undefined });
	assert.equal(without.length, CASES.length);
	assert.match(without[0] ?? "", /carries no CRIU .*--with criu/);
	assert.equal(skips({ yama_ptrace_scope: undefined }).length, 1);
	const [only = "", ...more] = skips({ program: undefined });
	assert.match(only, /^criu\.program\..* carries no program to checkpoint/);
	assert.deepEqual(more, []);
});

test("criu check is asked once a subject, and beside it only where CRIU fails", async () => {
	for (const { id, probeProgram } of CASES) {
		const first = /(^| )criu_check(=[^ ,]+)? (victim=\S+ )?criu=p/.test(
			probeProgram,
		);
		const failed = /criu_log criu_check=[^ ,]*,failed/.test(probeProgram);
		assert.equal(first, id.startsWith("criu.plain."), id);
		assert.equal(failed, !first, id);
	}
	const firsts = new Set(CASES.map(({ subject }) => subject));
	for (const subject of firsts) caseOf(`plain.${subject}`);
});

test("every control is the other capability's", async () => {
	for (const { id, probeProgram } of CASES) {
		const control = /control=c \{ (.*?) \}/.exec(probeProgram)?.[1] ?? "";
		if (id.endsWith("-none")) assert.equal(control, "", id);
		else if (id.endsWith("cap_sys_admin"))
			assert.match(control, /checkpoint_restore/, id);
		else {
			assert.match(control, /sys_admin/, id);
			assert.doesNotMatch(control, /checkpoint_restore/, id);
		}
	}
});
