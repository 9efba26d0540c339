import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "tap";
import { BUILD_PACKAGES, CONFIGS } from "./kernel/build.js";
import { mergeFragments, unmetOptions } from "./kernel/fragments.js";
import { VERSIONS, type Version } from "./kernel/source.js";
import { isIn } from "./page.js";
import type { Fault } from "./table.js";

const BOUNDARIES = [
	"ns_last_pid",
	"set_tid",
	"map_files",
	"exe_fd",
	"ipc_next_id",
	"tty_lock",
];

/** Faults of no boundary: in what all of them share, in what the capability has no say in, and in what others have. */
const OTHERS = ["helper", "controls", "lsm"];

function ours(name: string): string {
	return readFileSync(new URL(`../../faults/${name}`, import.meta.url), "utf8");
}

const faults: Fault[] = JSON.parse(ours("faults.json"));
/** The pairs in the calls of a macro, as names of faults. */
function namesIn(text: string, call: RegExp): string[] {
	return [...text.matchAll(call)].map((found) => `${found[1]}-${found[2]}`);
}

/** What a version's patch adds. */
function addedTo(version: Version): string[] {
	return ours(`linux-${version}.patch`)
		.split("\n")
		.filter((line) => line.startsWith("+") && !line.startsWith("+++"))
		.map((line) => line.slice(1));
}

/** The table's rows: in its macro, each line is continued. */
const plantedIn = (added: readonly string[]): string[] =>
	namesIn(
		added.filter((line) => line.startsWith("\tF(")).join("\n"),
		/^\tF\((\w+), (\w+)\)/gm,
	);

test("the names are unique, and part of a path or a TAP line as they are", async () => {
	const names = faults.map((fault) => fault.name);
	assert.equal(new Set(names).size, names.length);
	for (const name of names) assert.match(name, /^[a-z0-9_]+-[a-z0-9_]+$/);
});

test("every fault says where it is, what it stands for, and who notices", async () => {
	for (const fault of faults) {
		assert.ok(fault.name.startsWith(`${fault.part}-`), fault.name);
		for (const key of ["kind", "description", "caughtBy"] as const) {
			assert.ok(fault[key].length > 0, `${fault.name}: ${key}`);
			assert.ok(!fault[key].includes("\n"), `${fault.name}: ${key}`);
		}
		for (const { part, reason } of fault.maySpread ?? []) {
			assert.match(part, /^[a-z_]+$/, fault.name);
			assert.notEqual(part, fault.part, fault.name);
			assert.ok(reason.length > 0, fault.name);
		}
	}
});

test("no two faults of a boundary stand for the same", async () => {
	for (const boundary of BOUNDARIES) {
		const said = faults
			.filter((fault) => fault.part === boundary)
			.map((fault) => fault.description);
		assert.equal(new Set(said).size, said.length, boundary);
	}
});

test("all six boundaries have faults, sixty and more together", async () => {
	const met = new Set(faults.map((fault) => fault.part));
	assert.deepEqual([...met].sort(), [...BOUNDARIES, ...OTHERS].sort());
	assert.ok(faults.length >= 60, `${faults.length} faults`);
});

test("versions and modules are ones that there are, and say something", async () => {
	for (const { name, versions, modules, part } of faults) {
		if (versions !== undefined) {
			assert.ok(versions.length > 0 && versions.length < VERSIONS.length, name);
			for (const version of versions)
				assert.ok(VERSIONS.includes(version as Version), name);
		}
		assert.equal(modules !== undefined, part === "lsm", name);
		for (const module of modules ?? [])
			assert.match(module, /^(apparmor|selinux|tomoyo)$/, name);
	}
});

for (const version of VERSIONS) {
	const added = addedTo(version);
	const planted = plantedIn(added);

	test(`the patch of ${version} knows the same faults, in the same order`, async () => {
		assert.deepEqual(
			planted,
			faults.filter((fault) => isIn(fault, version)).map(({ name }) => name),
		);
	});

	test(`every fault is asked for somewhere in ${version}, and none that is not in the table`, async () => {
		const code = added.filter((line) => !line.startsWith("\tF(")).join("\n");
		const asked = new Set(namesIn(code, /crcap_fault\((\w+), (\w+)\)/g));
		// The checks that all boundaries share are written once, for any of them.
		const shared = new Set(
			namesIn(code, /crcap_fault\((boundary), (\w+)\)/g).map((name) =>
				name.replace(/^boundary-/, ""),
			),
		);
		shared.delete("kind");
		const defined = namesIn(code, /CRCAP_DEFINE_CAPABLE\((\w+), (\w+)/g)
			.map((name) => name.split("-")[0])
			.filter((boundary) => boundary !== "boundary");
		assert.deepEqual(defined.sort(), [...BOUNDARIES].sort());

		for (const name of planted) {
			const [, kind = ""] = name.split("-");
			assert.ok(
				asked.has(name) || shared.has(kind),
				`nothing asks for ${name}`,
			);
		}
		for (const name of asked)
			if (!name.startsWith("boundary-"))
				assert.ok(planted.includes(name), `${name} is not in the table`);
	});

	test(`the configuration for ${version} can be merged with each other one`, async () => {
		const base = mergeFragments(
			ours("config/base.config"),
			ours(`config/linux-${version}.config`),
		);
		for (const config of CONFIGS) {
			const fragment = ours(`config/${config}.config`);
			const merged = mergeFragments(base, fragment);
			assert.deepEqual(unmetOptions(fragment, merged), []);
			if (config !== "base") assert.notEqual(merged, base, config);
		}
	});
}

test("a later fragment wins, and comments are no options", async () => {
	assert.equal(
		mergeFragments(
			"# about\n#\nCONFIG_A=y\n\nCONFIG_B=y\n",
			"# CONFIG_A is not set\nCONFIG_C=4\n",
		),
		"# CONFIG_A is not set\nCONFIG_B=y\nCONFIG_C=4\n",
	);
});

test("a line that is no option is refused", async () => {
	for (const line of ["CONFIG_A", "CONFIG_A=", "#CONFIG_A is not set", "A=y"])
		assert.throws(() => mergeFragments(`${line}\n`), /not a line/, line);
});

test("an option that the configuration did not take is named", async () => {
	assert.deepEqual(
		unmetOptions(
			"CONFIG_A=y\nCONFIG_B=y\n# CONFIG_C is not set\n# CONFIG_D is not set\n",
			"#\n# made by a machine\n#\nCONFIG_A=y\nCONFIG_C=y\n",
		),
		["CONFIG_B=y (is n)", "CONFIG_C=n (is y)"],
	);
});

test("the packages to install have Debian's names, each once", async () => {
	assert.equal(new Set(BUILD_PACKAGES).size, BUILD_PACKAGES.length);
	for (const name of BUILD_PACKAGES)
		assert.match(name, /^[a-z0-9][a-z0-9.+-]+$/);
});
