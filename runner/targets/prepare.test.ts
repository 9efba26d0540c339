import assert from "node:assert/strict";
import { test } from "tap";
import { kernelCmdline, MACHINES } from "../../vm/index.js";
import { UsageError } from "../common/usage.js";
import { refuseTooLong } from "./prepare.js";

test("a command line that the kernel would cut off is refused", async () => {
	for (const machine of Object.values(MACHINES)) {
		const own = kernelCmdline(machine, "x").length - 1;
		const most = machine.commandLineSize - 1 - own;
		refuseTooLong(machine, "x".repeat(most));
		for (const long of ["x".repeat(most + 1), "ä".repeat(most / 2 + 1)])
			assert.throws(() => refuseTooLong(machine, long), UsageError);
	}
	assert.throws(
		() => refuseTooLong(MACHINES.x86_64, "x".repeat(3000)),
		/--append: .* 3\d\d\d bytes long, and x86_64 takes 2047/,
	);
});
