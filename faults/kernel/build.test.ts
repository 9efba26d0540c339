/** What is built once is kept, and what goes wrong is told; the programs that a build runs are played by scripts. */
import assert from "node:assert/strict";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { type Test, test } from "tap";
import { type BuildOptions, buildKernel } from "./build.js";

const { PATH } = process.env;

/** Each leaves a line with its name. `make` takes the fragment for the configuration, makes an image of it, and tells of objects that were there. */
const SCRIPTS: Readonly<Record<string, string>> = {
	"dpkg-deb": 'mkdir -p "$3/usr/src"',
	tar: "",
	patch: `for arg; do case $arg in --directory=*) : >"\${arg#*=}/patched";; esac; done`,
	gcc: "echo gcc 12",
	ld: "echo ld 2.40",
	make: `for arg; do case $arg in O=*) out=\${arg#O=};; esac; done
case "$*" in
*allnoconfig*) cp "$out/crcap.config" "$out/.config"; if test -e "$out/made"; then echo objects >>"$ran"; fi;;
*) mkdir -p "$out/arch/x86/boot"; cp "$out/.config" "$out/arch/x86/boot/bzImage"; echo "$*" >"$out/made";;
esac`,
	flex: "",
	bison: "",
	bc: "",
	xz: "",
};

interface Setting {
	readonly log: string[];
	build(more?: Partial<BuildOptions>): ReturnType<typeof buildKernel>;
	/** The programs that ran since this was asked last. */
	ran(): string[];
	/** Plays a program otherwise. */
	play(name: string, script: string): void;
	readonly cacheDir: string;
}

function setting(t: Test): Setting {
	const folder = t.testdir({
		bin: {},
		cache: { "linux-source-6.1_6.1.9-1_all.deb": "", "scratch-1x-": {} },
	});
	const bin = join(folder, "bin");
	const cacheDir = join(folder, "cache");
	const ran = join(folder, "ran");
	const play = (name: string, script: string): void =>
		writeFileSync(
			join(bin, name),
			`#!/bin/sh\nran='${ran}'\necho ${name} >>"$ran"\n${script}\n`,
			{ mode: 0o755 },
		);
	for (const [name, script] of Object.entries(SCRIPTS)) play(name, script);
	process.env.PATH = `${bin}${delimiter}${PATH}`;
	const log: string[] = [];
	return {
		...{ log, cacheDir, play },
		build: (more = {}) =>
			buildKernel({
				...{ version: "6.1", config: "base", cacheDir },
				...{ log: (line: string) => log.push(line), ...more },
			}),
		ran() {
			const text = existsSync(ran) ? readFileSync(ran, "utf8") : "";
			writeFileSync(ran, "");
			return text.split("\n").filter(Boolean);
		},
	};
}

const leftovers = (dir: string): string[] =>
	readdirSync(dir).filter((name) => name.startsWith("scratch-"));

test("a kernel is built once, and another configuration starts from its objects", async (t) => {
	const at = setting(t);
	// As a build leaves it that was killed; its process is long gone.
	mkdirSync(join(at.cacheDir, "scratch-999999999-x"));
	const kernel = await at.build();
	assert.equal(kernel.version, "6.1.9-1");
	assert.match(readFileSync(kernel.config, "utf8"), /^CONFIG_/m);
	assert.ok(existsSync(kernel.bzImage));
	const steps = ["dpkg-deb", "tar", "patch", "make", "objects"];
	assert.deepEqual(
		at.ran().filter((name) => steps.includes(name)),
		["dpkg-deb", "tar", "patch", "make", "make"],
	);
	assert.match(at.log.join("\n"), /^built Linux 6\.1\.9-1, base, in \d+ s$/m);
	assert.deepEqual(leftovers(at.cacheDir), ["scratch-1x-"]);

	assert.deepEqual(await at.build(), kernel);
	assert.ok(!at.ran().includes("make"));

	const other = await at.build({ config: "no-user-ns" });
	assert.notEqual(other.bzImage, kernel.bzImage);
	assert.match(
		readFileSync(other.config, "utf8"),
		/^# CONFIG_USER_NS is not set$/m,
	);
	// The tree was patched already.
	assert.deepEqual(
		at.ran().filter((name) => steps.includes(name)),
		["make", "objects", "make"],
	);
});

test("another compiler builds anew", async (t) => {
	const at = setting(t);
	const first = await at.build();
	at.play("gcc", "echo gcc 13");
	const second = await at.build();
	assert.notEqual(second.bzImage, first.bzImage);
});

test("a patch that does not fit says what to do, and leaves nothing", async (t) => {
	const at = setting(t);
	at.play("patch", "echo 'Hunk #2 FAILED at 7.'; exit 1");
	await assert.rejects(
		at.build(),
		/linux-6\.1\.patch does not fit Linux 6\.1\.9-1; .*\nHunk #2 FAILED at 7\.\nthe rest: .*failed-patch\.log/,
	);
	assert.deepEqual(leftovers(at.cacheDir), ["scratch-1x-"]);
	assert.match(
		readFileSync(join(at.cacheDir, "failed-patch.log"), "utf8"),
		/Hunk #2/,
	);
});

test("a configuration that the kernel did not take is not built", async (t) => {
	const at = setting(t);
	at.play(
		"make",
		`for arg; do case $arg in O=*) : >"\${arg#O=}/.config";; esac; done`,
	);
	await assert.rejects(
		at.build(),
		/the kernel's configuration is not as asked: CONFIG_\w+=\S+ \(is n\)/,
	);
	assert.equal(at.ran().filter((name) => name === "make").length, 1);
});

test("a build that is stopped says so", async (t) => {
	const at = setting(t);
	const stop = new AbortController();
	at.play("tar", "exec sleep 20");
	const building = at.build({
		signal: stop.signal,
		log: () => setTimeout(() => stop.abort(), 200),
	});
	// Whichever runs by then: a busy machine has not come to tar.
	await assert.rejects(building, /^Error: (dpkg-deb|tar): interrupted/);
	assert.deepEqual(leftovers(at.cacheDir), ["scratch-1x-"]);
});

test("what is missing is named with the packages that bring it", async (t) => {
	const at = setting(t);
	process.env.PATH = join(at.cacheDir, "../nothing");
	try {
		await assert.rejects(
			at.build(),
			/^Error: a kernel can't be built without .*make.*: apt-get install .*make/,
		);
	} finally {
		process.env.PATH = PATH;
	}
});
