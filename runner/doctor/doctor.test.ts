/** Every diagnosis in a setting in which it is true, and in one next to it in which it is not. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { test } from "tap";
import { formatted } from "../../testing/formatted.test.helper.js";
import { SnapshotFiles } from "../../testing/snapshotFiles.test.helper.js";
import { CAUSES, diagnosisSchema } from "./diagnosis.js";
import { CAP, ROWS, SIX, TARGETS } from "./rows.test.data.js";
import {
	ask,
	causesOf,
	fileWith,
	helper,
	mounted,
	rootFolder,
	target,
	under,
} from "./settings.test.helper.js";

const ROOT = join(import.meta.dirname, "../../..");
const SCHEMA = "runner/doctor/schema.json";

const root = process.getuid?.() === 0;
const skip = root ? false : "the settings take root to make";

for (const { name, setting, program, blocked } of ROWS)
	test(`in the way of ${name}`, { skip }, async () => {
		const asked = ask(setting(), [], {}, program?.());
		for (const one of [...SIX, "ptrace"])
			assert.deepEqual(causesOf(asked, one), blocked[one] ?? [], one);
		assert.equal(asked.status, Object.keys(blocked).length === 0 ? 0 : 1);
		assert.equal(asked.diagnosis.usable, asked.status === 0);
		assertSound(asked);
	});

/** Whatever is said: it follows the schema, and the text says the same. */
function assertSound({ diagnosis, text }: ReturnType<typeof ask>): void {
	const valid = new Ajv2020().compile(
		JSON.parse(readFileSync(join(ROOT, SCHEMA), "utf8")),
	);
	assert.ok(valid(diagnosis), JSON.stringify(valid.errors));
	assert.match(text, /^[\x20-\x7e\n]*$/);
	for (const {
		name,
		usable,
		remedy,
		causes,
		observed,
	} of diagnosis.boundaries) {
		assert.equal(usable, causes.length === 0, name);
		assert.equal(usable, remedy === "" && observed === "", name);
		assert.ok(text.includes(`${usable ? "usable " : "blocked"}  ${name} `));
		assert.ok(text.includes(remedy), remedy);
		assert.ok(!remedy.includes("\n"));
		for (const { id } of causes) assert.ok(text.includes(`\n  ${id} `), id);
	}
}

for (const row of TARGETS)
	test(`a process ${row.name}`, { skip }, async () => {
		const pid = await target(row.target());
		const asked = ask(row.asker, ["--pid", String(pid)]);
		assert.deepEqual(causesOf(asked, "map_files"), row.map_files);
		assert.deepEqual(causesOf(asked, "ptrace"), row.ptrace);
		assertSound(asked);
		for (const { name, pid: of } of asked.diagnosis.boundaries)
			assert.equal(of, /map_files|ptrace/.test(name) ? pid : undefined, name);
	});

test("a process that /proc hides", { skip }, async () => {
	for (const [options, causes] of [
		["hidepid=2", ["hidden-process"]],
		["hidepid=0", ["other-user", "more-capable"]],
	] as const) {
		const asked = ask(
			[
				...["unshare", "--pid", "--fork", "--mount", "sh", "-ec"],
				`mount -t proc -o ${options} proc /proc; exec 3<&-; "$@" & wait`,
				...["sh", ...CAP],
			],
			// PID 1 of that pid namespace is the shell, which is root's.
			["--pid", "1"],
		);
		assert.deepEqual(causesOf(asked, "ptrace"), causes, options);
	}
});

test("who is refused for no reason that shows is told that", {
	skip,
}, async (t) => {
	const setting = [under, "landlock"];
	if (spawnSync(under, ["landlock", "true"]).status === 99) {
		t.pass("this kernel has no Landlock");
		return;
	}
	const pid = await target([under, "nothing"]);
	const asked = ask(setting, ["--pid", String(pid)]);
	assert.deepEqual(causesOf(asked, "ptrace"), ["unknown"]);
	assert.deepEqual(causesOf(asked, "set_tid"), []);
	assert.deepEqual(causesOf(ask([], ["--pid", String(pid)]), "ptrace"), []);
});

test("nothing is written into what stands in a sysctl's place", {
	skip,
}, async () => {
	const file = fileWith("as it was");
	ask(mounted(`mount --bind ${file} /proc/sys/kernel/ns_last_pid`));
	assert.equal(readFileSync(file, "utf8"), "as it was");
});

test("the trials change nothing that others share", { skip }, async () => {
	const look = () =>
		["msg_next_id", "ns_last_pid"].map((name) =>
			Number(readFileSync(`/proc/sys/kernel/${name}`, "utf8")),
		);
	const [message, before = 0] = look();
	assert.equal(ask([]).status, 0);
	const [after, last = 0] = look();
	assert.equal(after, message);
	// It went on counting from where it was, as every fork makes it, or began again at its lower end.
	assert.ok(last > before || last < 10_000, `${before} ${last}`);
});

for (const [engine, env, files, remedy] of [
	["none", {}, [], "sudo systemd-run "],
	["docker", {}, [".dockerenv"], "docker run --cap-add CHECKPOINT_RESTORE ..."],
	[
		"podman",
		{},
		["run/.containerenv"],
		"podman run --cap-add CHECKPOINT_RESTORE ...",
	],
	[
		"kubernetes",
		{ KUBERNETES_SERVICE_HOST: "10.0.0.1" },
		[".dockerenv"],
		"securityContext: {capabilities: {add: [CHECKPOINT_RESTORE]}}",
	],
	["slurm", { SLURM_JOB_ID: "1" }, [], "slurmd.service"],
] as const)
	test(`the remedy is fitted to ${engine}`, { skip }, async () => {
		const root = rootFolder(engine, files);
		const setting = [
			...["setpriv", "--bounding-set", "-checkpoint_restore,-sys_admin"],
			...["chroot", root],
		];
		const binds = ["proc", "dev"].map(
			(name) => `mount --rbind /${name} ${root}/${name}`,
		);
		const asked = ask(
			[...mounted(binds.join("; ")), ...setting],
			[],
			env,
			"/crprobe",
		);
		assert.equal(asked.diagnosis.setting.engine, engine);
		const found = asked.diagnosis.boundaries.find(
			({ name }) => name === "set_tid",
		);
		assert.ok(found?.remedy.includes(remedy), found?.remedy);
		assertSound(asked);
	});

test("every cause but those that take a guest or another kernel has a setting", async () => {
	const tried = new Set([
		...ROWS.flatMap(({ blocked }) => Object.values(blocked).flat()),
		...TARGETS.flatMap(({ map_files, ptrace }) => [...map_files, ...ptrace]),
		...["hidden-process", "unknown"],
		// doctor.guest.test.ts
		...["yama", "security-module", "kernel-too-old"],
		// No stock kernel has it: by hand, in the shell of a kernel without CONFIG_PID_NS.
		"kernel-config",
	]);
	for (const cause of CAUSES) assert.ok(tried.has(cause), cause);
});

test("the published schema is the model's", {
	snapshotProvider: SnapshotFiles,
}, async (t) => {
	const schema = JSON.stringify(diagnosisSchema(), null, "\t");
	t.matchSnapshot(formatted(schema, SCHEMA), SCHEMA);
});

test("a wrong command line is refused", async () => {
	for (const args of [
		["--pid"],
		["--pid", "x"],
		["--pid", "0"],
		["--pid", "4194304"],
		["--jsn"],
	]) {
		const { status, stdout, stderr } = spawnSync(
			helper,
			["--doctor", ...args],
			{
				encoding: "utf8",
			},
		);
		assert.equal(status, 2, args.join(" "));
		assert.equal(stdout, "");
		assert.match(stderr, /^(usage|crprobe): .*\n$/);
	}
});
