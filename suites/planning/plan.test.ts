import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { CAPABILITIES, capBits } from "../model/caps.js";
import { CITATIONS } from "../model/citations.js";
import type { Facts } from "../model/facts.js";
import { shownValues } from "../model/observation.js";
import { STEP_KINDS } from "../model/steps.js";
import { KERNELS, kernel } from "./kernels.test.helper.js";
import {
	compose,
	operationsOf,
	outline,
	plan,
	SUITES,
	subjectsFor,
} from "./plan.js";
import type { PlannedCase } from "./plannedCase.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

test("so many cases a suite, each with an id of its own that a report format takes", async () => {
	const cases = plan(null);
	const counts = new Map<string, number>();
	for (const { suite } of cases)
		counts.set(suite, (counts.get(suite) ?? 0) + 1);
	assert.deepEqual(Object.fromEntries(counts), {
		ns_last_pid: 567,
		set_tid: 1121,
		map_files: 780,
		exe_fd: 678,
		ipc_next_id: 739,
		tty_lock: 298,
		controls: 767,
		routes: 16,
		containers: 37,
		workarounds: 10,
		lsm: 380,
		criu: 25,
	});
	assert.deepEqual(
		[...counts.keys()],
		SUITES.map(({ name }) => name),
	);
	assert.equal(new Set(cases.map(({ id }) => id)).size, cases.length);
	for (const { id } of cases)
		assert.match(id, /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/);
});

test("of a plan a part can be had", async () => {
	const whole = plan(KERNELS["6.1"]);
	const some = whole.filter((_, n) => n % 1000 === 7);
	const ids = new Set(some.map(({ id }) => id));
	assert.deepEqual(plan(KERNELS["6.1"], ids), some);
});

test("the outline names what the plan holds, for a kernel with more capabilities as well", async () => {
	const later = kernel("7.2.0", { cap_last_cap: "41" });
	for (const facts of [null, later])
		assert.deepEqual(
			outline(facts),
			plan(facts).map(({ id, suite, subject }) => ({ id, suite, subject })),
		);
	const more = outline(later).length - outline().length;
	assert.equal(more, 11, "cases of the sweep for one more capability");
});

test("every kernel is asked the same, whatever it can answer", async () => {
	const ids = plan(null).map(({ id }) => id);
	for (const [name, facts] of Object.entries(KERNELS))
		assert.deepEqual(
			plan(facts).map(({ id }) => id),
			ids,
			name,
		);
});

test("every operation has an expectation, on every kernel", async () => {
	for (const [name, facts] of Object.entries(KERNELS))
		for (const planned of plan(facts)) {
			assert.equal(
				planned.results.length,
				planned.operations.length,
				`${planned.id} on ${name}: ${planned.probeProgram}`,
			);
			assert.ok(planned.operations.length > 0, planned.id);
			assert.ok(
				planned.operations.includes(planned.probe),
				`${planned.id}: ${planned.probe}`,
			);
			assert.ok(planned.reason !== "" && planned.catches !== "", planned.id);
			for (const result of planned.results)
				assert.match(result, /^(0(:.+)?|-|E[A-Z0-9]+)$/s, planned.id);
		}
});

test("expectations differ between subjects wherever the capability decides", async () => {
	// A row whose subjects all get the same can catch no missing check; those rows say so by being about order or effect.
	const rows = new Map<string, Set<string>>();
	for (const planned of plan(KERNELS["6.1"])) {
		const key = planned.id.split(".").slice(0, 2).join(".");
		const outcome = planned.results
			.map((r) => r.replace(/\d+|\*/g, "N"))
			.join();
		rows.set(key, (rows.get(key) ?? new Set()).add(outcome));
	}
	const deciding = [
		"ns_last_pid.next_pid",
		"set_tid.free_tid",
		"map_files.read_memfd",
		"exe_fd.change",
		"ipc_next_id.msg_next",
		"tty_lock.lock",
	];
	for (const key of deciding) assert.ok((rows.get(key)?.size ?? 0) > 1, key);
});

test("exactly two capabilities unlock a boundary in the sweep", async () => {
	const granted = new Map<string, string[]>();
	for (const planned of plan(KERNELS["6.1"])) {
		if (!planned.subject.startsWith("sweep_uid1000-")) continue;
		const key = planned.id.split(".").slice(0, 2).join(".");
		const refused = planned.results.some((r) => /^E(PERM|ACCES)$/.test(r));
		const list = granted.get(key) ?? [];
		if (!refused) list.push(planned.subject);
		granted.set(key, list);
	}
	assert.deepEqual(
		[...granted.keys()],
		[
			"ns_last_pid.next_pid",
			"set_tid.free_tid",
			"map_files.read_memfd",
			"exe_fd.change",
			"ipc_next_id.sem_next",
			"ipc_next_id.msg_next",
			"ipc_next_id.shm_next",
			"tty_lock.lock",
		],
	);
	for (const [key, who] of granted)
		assert.deepEqual(
			who,
			["sweep_uid1000-cap_sys_admin", "sweep_uid1000-cap_checkpoint_restore"],
			key,
		);
});

test("before 5.9 nothing is expected of the capability that was not there", async () => {
	for (const planned of plan(KERNELS["5.8"]))
		if (planned.subject.endsWith("cap_checkpoint_restore"))
			assert.match(planned.skip ?? "", /5\.9/, planned.id);
});

test("a skip names the fact, and a whole kernel has few", async () => {
	const skipped = (facts: Facts): Record<string, number> => {
		const counts = new Map<string, number>();
		for (const { skip } of plan(facts))
			if (skip !== undefined) counts.set(skip, (counts.get(skip) ?? 0) + 1);
		return Object.fromEntries(counts);
	};
	assert.deepEqual(skipped(KERNELS["7.2"]), {});
	assert.deepEqual(skipped(KERNELS["6.1"]), {
		"pid_max is one for all pid namespaces before 6.14": 5,
	});
	const bare = plan(KERNELS.bare);
	assert.match(
		bare.find(({ suite }) => suite === "exe_fd")?.skip ?? "",
		/CONFIG_CHECKPOINT_RESTORE/,
	);
	assert.ok(
		bare.some(({ suite, skip }) => suite === "map_files" && skip === undefined),
	);
});

test("what the configuration has and the kernel has not is no reason to skip", async () => {
	const gone = {
		ns_last_pid: "0",
		msg_next_id: "0",
		mm_map_size: "0",
		map_files: "0",
		clone3: "0",
	};
	const without = kernel("6.14.0", gone);
	const skipped = (facts: Facts) =>
		new Set(
			plan(facts)
				.filter(({ skip }) => skip !== undefined)
				.map(({ suite }) => suite),
		);
	const built = { ...without, config: new Map<string, string>() };
	for (const boundary of ["ns_last_pid", "exe_fd", "map_files", "ipc_next_id"])
		assert.ok(skipped(built).has(boundary), boundary);
	// Where no configuration is known, a kernel that lost them is no different from one that never had them.
	assert.deepEqual([...skipped(without)], []);
	const lost = plan(without).find(
		({ id }) => id === "ns_last_pid.next_pid.uid0-all",
	);
	assert.match(
		lost?.reason ?? "",
		/ns_last_pid is not there, and no configuration is known .*--config-file/,
	);
	const config = [
		"CHECKPOINT_RESTORE",
		"PID_NS",
		"SYSCTL",
		"SYSVIPC_SYSCTL",
		"PROC_FS",
		"MMU",
		"SECCOMP_FILTER",
	];
	const broken = {
		...without,
		config: new Map(config.map((option) => [option, "y"])),
	};
	assert.deepEqual([...skipped(broken)], []);
	// A system call's version says that it is there, but for a filter that the helper itself is under.
	const clone3 = (facts: Facts) =>
		plan(facts).find(({ id }) => id === "set_tid.free_tid.uid0-all")?.skip;
	assert.equal(clone3(without), undefined);
	assert.match(
		clone3(kernel("6.1.0", { ...gone, seccomp_filtered: "1" })) ?? "",
		/seccomp/,
	);
	assert.match(clone3(kernel("5.2.0", gone)) ?? "", /5\.3/);
	// A guest's first process is under none, whatever its kernel says.
	const guest = kernel("6.1.0", { ...gone, seccomp_filtered: "1" });
	assert.equal(clone3({ ...guest, commandLine: "quiet" }), undefined);
});

test("a check that is older than the kernel's version has it is not expected", async () => {
	const denied = (release: string, mode: string) =>
		plan(kernel(release, { msg_next_id: mode })).find(
			({ id }) => id === "ipc_next_id.msg_next.uid0-none",
		)?.expected;
	const now = denied("6.12.0", "0444");
	assert.match(now ?? "", /^open EACCES/);
	for (const mode of ["0644", "0666", "0", "0600"])
		assert.equal(denied("6.12.0", mode), now, mode);
	// A newer one may have been brought to an older kernel.
	assert.equal(denied("5.10.0", "0444"), now);
	assert.match(denied("5.10.0", "0644") ?? "", /^open ok, write ok/);
});

test("facts that decide the plan's size are held to their bounds", async () => {
	for (const reported of [
		{ cap_last_cap: "20000" },
		{ cap_last_cap: "" },
		{ cap_last_cap: "-1" },
		{ cap_last_cap: "4e1" },
		{ word_bits: "x" },
		{ uid: "99999999999" },
	] as Record<string, string>[])
		assert.throws(
			() => kernel("6.1.0", reported),
			/the kernel's fact \w+ is ".*", not a whole number/,
		);
});

test("a helper without a capability skips the subjects that have it", async () => {
	const facts = kernel("6.1.1", { caps: "000001fffeffffff" });
	const all = plan(facts).find(({ id }) => id === "set_tid.free_tid.uid0-all");
	assert.match(all?.skip ?? "", /0x1000000/);
	assert.equal(capBits("all-sys_resource", 40) & (1n << 24n), 0n);
});

test("the steps are those of the helper", async () => {
	const arch = { x64: "x86_64", arm64: "aarch64" }[process.arch as string];
	const helper = join(ROOT, "dist/agent", `crprobe-${arch ?? process.arch}`);
	const reported = execFileSync(helper, ["--steps"], { encoding: "utf8" });
	assert.deepEqual(
		Object.fromEntries(
			[...reported.matchAll(/^ {2}(\S+) \((\w+)\)$/gm)]
				.map(([, name, kind]) => [name as string, kind as string] as const)
				.sort(),
		),
		Object.fromEntries(Object.entries(STEP_KINDS).sort()),
	);
});

test("the helper names capabilities as the suites do, in the kernel's order", async () => {
	const source = readFileSync(join(ROOT, "native/core/capabilities.c"), "utf8");
	const table = /cap_names\[\] = \{([^}]*)\}/.exec(source)?.[1] ?? "";
	assert.deepEqual(
		[...table.matchAll(/"(\w+)"/g)].map(([, name]) => name),
		[...CAPABILITIES],
	);
});

test("the helper leaves out of a read-back what is shown as ordinary", async () => {
	const source = readFileSync(join(ROOT, "native/core/readback.c"), "utf8");
	const table = /who_keys\[\] = \{(.*?)\n\};/s.exec(source)?.[1] ?? "";
	const rows = [
		...table.matchAll(/\{ "(\w+)", (?:NULL|"([^"]*)"), WHO_\w+ \}/g),
	];
	assert.equal(rows.length, table.match(/\{/g)?.length);
	const given: Record<string, string> = { uid: "7", eff: "9" };
	const usual = rows.flatMap(([, key = "", value]): [string, string][] => {
		// The helper always tells these; a label it has only where there is one.
		if (value === undefined)
			return key === "label" ? [] : [[key, given[key] ?? "always told"]];
		if (value.startsWith("=")) return [[key, given[value.slice(1)] ?? value]];
		// No group is no text for the helper, and a word for people.
		return [[key, key === "groups" && value === "" ? "none" : value]];
	});
	assert.deepEqual(
		Object.fromEntries([...shownValues("uid:7,eff:9")].sort()),
		Object.fromEntries(usual.sort()),
	);
});

test("what a program's steps take of a kernel is needed without a row saying so", async () => {
	const lone = kernel("6.1.0", { pid_ns: "0", ns_last_pid: "0" });
	for (const { id, program, skip } of plan(lone))
		if (/(^| )(unshare=pid|pidns)( |$)/.test(program))
			assert.ok(skip !== undefined, id);
	const single = kernel("6.1.0", { multiuser: "0" });
	for (const { id, program, skip } of plan(single))
		if (/(^| )(uid|caps)=(?!all )/.test(program))
			assert.ok(skip !== undefined, id);
});

test("every word of every program is a step", async () => {
	for (const { program, id } of plan(null))
		for (const word of program.split(" ")) {
			const name = word.split("=")[0] as string;
			if (word !== "{" && word !== "}")
				assert.ok(
					word.startsWith("--") || STEP_KINDS[name] !== undefined,
					`${id}: ${word}`,
				);
		}
});

test("a setting that stays in a namespace is changed only in a namespace of the case's own", async () => {
	// These are put back: by the case itself, and by the agent before each case.
	const restored =
		/put=\/proc\/sys\/kernel\/(sysctl_writes_strict|ns_last_pid),/g;
	for (const { id, probeProgram } of plan(null))
		if (probeProgram.replace(restored, "").includes("put=/proc/sys/"))
			assert.match(probeProgram, /(^| )\S+ @ /, id);
});

test("every citation is used", async () => {
	const used = new Set<string>();
	for (const facts of Object.values(KERNELS))
		for (const { citation } of plan(facts)) used.add(citation?.ref ?? "");
	const idle = Object.entries(CITATIONS).filter(
		([, { ref }]) => !used.has(ref),
	);
	// It ends what exe_file_no_writers began: from there on exe_file_writers is cited once more.
	assert.deepEqual(
		idle.map(([name]) => name),
		["exe_file_writers_again"],
	);
});

test("every subject is taken by a row", async () => {
	const used = new Set(plan(null).map(({ subject }) => subject));
	for (const { name } of subjectsFor(KERNELS["6.1"]))
		assert.ok(used.has(name), name);
});

test("operations are counted as the helper counts them", async () => {
	assert.deepEqual(
		operationsOf(
			"open=f,w,/x @ spawn=t { map=m,anon,x } thread { caps=none write=f,1 } fork",
		),
		["write", "fork"],
	);
	assert.equal(
		compose("uid=1 --", "pty=y @ tty_lock=y"),
		"pty=y uid=1 -- tty_lock=y",
	);
	assert.equal(compose("uid=1 --", "fork"), "uid=1 -- fork");
});

test("what touches this machine's own pid namespace is known", async () => {
	const byId = new Map(
		plan(null).map((planned): [string, PlannedCase] => [planned.id, planned]),
	);
	const touches = (id: string) => byId.get(id)?.touchesHost;
	assert.equal(touches("set_tid.free_tid.uid1000-none"), true);
	assert.equal(touches("set_tid.free_tid.userns_pidns-none"), false);
	assert.equal(touches("set_tid.two_levels.userns_pidns-none"), true);
	assert.equal(touches("set_tid.two_levels.nested-none"), false);
	assert.equal(touches("map_files.stat.uid1000-none"), false);
	assert.equal(touches("tty_lock.serial.uid1000-none"), true);
});
