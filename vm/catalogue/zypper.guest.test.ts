/** zypper itself, with a repository made here, signed and unsigned. Debian's package of it can't be installed beside dnf's plugins. */
import assert from "node:assert/strict";
import {
	chmod,
	copyFile,
	mkdir,
	readFile,
	symlink,
	writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { t, test } from "tap";
import { armImage } from "../image/samples.test.data.js";
import { fetchKernel, parseKernelName } from "../index.js";
import { guestProgram, type ProgramSource } from "./guestProgram.js";
import {
	dir,
	environment,
	kernel,
	keyPair,
	put,
	rpmOf,
} from "./kernels.test.helper.js";

const ZYPPER: ProgramSource = {
	name: "zypper",
	suite: "bookworm",
	package: "zypper",
	program: "usr/bin/zypper",
	reads: {
		packages: ["libsolv-tools"],
		files: ["usr/bin/repo2solv", "usr/bin/rpmdb2solv"],
	},
};

const ARCH = "x86_64";
const skip =
	process.arch === "x64" ? false : "it has no other machine's packages";

const fetched = (name: string) =>
	fetchKernel(parseKernelName(name), { etc: join(dir, "etc") });

/** The command line of a program of its packages, with their libraries and no others. */
const program = (name: string): string => {
	const libraries = join(dir, "zypper/usr/lib");
	const linker = join(dir, "zypper/lib64/ld-linux-x86-64.so.2");
	return `${linker} --library-path ${libraries} ${join(dir, "zypper/usr/bin", name)}`;
};

t.before(async () => {
	if (skip !== false) return;
	const zypper = await guestProgram(ZYPPER, ARCH);
	assert.ok(zypper);
	for (const { path, data, mode } of zypper.files)
		await chmod(await put(`zypper/${path}`, data), mode);
	// Debian's libzypp calls repo2solv by the name that it had before.
	for (const [name, of] of [
		["repo2solv.sh", "repo2solv"],
		["rpmdb2solv", "rpmdb2solv"],
	] as const)
		await script(name, `exec ${program(of)} "$@"`);
});

/** Puts a program before all others on the PATH. */
async function script(name: string, text: string): Promise<void> {
	await chmod(await put(`bin/${name}`, `#!/bin/sh\n${text}\n`), 0o755);
}

test("zypper itself, and its check of the repository's signature", {
	skip,
}, async () => {
	const repo = await rpmOf("kernel-default", "6.4.0", "6.4.0-1-default");
	// The other architecture's package lies beside it, and is newer.
	const arm = await rpmOf(
		"kernel-default",
		"6.4.1",
		"6.4.1-1-default",
		"aarch64",
		{
			name: "Image",
			data: armImage(),
		},
	);
	const armFile = "kernel-default-6.4.1-1.aarch64.rpm";
	await copyFile(join(arm, armFile), join(repo, armFile));
	const index = join(repo, "repodata/repomd.xml");
	await execa("createrepo_c", ["--quiet", repo]);
	await put(
		"etc/zypp/repos.d/oss.repo",
		`[repo-oss]\nname=x\nenabled=1\nautorefresh=1\nbaseurl=file://${join(dir, "$releasever")}\n`,
	);
	await symlink(repo, join(dir, "15.6"));
	// It trusts the keys of rpm's own database: this machine's is not touched.
	const system = join(dir, "system");
	const database = join(system, "var/lib/rpm");
	await mkdir(database, { recursive: true });
	await script(
		"zypper",
		`ZYPP_LOGFILE=/dev/null exec ${program("zypper")} --root ${system} "$@"`,
	);
	process.env.PATH = `${join(dir, "bin")}:${environment.PATH}`;
	const refused = {
		kind: "catalogue",
		message: /zypper: .*Signature verification failed.*--kernel FILE/,
	};
	await assert.rejects(fetched("opensuse:15.6@x86_64"), refused);
	const key = await keyPair("suse");
	await execa("gpg", [
		...["--homedir", key.home, "--batch", "--armor"],
		...["--detach-sign", index],
	]);
	await copyFile(key.file, `${index}.key`);
	await assert.rejects(fetched("opensuse:15.6@x86_64"), refused);
	await execa("rpmkeys", ["--dbpath", database, "--import", key.file]);
	const found = await fetched("opensuse:15.6@x86_64");
	assert.equal(found.package, "kernel-default");
	assert.equal(found.version, "6.4.0-1.x86_64");
	assert.equal(found.release, "6.4.0-1-default");
	assert.deepEqual(await readFile(found.image), kernel("6.4.0-1-default"));
	const other = await fetched("opensuse:15.6@aarch64");
	assert.equal(other.version, "6.4.1-1.aarch64");
	assert.equal(other.release, "6.4.1-1-default");
	assert.deepEqual(await readFile(other.image), armImage());
	await assert.rejects(fetched("opensuse:15.6@riscv64"), {
		kind: "catalogue",
		message: /zypper brought no package; .* for riscv64\?/,
	});
	// Another release is another repository.
	await assert.rejects(fetched("opensuse:15.5@x86_64"), {
		kind: "catalogue",
		message: /zypper: /,
	});
	// What was not signed with the index is not taken.
	await writeFile(index, `${await readFile(index, "utf8")}\n`);
	await assert.rejects(fetched("opensuse:15.6@x86_64"), refused);
});
