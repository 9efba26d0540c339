import assert from "node:assert/strict";
import { test } from "tap";
import { lsmBoots } from "./lsm.js";

const DEBIAN = `CONFIG_SECURITY_SELINUX=y
CONFIG_SECURITY_TOMOYO=y
CONFIG_SECURITY_APPARMOR=y
CONFIG_LSM="landlock,lockdown,yama,loadpin,safesetid,integrity,apparmor,selinux,smack,tomoyo,bpf"
`;
const MINOR = "landlock,lockdown,yama,loadpin,safesetid,integrity";

test("without a word the kernel is booted as it is", async () => {
	assert.deepEqual(lsmBoots([], DEBIAN), [{ suffix: "", append: "" }]);
});

test("a module takes the place of those that the kernel would take", async () => {
	assert.deepEqual(lsmBoots(["selinux", "none", "selinux"], DEBIAN), [
		{ suffix: "+selinux", append: `lsm=${MINOR},selinux,bpf` },
		{ suffix: "+none", append: `lsm=${MINOR},bpf` },
	]);
	assert.deepEqual(lsmBoots(["tomoyo"], undefined), [
		{
			suffix: "+tomoyo",
			append: "lsm=landlock,lockdown,yama,integrity,tomoyo,bpf",
		},
	]);
});

test("a kernel whose list is empty is booted with the module alone", async () => {
	assert.deepEqual(lsmBoots(["apparmor", "none"], 'CONFIG_LSM=""\n'), [
		{ suffix: "+apparmor", append: "lsm=apparmor" },
		{ suffix: "+none", append: "lsm=" },
	]);
});

test("all are those that the kernel has, and none", async () => {
	const names = (config: string | undefined) =>
		lsmBoots(["all"], config).map(({ suffix }) => suffix);
	assert.deepEqual(names(DEBIAN), [
		"+apparmor",
		"+selinux",
		"+tomoyo",
		"+none",
	]);
	assert.deepEqual(names("CONFIG_SECURITY_SELINUX=y\n"), ["+selinux", "+none"]);
	assert.deepEqual(names(undefined), names(DEBIAN));
});
