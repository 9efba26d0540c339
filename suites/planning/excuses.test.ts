/** What a kernel says of itself excuses only what it may. */
import assert from "node:assert/strict";
import { test } from "tap";
import { type Facts, readFacts } from "../model/facts.js";
import { kernel } from "./kernels.test.helper.js";
import { plan } from "./plan.js";

test("a kernel that says that it has no CAP_CHECKPOINT_RESTORE is not believed where its version has it", async () => {
	const facts = { cap_last_cap: "39" };
	const raw = (release: string, expect: string[] = []) =>
		readFacts({
			arch: "x86_64",
			reported: { ...kernel(release, facts).reported },
			expect,
		});
	const exeFd = (facts: Facts) => {
		const found = plan(facts).find(
			({ id }) => id === "exe_fd.change.uid1000-none",
		);
		assert.ok(found);
		return found.results;
	};
	const needing = (facts: Facts) =>
		plan(facts).filter(({ skip }) => /last capability is 39/.test(skip ?? ""));
	for (const release of ["5.9.0", "5.10.0", "6.1.0-30-amd64", "7.3.0-rc1"]) {
		assert.deepEqual(needing(raw(release)), [], release);
		assert.ok(exeFd(raw(release)).includes("EPERM"), release);
		const meant = raw(release, ["no-cap-checkpoint-restore"]);
		assert.ok(needing(meant).length > 0, release);
		assert.ok(exeFd(meant).includes("EINVAL"), release);
	}
	assert.ok(needing(raw("5.8.18")).length > 0);
});

test("a setting that forbids executable memfds is named by what takes one", async () => {
	const skips = plan(kernel("6.12.0", { memfd_noexec: "2" })).filter(
		({ skip }) => /vm\.memfd_noexec is 2/.test(skip ?? ""),
	);
	const programs = skips.map(({ probeProgram }) => probeProgram);
	assert.ok(programs.some((program) => program.includes("memfd=x")));
	assert.ok(programs.some((program) => program.includes(",memfd")));
	assert.ok(programs.every((program) => /memfd|sealed|hugetlb/.test(program)));
	assert.ok(
		!programs.some(
			(program) =>
				/memfd=\w+,noexec/.test(program) && !/memfd=\w+(?: |$)/.test(program),
		),
	);
});
