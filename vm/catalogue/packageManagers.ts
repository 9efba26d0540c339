/**
 * Kernels through the package managers of other distributions, as they are configured on this machine, addresses and keys
 * included. Each downloads into a directory of its own, checks signatures, and installs nothing.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDirs } from "../base/cache.js";
import { errnoOf, VmError } from "../base/errors.js";
import { loadExeca } from "../base/execa.js";
import { findOnPath } from "../base/path.js";
import { type KernelName, kernelPackage, vendorArch } from "./names.js";
import { VENDORS } from "./vendors.js";

export interface ManagerOptions {
	/** Where the machine's configuration is, instead of `/etc`. */
	etc?: string | undefined;
	signal?: AbortSignal | undefined;
	onProgress?: ((line: string) => void) | undefined;
}

/** A download under way: what is asked for, and where it goes. */
interface Job {
	name: KernelName;
	package: string;
	arch: string;
	/** Empty at first, and the job's own. */
	dir: string;
	etc: string;
	run: (
		program: string,
		args: readonly string[],
		env?: Readonly<Record<string, string>>,
	) => Promise<string>;
}

/** Downloads the newest package and its checks; the files are then somewhere below the directory. */
type Manager = (job: Job) => Promise<void>;

function elsewhere({ name, vendor }: KernelName, why: string): VmError {
	return new VmError("missing", `${name}: ${why}`, {
		hint: `download ${VENDORS[vendor].download}; --kernel FILE takes it`,
	});
}

/** The sections of an INI file, as dnf's .repo files and pacman.conf are. */
function sectionsOf(text: string): Map<string, Map<string, string>> {
	const sections = new Map<string, Map<string, string>>();
	let values = new Map<string, string>();
	for (const line of text.split("\n")) {
		const title = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
		const pair = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line);
		if (title !== undefined) {
			values = new Map();
			sections.set(title, values);
		} else if (pair) values.set(pair[1] as string, pair[2] as string);
	}
	return sections;
}

const textOf = (path: string) => readFile(path, "utf8").catch(() => "");

/** All sections of the files of a directory. */
async function repositories(
	dir: string,
): Promise<Map<string, Map<string, string>>> {
	const names = await readdir(dir).catch(() => []);
	const all = new Map<string, Map<string, string>>();
	for (const name of names.filter((one) => one.endsWith(".repo")).sort())
		for (const [id, values] of sectionsOf(await textOf(join(dir, name))))
			all.set(id, values);
	return all;
}

/** rpm's own check, with the repositories' keys and no others. `dnf download` makes none. */
async function checkRpms(job: Job, keys: readonly string[]): Promise<void> {
	const db = join(job.dir, "keys");
	await makeDirs(db);
	for (const key of keys)
		await job.run("rpmkeys", ["--dbpath", db, "--import", key]);
	for (const file of await filesBelow(job.dir, ".rpm")) {
		const output = await job.run("rpmkeys", ["--dbpath", db, "-K", file]);
		if (!/signatures OK/.test(output))
			throw new VmError(
				"catalogue",
				`${job.name.name}: no key of the repository signed ${output.trim()}`,
			);
	}
}

/** Fedora's own repositories, whatever else is configured. */
const FEDORA_REPOSITORIES = ["fedora", "updates"];

const dnf: Manager = async (job) => {
	const known = await repositories(join(job.etc, "yum.repos.d"));
	const own = FEDORA_REPOSITORIES.filter((id) => known.has(id));
	if (own.length === 0)
		throw elsewhere(job.name, "this machine's dnf has no repository fedora");
	const keys = own
		.flatMap(
			(id) =>
				known
					.get(id)
					?.get("gpgkey")
					?.split(/[\s,]+/) ?? [],
		)
		.filter((key) => key.startsWith("file://"))
		.map((key) =>
			key
				.slice("file://".length)
				.replaceAll("$releasever", job.name.suite)
				.replaceAll("$basearch", job.arch),
		);
	if (keys.length === 0)
		throw elsewhere(job.name, "its repositories name no key on this machine");
	await job.run("dnf", [
		...["-y", "-q", `--releasever=${job.name.suite}`],
		...[`--forcearch=${job.arch}`, `--setopt=cachedir=${job.dir}/cache`],
		...[`--setopt=reposdir=${job.etc}/yum.repos.d`, "--disablerepo=*"],
		...own.map((id) => `--enablerepo=${id}`),
		...["download", `--destdir=${job.dir}/files`, job.package],
	]);
	await checkRpms(job, [...new Set(keys)]);
};

/** The machine's own configuration with another architecture: zypper has no option for that. */
async function zyppConf({ etc, arch }: Job): Promise<string> {
	const text =
		(await textOf(join(etc, "zypp/zypp.conf"))) ||
		(await textOf("/usr/etc/zypp/zypp.conf"));
	const lines = text.split("\n").filter((line) => !/^\s*arch\s*=/.test(line));
	const main = lines.findIndex((line) => /^\s*\[main\]/.test(line));
	if (main < 0) lines.push("[main]");
	lines.splice(main < 0 ? lines.length : main + 1, 0, `arch = ${arch}`);
	return lines.join("\n");
}

/** libzypp checks the repositories' metadata, and by them the package. */
const zypper: Manager = async (job) => {
	const dir = join(job.etc, "zypp/repos.d");
	if ((await repositories(dir)).size === 0)
		throw elsewhere(job.name, "this machine's zypper has no repository");
	const conf = join(job.dir, "zypp.conf");
	await writeFile(conf, await zyppConf(job));
	await job.run(
		"zypper",
		[
			...["--non-interactive", "--quiet", "--releasever", job.name.suite],
			...["--reposd-dir", dir, "--cache-dir", `${job.dir}/cache`],
			...["--pkg-cache-dir", `${job.dir}/files`, "download", job.package],
		],
		{ ZYPP_CONF: conf },
	);
};

/** pacman checks what its SigLevel says, by default every package. It wants to be root, or to think so. */
const pacman: Manager = async (job) => {
	const config = join(job.etc, "pacman.conf");
	if (!sectionsOf(await textOf(config)).has("core"))
		throw elsewhere(job.name, "this machine's pacman has no repository core");
	await makeDirs(join(job.dir, "db"));
	await makeDirs(join(job.dir, "files"));
	const args = [
		...["--config", config, "--dbpath", `${job.dir}/db`],
		...["--cachedir", `${job.dir}/files`, "--logfile", "/dev/null"],
		...["--noconfirm", "--noprogressbar", "-Syddw", job.package],
	];
	if (process.getuid?.() === 0) await job.run("pacman", args);
	else await job.run("fakeroot", ["--", "pacman", ...args]);
};

/** A line of apk's repositories: a mirror, a release, a part of it. */
const APK_LINE = /^([^\s#]\S*\/)(?:v\d+\.\d+|edge|latest-stable)\/main\/?$/;

/** apk checks the index by the keys in /etc/apk/keys, and by the index the package. */
const apk: Manager = async (job) => {
	const lines = (await textOf(join(job.etc, "apk/repositories"))).split("\n");
	const mirror = lines
		.map((line) => APK_LINE.exec(line.trim())?.[1])
		.find((found) => found !== undefined);
	if (mirror === undefined)
		throw elsewhere(job.name, "this machine's apk has no repository main");
	const { suite } = job.name;
	const release = /^\d/.test(suite) ? `v${suite}` : suite;
	const file = join(job.dir, "repositories");
	await writeFile(file, `${mirror}${release}/main\n`);
	await makeDirs(join(job.dir, "files"));
	await job.run("apk", [
		...["--arch", job.arch, "--repositories-file", file],
		...["--keys-dir", join(job.etc, "apk/keys"), "--no-cache", "--quiet"],
		...["fetch", "--output", join(job.dir, "files"), job.package],
	]);
};

const MANAGERS: Readonly<Record<string, Manager>> = {
	dnf,
	zypper,
	pacman,
	apk,
};

async function filesBelow(dir: string, ending: string): Promise<string[]> {
	const all = await readdir(dir, { recursive: true, withFileTypes: true });
	return all
		.filter((one) => one.isFile() && one.name.endsWith(ending))
		.map((one) => join(one.parentPath, one.name))
		.sort();
}

const PACKAGE = /\.(?:rpm|apk|pkg\.tar\.\w+)$/;

/**
 * Fetches the packages of the kernel that a name means into an empty directory.
 * @returns their paths
 * @throws VmError: missing where the package manager, or its configuration, is not here, with what to download; catalogue
 * where it fails, or does not trust what it got; aborted
 */
export async function fetchPackages(
	name: KernelName,
	dir: string,
	{ etc = "/etc", signal, onProgress }: ManagerOptions,
): Promise<string[]> {
	const { label, program } = VENDORS[name.vendor];
	const manager = MANAGERS[program];
	if (!manager || findOnPath(program) === undefined)
		throw elsewhere(name, `${program} is not on this machine`);
	const run: Job["run"] = async (tool, args, env) => {
		const { execa } = await loadExeca();
		const result = await execa(tool, args, {
			cwd: dir,
			reject: false,
			stdin: "ignore",
			all: true,
			env: { LC_ALL: "C.UTF-8", ...env },
			...(signal && { cancelSignal: signal }),
		});
		if (result.isCanceled) throw new VmError("aborted", "interrupted");
		if (result.failed && errnoOf(result.cause ?? result) === "ENOENT")
			throw elsewhere(name, `${tool} is not on this machine`);
		if (!result.failed) return result.all;
		const lines = result.all.trim().split("\n");
		// zypper lists what led to an error as items.
		const errors = lines.filter((line) => /^(?:e(?:rror)?:| - )/i.test(line));
		const output = (errors.length > 0 ? errors : lines).slice(-3).join(" / ");
		throw new VmError(
			"catalogue",
			`${name.name} can't be fetched: ${tool}: ${output || "it failed"}`,
			{
				hint: `or download ${VENDORS[name.vendor].download}; --kernel FILE takes it`,
			},
		);
	};
	onProgress?.(`fetching ${label}'s ${kernelPackage(name)} with ${program}`);
	const arch = vendorArch(name);
	const job = { name, package: kernelPackage(name), arch, dir, etc, run };
	await manager(job);
	const files = (await filesBelow(dir, "")).filter((one) => PACKAGE.test(one));
	if (files.length > 0) return files;
	throw new VmError(
		"catalogue",
		`${name.name}: ${program} brought no package`,
		{
			hint: `does ${label} ${name.suite} exist, and for ${arch}?`,
		},
	);
}
