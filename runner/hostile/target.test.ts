/** A kernel from its name to a guest that answers, in this process, with a program of ours in QEMU's place. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Test, test } from "tap";
import { KernelError, UsageError } from "../common/usage.js";
import { prepare } from "../prepare/prepare.js";
import { type RunOptions, runRequest } from "../request/runRequest.js";
import { OpenError, type Session, type Target } from "../targets/target.js";
import { image, limitsFor, qemuScript, SUITES } from "./setting.test.helper.js";

const { PATH } = process.env;

class Setting {
	readonly folder: string;
	readonly said: string[] = [];

	constructor(t: Test, row = "") {
		this.folder = t.testdir({ bin: {}, tmp: {} });
		const qemu = this.at("bin/qemu-system-x86_64");
		writeFileSync(qemu, qemuScript(), { mode: 0o755 });
		writeFileSync(this.at("bzImage"), image());
		Object.assign(process.env, {
			PATH: `${this.at("bin")}${delimiter}${PATH}`,
			TMPDIR: this.at("tmp"),
			XDG_CACHE_HOME: this.at("cache"),
			CRCAP_TEST_ROW: row,
		});
	}

	at(name: string): string {
		return join(this.folder, name);
	}

	async targets(options: RunOptions = {}): Promise<readonly Target[]> {
		const request = runRequest(
			{ kernel: [this.at("bzImage")], accel: "tcg", ...options },
			{ config: {} },
		);
		const context = {
			signal: new AbortController().signal,
			say: (line: string) => this.said.push(line),
			limits: limitsFor(),
		};
		const each = request.targets.map((spec) => prepare(spec, request, context));
		return (await Promise.all(each)).flat();
	}

	/** The only one. */
	async target(options: RunOptions = {}): Promise<Target> {
		const [target, ...more] = await this.targets(options);
		assert.ok(target);
		assert.deepEqual(more, []);
		return target;
	}
}

const signal = new AbortController().signal;

/** Its verdicts on the plan of four. */
async function run(session: Session): Promise<string[]> {
	const { cases } = SUITES.plan(session.facts);
	const replies: string[] = [];
	const end = await session.run(
		cases.map(({ subjectProgram, probeProgram, program }, n) => ({
			...{ n, deadlineMs: 10_000 },
			...{ subjectProgram, probeProgram, program },
		})),
		{ reply: (payload) => replies.push(payload), complaint: () => {} },
	);
	assert.equal(end.how, "bye", end.detail);
	return cases.map(
		(planned, i) => SUITES.judge(planned, replies[i] ?? "").verdict,
	);
}

test("a guest comes up, answers, and so does a second one", async (t) => {
	const at = new Setting(t);
	const target = await at.target({ append: ["quiet"] });
	assert.equal(target.kernel.release, "6.1.0-fake");
	assert.match((await target.bootLine?.()) ?? "", /qemu-system-x86_64.*quiet/);
	let begun = 0;
	const session = await target.open(signal, () => begun++);
	try {
		assert.equal(begun, 1);
		assert.equal(session.accel, "tcg");
		assert.equal(session.savedAt, undefined);
		assert.equal(session.kernel.release, "6.1.0-fake");
		assert.equal(session.facts.reported.release, "6.1.0-fake");
		assert.match(session.tools.qemu ?? "", /7\.2/);
		assert.match(session.replay?.("uid=1000 -- try=1") ?? "", /--keep \./);
		// A script in QEMU's place has no state that could be trusted later.
		assert.match(String(await session.share?.()), /is a script/);
		const second = await session.another?.();
		assert.ok(second);
		assert.deepEqual(await run(session), ["pass", "pass", "pass", "pass"]);
		assert.deepEqual(await run(second), ["pass", "pass", "pass", "pass"]);
		await second.close();
	} finally {
		await session.close();
	}
});

test("what is asked to be kept is kept, each kernel in a folder of its own", async (t) => {
	const at = new Setting(t);
	mkdirSync(at.at("shelf"));
	for (const name of ["6.1.0-a", "6.1.0-b"])
		writeFileSync(at.at(`shelf/vmlinuz-${name}`), image(name));
	const targets = await at.targets({
		kernel: [at.at("shelf")],
		keep: at.at("kept"),
	});
	const names = targets.map(({ name }) => name);
	assert.equal(new Set(names).size, 2, String(names));
	const kept = new Set<string>();
	for (const target of targets) {
		const session = await target.open(signal);
		const line = session.replay?.("try=1") ?? "";
		const [script] = /\S+\/kept\/\S+\/boot\.sh/.exec(line) ?? [];
		assert.ok(script !== undefined && existsSync(script), line);
		kept.add(script);
		assert.deepEqual(await run(session), ["pass", "pass", "pass", "pass"]);
		await session.close();
	}
	assert.equal(kept.size, 2);
});

/** What a target says that does not come up. */
async function refusal(target: Target): Promise<OpenError> {
	const session = target.open(signal);
	const error = await session.then(
		(up) => up.close(),
		(why: unknown) => why,
	);
	assert.ok(error instanceof OpenError, String(error));
	return error;
}

test("a guest that can't speak as it should is told with its console", async (t) => {
	const at = new Setting(t, "no-hello");
	const { message, notes, accel } = await refusal(await at.target());
	assert.match(message, /did not come up|first word was "ready"/);
	assert.match(notes.join("\n"), /boot 1 failed after/);
	assert.equal(accel, "tcg");
});

test("a kernel that oopses in each boot is asked nothing", async (t) => {
	const at = new Setting(t, "oops-at-each-boot");
	const { message, notes, consoleTail } = await refusal(await at.target());
	assert.match(
		message,
		/^in each of 3 boots the kernel oopsed while it booted/,
	);
	assert.equal(notes.filter((note) => /was thrown away/.test(note)).length, 2);
	assert.match(consoleTail.join("\n"), /Oops: 0002/);
	assert.match(at.said.join("\n"), /trying again/);
});

test("a run that is stopped while a guest boots ends there", async (t) => {
	const at = new Setting(t, "script-at-boot");
	const target = await at.target();
	const stop = new AbortController();
	const opening = target.open(stop.signal, () => {
		void sleep(50).then(() => stop.abort());
	});
	await assert.rejects(opening, OpenError);
});

test("a configuration that comes with the image decides before a boot", async (t) => {
	const at = new Setting(t);
	writeFileSync(at.at("config"), "CONFIG_TTY=y\n# CONFIG_PRINTK is not set\n");
	const target = await at.target({ configFile: at.at("config") });
	const error = await refusal(target);
	assert.match(error.message, /can't boot here: it lacks .*kernel messages/);
	assert.match(at.said.join("\n"), /its configuration found/);
	writeFileSync(at.at("config"), "what is this\n");
	await assert.rejects(
		at.target({ configFile: at.at("config") }),
		/has no line CONFIG_NAME=VALUE/,
	);
});

test("both helpers of a kernel that takes both, and each module, are targets", async (t) => {
	const at = new Setting(t);
	const config = ["TTY", "IA32_EMULATION", "SECURITY_APPARMOR"];
	writeFileSync(
		at.at("config"),
		config.map((name) => `CONFIG_${name}=y\n`).join(""),
	);
	const targets = await at.targets({
		...{ configFile: at.at("config"), compat: true },
		lsm: ["apparmor", "none"],
	});
	const names = targets.map(({ name }) => name.replace(/^.*\//, ""));
	assert.equal(new Set(names).size, 4, String(names));
	assert.equal(names.filter((name) => /\+i386/.test(name)).length, 2);
	assert.equal(names.filter((name) => /apparmor/.test(name)).length, 2);
});

test("what is no kernel is refused with what could be meant", async (t) => {
	const at = new Setting(t);
	symlinkSync("nowhere", at.at("link"));
	writeFileSync(at.at("text"), "a letter\n");
	const cases: [kernel: string, says: RegExp][] = [
		[at.at("bzImag"), /no such file \(Did you mean .*bzImage\?\)/],
		[at.at("link"), /a symbolic link that leads nowhere/],
		[at.at("text"), /--kernel .*text/],
		["debian:bokworm", /no suite bokworm \(Did you mean debian:bookworm\?\)/],
		["rhel:9", /download kernel-core-\*\.rpm from access\.redhat\.com/],
	];
	for (const [kernel, says] of cases) {
		const error = await at.targets({ kernel: [kernel] }).catch((why) => why);
		assert.ok(
			error instanceof KernelError || error instanceof UsageError,
			`${kernel}: ${error}`,
		);
		assert.match(error.message, says);
	}
});
