import assert from "node:assert/strict";
import { test } from "tap";
import { catalogueNames, parseKernelName } from "./names.js";

test("catalogue names are read, completed, and refused with what is known", async () => {
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
		["gentoo:17", /not in the catalogue.*fedora:.*bookworm/],
		["fedora:../x", /not in the catalogue/],
		["fedora:41@riscv64", /Fedora has no riscv64.*s390x/],
		["arch:rolling/cloud@x86_64", /no flavour cloud.*zen/],
		["debian:../../etc", /not in the catalogue/],
		["debian:sid@vax", /no machine for vax.*s390x/],
		["debian:sid/cloud@s390x", /no flavour cloud.*generic/],
	] as const)
		assert.throws(() => parseKernelName(text), { kind: "catalogue", message });
	const names = catalogueNames().map(({ name }) => name);
	assert.equal(new Set(names).size, names.length);
	for (const name of names) assert.equal(parseKernelName(name).name, name);
});

test("a suite named like what every object has is a name like any other", async () => {
	for (const suite of ["constructor", "valueof"])
		assert.equal(parseKernelName(`debian:${suite}`).suite, suite);
});
