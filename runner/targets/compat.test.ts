import assert from "node:assert/strict";
import { test } from "tap";
import { compatArch } from "./compat.js";

test("the 32-bit helper runs where the kernel's configuration has it, or says nothing", async () => {
	assert.equal(compatArch("x86_64", "CONFIG_IA32_EMULATION=y\n"), "i386");
	assert.equal(
		compatArch("x86_64", "# CONFIG_IA32_EMULATION is not set\n"),
		undefined,
	);
	assert.equal(compatArch("x86_64", undefined), "i386");
	assert.equal(compatArch("aarch64", "CONFIG_A=y\nCONFIG_COMPAT=y\n"), "armhf");
	assert.equal(compatArch("riscv64", "CONFIG_COMPAT=y\n"), undefined);
});
