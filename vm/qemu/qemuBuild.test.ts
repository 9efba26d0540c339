import assert from "node:assert/strict";
import { test } from "tap";
import { MACHINES } from "../base/machines.js";
import { qemuBuild } from "./qemuBuild.js";

test("a QEMU that is not installed is named with its package", async () => {
	const machine = { ...MACHINES.s390x, qemu: "qemu-system-nowhere" };
	await assert.rejects(qemuBuild(machine), {
		kind: "missing",
		message: /qemu-system-nowhere.*apt-get install qemu-system-misc/,
	});
	const other = { ...MACHINES.s390x, qemu: "true" };
	await assert.rejects(qemuBuild(other), /does not name its version/);
});
