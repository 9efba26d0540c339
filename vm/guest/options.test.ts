import assert from "node:assert/strict";
import { test } from "tap";
import { MACHINES } from "../base/machines.js";
import { limitsOf } from "./options.js";

test("a quiet kernel may be silent as long as it may take to boot", async () => {
	const limits = (append: string) =>
		limitsOf({ machine: MACHINES.x86_64, accel: "tcg", append });
	const { bootTimeoutMs, bootSilenceMs } = limits("quietly=1");
	assert.ok(bootSilenceMs < bootTimeoutMs);
	for (const append of ["quiet", "a loglevel=3 b"])
		assert.equal(limits(append).bootSilenceMs, bootTimeoutMs);
	const slow = limitsOf({ machine: MACHINES.ppc64el, accel: "tcg" });
	assert.ok(slow.bootTimeoutMs > bootTimeoutMs);
});
