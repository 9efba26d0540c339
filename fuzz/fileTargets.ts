/** What files hold, and what people write: images, archives, reports, configurations, names. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { InvalidArgumentError } from "commander";
import fc from "fast-check";
import { ReportError, readReport } from "../results/reading/read.js";
import { UsageError } from "../runner/common/usage.js";
import { parseConfig } from "../runner/request/config.js";
import { readLsms } from "../runner/request/lsm.js";
import { readReportSpec } from "../runner/request/reportSpec.js";
import { matcher } from "../runner/request/select.js";
import { readShard } from "../runner/request/shard.js";
import { SPLAT_WORD, splatWord } from "../runner/request/splats.js";
import { VmError } from "../vm/base/errors.js";
import { parseRecords } from "../vm/catalogue/apt.js";
import { parseKernelName } from "../vm/catalogue/names.js";
import {
	formatSource,
	parseDeb822,
	parseList,
} from "../vm/catalogue/sources.js";
import { flatLayout, readElf } from "../vm/image/elf.js";
import { readFit } from "../vm/image/fit.js";
import { sniff } from "../vm/image/formats.js";
import { embeddedConfig } from "../vm/image/ikconfig.js";
import { BannerFinder } from "../vm/image/imageFile.js";
import {
	parseConfig as parseKernelConfig,
	preflight,
} from "../vm/image/preflight.js";
import {
	cpioMembers,
	type Member,
	tarMembers,
} from "../vm/package/archives.js";
import { buildInitramfs } from "../vm/qemu/initramfs.js";
import {
	cutUp,
	damagedBytes,
	damagedText,
	sizes,
	streamOf,
	wordsOf,
} from "./inputs.js";
import { ARM_IMAGE, BZ_IMAGE, ELF, FIT, TAR } from "./samples.js";
import { type FuzzTarget, isRefusal, slowTarget, target } from "./target.js";

const TOP = join(import.meta.dirname, "../..");
const stored = (name: string) =>
	readFileSync(join(TOP, "results/golden", name), "utf8").replace(
		/x{100,}/g,
		"xxx",
	);

const CPIO = buildInitramfs([
	{ type: "file", path: "crcap/names", data: Buffer.from("subject 0 uid=0\n") },
	{
		type: "file",
		path: "init",
		data: Buffer.from("x".repeat(700)),
		mode: 0o755,
	},
]);
const IKCONFIG = Buffer.concat([
	Buffer.from("junk IKCFG_ST"),
	gzipSync("CONFIG_CHECKPOINT_RESTORE=y\n# CONFIG_SMP is not set\n"),
	Buffer.from("IKCFG_ED more"),
]);
const SOURCES = [
	"deb [signed-by=/usr/share/keyrings/x.gpg arch=amd64] http://deb.debian.org/debian bookworm main contrib # why\n",
	"Types: deb deb-src\nURIs: http://deb.debian.org/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /a.gpg\n\nTypes: deb\nEnabled: no\n",
];
const RECORDS =
	"Package: linux-image-amd64\nVersion: 6.1.192-2\nDepends: linux-image-6.1.0-56-amd64 (= 6.1.192-2) | x, y:any\n\nPackage: x\n";
const CONFIG = JSON.stringify({
	targets: [
		{ kernel: "bzImage", append: "quiet" },
		{ local: true, host: false },
	],
	suite: ["set_tid"],
	reports: ["tap", "json=out.json"],
	splats: ["note", "fail=kasan"],
	accel: "tcg",
	jobs: 2,
	caseTimeout: 0.5,
	kcidb: { origin: "x", gitCommit: "0".repeat(40) },
	knownFailures: [{ case: "set_tid.*", reason: "r", expires: "2027-01-31" }],
});
const CONFIG_KEYS = [
	...[
		"targets",
		"kernel",
		"local",
		"host",
		"append",
		"name",
		"suite",
		"reports",
	],
	...[
		"accel",
		"lsm",
		"jobs",
		"splats",
		"timeout",
		"kcidb",
		"origin",
		"knownFailures",
	],
	...["case", "reason", "expires", "__proto__", "constructor", "$schema"],
];

/** Any value that JSON can hold, of a configuration's keys. */
const configValue = fc.letrec((again) => ({
	value: fc.oneof(
		{ depthSize: "small" },
		fc.constantFrom<unknown>(
			null,
			true,
			0,
			-1,
			1e308,
			"",
			"fail",
			"tap",
			"2027-01-31",
		),
		fc.array(again("value"), { maxLength: 3 }),
		fc
			.array(fc.tuple(fc.constantFrom(...CONFIG_KEYS), again("value")), {
				maxLength: 4,
			})
			.map((entries) => Object.fromEntries(entries)),
	),
})).value;

/** Reads everything that an archive says it holds. */
async function readAll(members: AsyncIterable<Member>): Promise<void> {
	let count = 0;
	for await (const member of members) {
		assert.ok(member.size > 0);
		if (count++ % 2 === 0) for await (const _ of member.bytes());
	}
}

/** A report that is refused is told so; what went wrong inside is no fault of the program's. */
const refusesReport = (error: unknown): boolean =>
	error instanceof ReportError &&
	(error.cause === undefined || isRefusal(error.cause));

const usage = (error: unknown): boolean =>
	error instanceof UsageError || error instanceof InvalidArgumentError;

export const FILE_TARGETS: readonly FuzzTarget[] = [
	target(
		"heads of images",
		8,
		damagedBytes([
			BZ_IMAGE,
			ARM_IMAGE,
			ELF,
			CPIO,
			"!<arch>\n",
			"\xed\xab\xee\xdb",
		]),
		(bytes) => {
			const found = sniff(bytes, bytes.length);
			assert.ok(found.kind !== "refused" || found.reason !== "");
		},
	),
	target(
		"banners, in any pieces",
		4,
		fc.tuple(
			damagedBytes([BZ_IMAGE, "Linux version 6.1.0-x (a@b) #1 SMP"]),
			sizes,
		),
		([bytes, chunks]) => {
			const finder = new BannerFinder();
			for (const chunk of cutUp(bytes, chunks)) finder.feed(chunk);
			assert.match(finder.release ?? "6.1.0", /^\d+\.[\w.+~-]+$/);
		},
	),
	slowTarget("ELF headers", 6, damagedBytes([ELF]), async (bytes) => {
		const found = await readElf(bytes, bytes.length, async (at, length) =>
			bytes.subarray(at, at + length),
		);
		if (!found.ok) assert.notEqual(found.reason, "");
		else
			assert.ok(
				(flatLayout(found.elf.segments, 1 << 20)?.length ?? 0) <= 1 << 20,
			);
	}),
	slowTarget("image trees", 4, damagedBytes([FIT]), async (bytes) => {
		const found = await readFit(
			async (at, length) => bytes.subarray(at, at + length),
			bytes.length,
		);
		if (found.kind === "refused") assert.notEqual(found.reason, "");
		else assert.ok(found.offset + found.size <= bytes.length);
	}),
	target("configurations in kernels", 2, damagedBytes([IKCONFIG]), (bytes) => {
		embeddedConfig(bytes);
	}),
	target(
		"kernels' configurations",
		4,
		damagedText(['CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C="x"\n']),
		(text) => {
			parseKernelConfig(text);
			preflight(text, "x86_64");
		},
	),
	slowTarget(
		"cpio archives",
		2,
		fc.tuple(damagedBytes([CPIO]), sizes),
		([bytes, chunks]) => readAll(cpioMembers(streamOf(bytes, chunks))),
		isRefusal,
	),
	slowTarget(
		"tar archives",
		0.5,
		fc.tuple(damagedBytes([TAR]), sizes),
		([bytes, chunks]) => readAll(tarMembers(streamOf(bytes, chunks))),
		isRefusal,
	),
	slowTarget(
		"stored reports, JSON",
		0.1,
		fc.tuple(damagedBytes([stored("sample.json")]), sizes),
		async ([bytes, chunks]) => {
			await readReport(Readable.from(streamOf(bytes, chunks)), "x");
		},
		refusesReport,
	),
	slowTarget(
		"stored reports, TAP",
		0.1,
		fc.tuple(
			damagedBytes([
				stored("sample.tap"),
				stored("clean.tap"),
				stored("clean.ktap"),
			]),
			sizes,
		),
		async ([bytes, chunks]) => {
			await readReport(Readable.from(streamOf(bytes, chunks)), "x");
		},
		refusesReport,
	),
	target(
		"configuration files",
		6,
		fc.oneof(
			damagedText([CONFIG]),
			configValue.map((value) => JSON.stringify(value) ?? ""),
		),
		(text) => {
			parseConfig(text, "c.json");
		},
		usage,
	),
	target(
		"kernels' names",
		6,
		wordsOf(
			[
				"debian:",
				"bookworm",
				"sid",
				"/",
				"generic",
				"cloud",
				"@",
				"arm64",
				"amd64",
				"__proto__",
				"constructor",
			],
			6,
		),
		(text) => {
			assert.match(
				parseKernelName(text).name,
				/^debian:[a-z-]+\/[a-z0-9-]+@[a-z0-9]+$/,
			);
		},
		(error) => error instanceof VmError,
	),
	target("records of packages", 4, damagedText([RECORDS]), (text) => {
		for (const record of parseRecords(text)) assert.notEqual(record.name, "");
	}),
	target("sources of packages", 6, damagedText(SOURCES), (text) => {
		for (const source of [...parseList(text), ...parseDeb822(text)])
			formatSource(source, "amd64");
	}),
	target(
		"words of the command line",
		3,
		wordsOf(
			[
				"tap",
				"json",
				"=",
				"fail",
				"note",
				"kasan",
				",",
				"1/3",
				"/",
				"apparmor",
				"none",
				"all",
				"-",
			],
			5,
		),
		(text) => {
			for (const read of [readReportSpec, readShard, readLsms, splatWord])
				try {
					read(text);
				} catch (error) {
					if (!usage(error)) throw error;
				}
			assert.equal(SPLAT_WORD.test(text), accepts(text));
		},
	),
	target(
		"globs",
		2,
		wordsOf(
			[
				"set_tid",
				".",
				"*",
				"?",
				"{",
				"}",
				",",
				"[",
				"]",
				"!",
				"(",
				")",
				"|",
				"+",
				"\\",
				"@",
			],
			14,
		),
		(text) => {
			matcher([`${text}.`])("set_tid.free_tid.uid1000-none");
		},
	),
];

function accepts(text: string): boolean {
	try {
		splatWord(text);
		return true;
	} catch {
		return false;
	}
}
