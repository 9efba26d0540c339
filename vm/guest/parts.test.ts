import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { execa } from "execa";
import fc from "fast-check";
import { ARCHES, MACHINES, machineFor } from "../base/machines.js";
import { parseRecords } from "../catalogue/apt.js";
import { catalogueNames, parseKernelName } from "../catalogue/names.js";
import {
	parseDeb822,
	parseList,
	sourcesForSuite,
} from "../catalogue/sources.js";
import { kernelCmdline, qemuArgs, shellQuote } from "../qemu/arguments.js";
import { agentEntries, buildInitramfs } from "../qemu/initramfs.js";
import { qemuBuild } from "../qemu/qemuBuild.js";
import { ConsoleLog } from "./console.js";
import { type Evidence, judgeEnd } from "./ending.js";
import { FactBook, parseHello, unescapeValue } from "./facts.js";
import { limitsOf } from "./options.js";

test("cpio reads the initramfs back, node, modes and all, and it is the same each time", async () => {
	const entries = [
		...agentEntries(Buffer.from("#!agent"), "/dev/ttyS1"),
		{ type: "symlink", path: "bin/sh", target: "/init" } as const,
	];
	const archive = buildInitramfs(entries);
	assert.deepEqual(archive, buildInitramfs(entries));
	const { stdout } = await execa("cpio", ["-itv", "--quiet"], {
		input: archive,
		env: { LC_ALL: "C", TZ: "UTC" },
	});
	const listed = stdout
		.split("\n")
		.map((line) => line.replace(/ +/g, " ").replace(/ Jan 1 1970/, ""));
	for (const line of [
		"-rwxr-xr-x 1 root root 7 init",
		"crw------- 1 root root 5, 1 dev/console",
		"drwxrwxrwt 2 root root 0 tmp",
		"drwxr-xr-x 2 root root 0 crcap",
		"lrwxrwxrwx 1 root root 5 bin/sh -> /init",
	])
		assert.ok(listed.includes(line), `${line}\n${listed.join("\n")}`);
	const dir = await mkdtemp(join(tmpdir(), "crcap-cpio-test-"));
	try {
		await execa("cpio", ["-id", "--quiet", "init", "crcap/channel"], {
			input: archive,
			cwd: dir,
		});
		assert.equal(await readFile(join(dir, "init"), "utf8"), "#!agent");
		assert.equal((await stat(join(dir, "init"))).mode & 0o777, 0o755);
		assert.equal(
			await readFile(join(dir, "crcap/channel"), "utf8"),
			"/dev/ttyS1\n",
		);
	} finally {
		await rm(dir, { recursive: true, force: true });
	}
});

test("an initramfs takes no path that is not plain, and none twice", () => {
	const file = (path: string) =>
		({ type: "file", path, data: Buffer.alloc(0) }) as const;
	for (const path of ["../x", "a//b", "", "a/./b", "a\0b"])
		assert.throws(() => buildInitramfs([file(path)]), /plain path/, path);
	assert.throws(() => buildInitramfs([file("a"), file("/a")]), /named twice/);
});

test("facts are unescaped, hostile names are refused", () => {
	const book = new FactBook();
	assert.ok(book.add("fact version=%23 1 %E2%82%AC 100%"));
	assert.ok(!book.add("fact =x"));
	assert.ok(!book.add("fact a b=c"));
	assert.ok(!book.add("fact __proto__=x"));
	assert.ok(book.add("fact constructor=%00"));
	const facts = book.toRecord();
	assert.equal(facts.version, "# 1 € 100%");
	assert.equal(Object.getPrototypeOf(facts), null);
	assert.equal(facts.toString, undefined);
	fc.assert(
		fc.property(fc.string(), (text) => {
			const escaped = [...Buffer.from(text)]
				.map((byte) => `%${byte.toString(16).padStart(2, "0")}`)
				.join("");
			assert.equal(unescapeValue(escaped), text);
		}),
	);
	assert.equal(parseHello("hello proto=1 crprobe=a"), undefined);
});

test("each end has its kind", () => {
	const log = (line: string) => {
		const console = new ConsoleLog();
		console.feed(Buffer.from(`${line}\n`));
		return console;
	};
	const exit = { code: 0, signal: null };
	const judge = (extra: Partial<Evidence>) =>
		judgeEnd({ saidBye: false, exit, stderr: "", console: log(""), ...extra })
			.kind;
	const oops = log("BUG: unable to handle page fault");
	const hang = { kind: "hang", reason: "silent" } as const;
	assert.equal(judge({ saidBye: true, console: oops }), "bye");
	assert.equal(
		judge({ console: log("Kernel panic - not syncing: x") }),
		"panic",
	);
	assert.equal(judge({ shutdown: "guest-panic" }), "panic");
	assert.equal(judge({ console: oops, cause: hang }), "oops");
	assert.equal(judge({ cause: hang }), "hang");
	assert.equal(judge({ shutdown: "guest-reset" }), "reboot");
	assert.equal(judge({ shutdown: "guest-shutdown" }), "poweroff");
	assert.equal(judge({}), "qemu-died", "status 0 alone means nothing");
	assert.equal(judge({ exit: { code: 1, signal: null } }), "qemu-died");
	assert.equal(judge({ exit: { code: null, signal: "SIGSEGV" } }), "qemu-died");
	assert.equal(
		judge({ cause: { kind: "killed", reason: "x" }, console: oops }),
		"killed",
	);
});

test("every machine is cut off from the world and panics to an end", () => {
	for (const arch of ARCHES) {
		const machine = MACHINES[arch];
		assert.equal(machineFor(machine.debianArch)?.arch, arch);
		const args = qemuArgs(
			{
				machine,
				accel: "tcg",
				kernel: "/k",
				initrd: "/i",
				cmdline: kernelCmdline(machine, " a=1 "),
				sandbox: true,
			},
			{ console: "socket,fd=3", results: "socket,fd=4", qmp: "socket,fd=5" },
		);
		const line = args.join(" ");
		for (const words of [
			"-nodefaults",
			"-no-reboot",
			"-display none",
			"spawn=deny",
		])
			assert.ok(line.includes(words), `${arch}: ${words}`);
		assert.doesNotMatch(
			line,
			/-(net|nic|drive|hd[a-d]|virtfs|fsdev|blockdev)\b/,
		);
		assert.ok(machine.memoryMiB <= 256, arch);
		assert.match(
			args[args.indexOf("-append") + 1] as string,
			new RegExp(`^console=${machine.console} panic=-1 .* a=1$`),
		);
	}
	assert.equal(machineFor("constructor"), undefined);
	assert.equal(machineFor("vax"), undefined);
});

test("a quiet kernel may be silent as long as it may take to boot", () => {
	const limits = (append: string) =>
		limitsOf({ machine: MACHINES.x86_64, accel: "tcg", append });
	const { bootTimeoutMs, bootSilenceMs } = limits("quietly=1");
	assert.ok(bootSilenceMs < bootTimeoutMs);
	for (const append of ["quiet", "a loglevel=3 b"])
		assert.equal(limits(append).bootSilenceMs, bootTimeoutMs);
	const slow = limitsOf({ machine: MACHINES.ppc64el, accel: "tcg" });
	assert.ok(slow.bootTimeoutMs > bootTimeoutMs);
});

test("a QEMU that is not installed is named with its package", async () => {
	const machine = { ...MACHINES.s390x, qemu: "qemu-system-nowhere" };
	await assert.rejects(qemuBuild(machine), {
		kind: "missing",
		message: /qemu-system-nowhere.*apt-get install qemu-system-misc/,
	});
	const other = { ...MACHINES.s390x, qemu: "true" };
	await assert.rejects(qemuBuild(other), /does not name its version/);
});

test("words for the shell come back as they were", async () => {
	const words = ["plain", "two words", "it's", '"$HOME" `x`', "a\nb", ""];
	const { stdout } = await execa("sh", [
		"-c",
		`printf '%s\\0' ${words.map(shellQuote).join(" ")}`,
	]);
	assert.deepEqual(stdout.split("\0").slice(0, -1), words);
});

const DEB822 = `Types: deb deb-src
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: trixie
Components: main
`;

test("both of apt's formats are read", () => {
	const [first, second, third] = parseDeb822(DEB822);
	assert.deepEqual(first, {
		uris: ["http://mirror.example/debian"],
		suites: ["bookworm", "bookworm-updates"],
		components: ["main", "contrib"],
		signedBy: "/usr/share/keyrings/debian-archive-keyring.gpg",
	});
	assert.equal(second?.signedBy, undefined, "an inline key is no path");
	assert.equal(third, undefined, "what is disabled is left out");
	assert.deepEqual(
		parseList(
			"deb-src http://a b main\n#deb http://x y main\ndeb [arch=amd64 signed-by=/k.gpg] http://m.example/debian bookworm main # here\n",
		),
		[
			{
				uris: ["http://m.example/debian"],
				suites: ["bookworm"],
				components: ["main"],
				signedBy: "/k.gpg",
			},
		],
	);
});

test("another suite comes from the same mirror, and from nobody else's", () => {
	const configured = [
		...parseList(
			"deb [signed-by=/keys/vendor.gpg] http://vendor.example/deb bookworm main\ndeb http://vendor.example/deb stable main\n",
		),
		...parseDeb822(DEB822),
	];
	assert.deepEqual(
		sourcesForSuite(configured, "trixie").map(({ uris, suites }) => [
			uris[0],
			suites[0],
		]),
		[
			["http://mirror.example/debian", "trixie"],
			["http://mirror.example/debian", "trixie-updates"],
			["http://mirror.example/debian-security", "trixie-security"],
		],
	);
	assert.deepEqual(
		sourcesForSuite(configured, "sid").map(({ suites }) => suites[0]),
		["sid"],
	);
	assert.deepEqual(
		sourcesForSuite(parseList("deb http://v v-stable main"), "sid"),
		[],
	);
});

test("apt's records give names without versions and alternatives", () => {
	assert.deepEqual(
		parseRecords(
			"Package: a\nVersion: 1~rc1\nDepends: b (= 1), c:any | d, e\nSize: 5\n\nPackage: x\n\n",
		),
		[{ name: "a", version: "1~rc1", depends: ["b", "c", "d", "e"] }],
	);
});

test("catalogue names are read, completed, and refused with what is known", () => {
	assert.equal(
		parseKernelName("debian:trixie/generic@amd64").name,
		"debian:trixie/generic@amd64",
	);
	assert.equal(
		parseKernelName("debian:unstable@arm64").name,
		"debian:sid/cloud@arm64",
	);
	assert.equal(parseKernelName("debian:trixie@s390x").flavour, "generic");
	for (const [text, message] of [
		["ubuntu:noble", /not in the catalogue.*bookworm/],
		["debian:../../etc", /not in the catalogue/],
		["debian:sid@vax", /no machine for vax.*s390x/],
		["debian:sid/cloud@s390x", /no flavour cloud.*generic/],
	] as const)
		assert.throws(() => parseKernelName(text), { kind: "catalogue", message });
	const names = catalogueNames().map(({ name }) => name);
	assert.equal(new Set(names).size, names.length);
	for (const name of names) assert.equal(parseKernelName(name).name, name);
});
