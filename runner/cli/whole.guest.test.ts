/**
 * The whole plan on real kernels, as a user runs it: a stock kernel guards what it should. And no result hangs on what ran before
 * it, nor on whether the subject was made for it.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { type CaseResult, Report } from "../../results/model/model.js";
import { comesTo } from "../execute/rounds.js";
import { cli } from "./spawnCli.test.helper.js";

const WAYS = [[], ["--shuffle", "2"], ["--shuffle", "3", "--fresh-subjects"]];

for (const kernel of ["debian:sid", "debian:bookworm@arm64"])
	test(`${kernel}: no case failed, few were skipped, in three orders, the plan's among them, and with fresh subjects`, async (t) => {
		const folder = t.testdir();
		const found: Map<string, string>[] = [];
		for (const way of WAYS) {
			const args = ["run", "--kernel", kernel, "--report", "json=r.json"];
			const { status, stderr } = await cli([...args, ...way], {
				cwd: folder,
			});
			const cases = casesIn(join(folder, "r.json"));
			assert.deepEqual(cases.filter(isBad).map(story).slice(0, 20), []);
			assert.equal(status, 0, stderr);
			found.push(new Map(cases.map((one) => [one.id, outcome(one)])));
		}
		const [first = new Map<string, string>(), ...others] = found;
		assert.ok(first.size > 4000, `${first.size} cases`);
		for (const other of others) {
			assert.equal(other.size, first.size);
			const different = [...first].filter(([id, is]) => other.get(id) !== is);
			assert.deepEqual(
				different.map(([id, is]) => [id, is, other.get(id)]).slice(0, 10),
				[],
			);
		}
	});

test("each case of a security module runs where that is active, and passes", async (t) => {
	const folder = t.testdir();
	const { status, stderr } = await cli(
		[
			...["run", "--kernel", "debian:bookworm", "--suite", "lsm"],
			...["--lsm", "apparmor,selinux,tomoyo", "--max-skipped", "100"],
			...["--shuffle", "4", "--report", "json=r.json"],
		],
		{ cwd: folder },
	);
	const text = readFileSync(join(folder, "r.json"), "utf8");
	const { targets } = Report.parse(JSON.parse(text));
	assert.deepEqual(
		targets.map(({ name }) => name.replace(/^.*\+/, "")),
		["apparmor", "selinux", "tomoyo"],
	);
	const cases = targets.flatMap((target) => target.cases);
	assert.deepEqual(cases.filter(isBad).map(story).slice(0, 20), []);
	assert.equal(status, 0, stderr);
	const passed = cases
		.filter(({ verdict }) => verdict === "pass")
		.map(({ id }) => id);
	assert.equal(new Set(passed).size, targets[0]?.planned);
	// Landlock and the BPF module are there whichever of the others is.
	const confining = passed.filter((id) => !/^lsm\.(landlock|bpf)_/.test(id));
	assert.equal(new Set(confining).size, confining.length);
	for (const { facts, name } of targets)
		assert.match(String(facts.lsm), new RegExp(name.replace(/^.*\+/, "")));
});

/** The cases of a complete report of one target, of which few were skipped. */
function casesIn(file: string): readonly CaseResult[] {
	const { targets } = Report.parse(JSON.parse(readFileSync(file, "utf8")));
	const [target] = targets;
	assert.ok(target?.complete, target?.incompleteReason);
	const { cases } = target;
	// Of the security modules only one confines: the cases of the others are skipped.
	const skipped = cases.filter(
		({ verdict, suite }) => verdict === "skip" && suite !== "lsm",
	);
	assert.ok(skipped.length < 0.03 * cases.length, `${skipped.length} skipped`);
	assert.ok(cases.every(({ replay }) => replay.crprobe && replay.qemu));
	return cases;
}

const isBad = ({ verdict }: CaseResult): boolean =>
	verdict !== "pass" && verdict !== "skip";

const story = ({ verdict, id, expected, observed }: CaseResult): string =>
	`${verdict}; ${id}; expected ${expected}; observed ${observed}`;

/** What may not differ: the verdict, what was observed but for what the kernel picks, and the subject as read back. */
const outcome = (one: CaseResult): string =>
	`${comesTo(one)} ${one.readback ?? ""}`;
