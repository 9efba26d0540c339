import assert from "node:assert/strict";
import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "tap";
import { dir, put } from "../catalogue/kernels.test.helper.js";
import { encodeFrame } from "../channel/frames.js";
import { MACHINES } from "../index.js";
import { chooseAccel } from "./accel.js";

test("the accelerator", async (t) => {
	/** A QEMU that is sound until KVM is asked for, then does what a script says. */
	async function fakeQemu(name: string, script: string) {
		const path = await put(
			`qemu/${name}`,
			`#!/bin/sh\ncase "$*" in --help) echo "QEMU emulator version 99 (fake)";; *kvm*) ${script};; esac\n`,
		);
		await chmod(path, 0o755);
		const agent = await put("agent", "agent");
		return {
			kernel: agent,
			agent,
			machine: {
				...MACHINES.x86_64,
				qemu: path,
				kvmHosts: [process.arch],
			},
			kvmDevice: await put("kvm", ""),
		};
	}

	t.test("a KVM that hangs is found out, said, and remembered", async () => {
		const options = await fakeQemu("hangs", "exec sleep 600");
		const first = await chooseAccel("auto", options, "sha");
		assert.equal(first.accel, "tcg");
		assert.match(first.reason, /did not reach user space.*silent for 4 s/);
		assert.ok(first.probeMs > 0);
		const second = await chooseAccel("auto", options, "sha");
		assert.equal(second.accel, "tcg");
		assert.match(second.reason, /remembered.*--accel kvm tries it again/);
		assert.equal(second.probeMs, 0);
		const other = await chooseAccel(
			"auto",
			await fakeQemu(
				"dies",
				"echo 'KVM internal error. Suberror: 1' >&2; exec sleep 600",
			),
			"sha",
		);
		assert.match(other.reason, /KVM internal error/);
	});

	t.test("who demands KVM has it tried again after a bad verdict", async () => {
		const works = join(dir, "works");
		const options = await fakeQemu(
			"busy",
			`test -e ${works} || exit 1; cat ${works} >&4; exec sleep 600`,
		);
		const choose = (asked: "auto" | "kvm") =>
			chooseAccel(asked, options, "sha");
		assert.equal((await choose("auto")).accel, "tcg");
		await assert.rejects(choose("kvm"), /KVM was asked for and does not work/);
		const words = ["hello proto=1 crprobe=1 arch=x", "ready"];
		await put("works", words.map((one, n) => encodeFrame(n, one)).join(""));
		assert.equal((await choose("auto")).accel, "tcg");
		const tried = await choose("kvm");
		assert.equal(tried.accel, "kvm");
		assert.match(tried.reason, /KVM was proven/);
		assert.ok(tried.probeMs > 0);
		await rm(works);
		for (const asked of ["auto", "kvm"] as const)
			assert.deepEqual([(await choose(asked)).accel], ["kvm"]);
	});

	t.test("without a device that opens nothing is tried", async () => {
		const options = await fakeQemu("unused", "exec sleep 600");
		const none = { ...options, kvmDevice: join(dir, "no-kvm") };
		const choice = await chooseAccel("auto", none, "sha");
		assert.deepEqual([choice.accel, choice.probeMs], ["tcg", 0]);
		assert.match(choice.reason, /there is no .*no-kvm/);
		await assert.rejects(chooseAccel("kvm", none, "sha"), {
			kind: "usage",
			message: /--accel tcg or auto/,
		});
		const foreign = { ...options, machine: MACHINES.s390x };
		assert.match(
			(await chooseAccel("auto", foreign, "sha")).reason,
			/cannot run s390x/,
		);
		assert.equal((await chooseAccel("tcg", options, "sha")).accel, "tcg");
	});
});
