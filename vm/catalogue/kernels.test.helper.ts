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
