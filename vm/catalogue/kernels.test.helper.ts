import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { execa } from "execa";
import { t } from "tap";
import { bzImage } from "../image/samples.test.data.js";

export let dir: string;
export const environment = { ...process.env };

t.before(() => {
	dir = t.testdir();
});

t.beforeEach(() => {
	process.env.XDG_CACHE_HOME = join(dir, "cache");
	process.env.PATH = environment.PATH;
});

t.after(() => {
	Object.assign(process.env, environment);
	if (environment.XDG_CACHE_HOME === undefined)
		delete process.env.XDG_CACHE_HOME;
});

/** A small file that passes for a bzImage. */
export const kernel = (release: string): Buffer =>
	bzImage({ version: `${release} (x@y) #1`, payload: 2048 });

export async function put(
	path: string,
	data: string | Buffer,
): Promise<string> {
	const full = join(dir, path);
	await mkdir(join(full, ".."), { recursive: true });
	await writeFile(full, data);
	return full;
}

export async function deb(
	name: string,
	files: Readonly<Record<string, string | Buffer>>,
): Promise<string> {
	const tree = `debs/${name}`;
	await put(
		`${tree}/DEBIAN/control`,
		`Package: ${name}\nVersion: 1.2-3\nArchitecture: all\nMaintainer: x <x@y>\nDescription: x\n`,
	);
	for (const [path, data] of Object.entries(files))
		await put(`${tree}/${path}`, data);
	const out = join(dir, `${name}.deb`);
	await execa("dpkg-deb", ["--build", "-Zgzip", join(dir, tree), out]);
	return out;
}

/** An .rpm with empty headers and this archive. */
export function rpm(archive: Buffer): Buffer {
	const header = Buffer.alloc(16);
	header.writeUInt32BE(0x8eade801, 0);
	const lead = Buffer.alloc(96);
	lead.writeUInt32BE(0xedabeedb, 0);
	return Buffer.concat([lead, header, header, gzipSync(archive)]);
}

/** A pair of keys of its own: the directory that gpg is given, and the file with the public one. */
export async function keyPair(
	name: string,
): Promise<{ home: string; file: string }> {
	const home = join(dir, name);
	await mkdir(home, { mode: 0o700 });
	const gpg = (...args: string[]) =>
		execa("gpg", ["--homedir", home, "--batch", "--quiet", ...args]);
	const who = `${name} <${name}@example>`;
	await gpg("--passphrase", "", "--quick-gen-key", who, "rsa2048", "sign");
	const { stdout } = await gpg("--export", "--armor");
	return { home, file: await put(`${name}.asc`, stdout) };
}

/** A directory with the package of a kernel: its name, its version and the kernel's release; for an architecture with its image. */
export async function rpmOf(
	name: string,
	version: string,
	release: string,
	arch = "x86_64",
	image = { name: "vmlinuz", data: kernel(release) },
): Promise<string> {
	const file = await put(`${name}.${arch}.${image.name}`, image.data);
	const spec = await put(
		`${name}.${arch}.spec`,
		`Name: ${name}
Version: ${version}
Release: 1
Summary: x
License: GPL-2.0-only
%description
x
%install
install -D ${file} %{buildroot}/lib/modules/${release}/${image.name}
%files
/lib/modules
`,
	);
	const top = join(dir, `rpm-${name}`);
	await execa("rpmbuild", [
		...["-bb", "--quiet", "--target", arch],
		...["--define", `_topdir ${top}`, spec],
	]);
	return join(top, "RPMS", arch);
}
