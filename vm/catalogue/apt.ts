/**
 * A private root for apt: its own sources, lists and cache, no need to be root, nothing installed. apt itself checks every
 * signature. The machine's own apt settings (proxies and the like) hold, its hooks do not run.
 */
import { access, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDirs } from "../base/cache.js";
import { errnoOf, VmError } from "../base/errors.js";
import { loadExeca } from "../base/execa.js";
import { findOnPath } from "../base/path.js";
import {
	ARCHIVES,
	configuredSources,
	formatSource,
	type Source,
	sourcesForSuite,
} from "./sources.js";
import { VENDORS } from "./vendors.js";

const KEYRINGS = {
	debian: "/usr/share/keyrings/debian-archive-keyring.gpg",
	ubuntu: "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
} as const;

/** A package's control record, as much of it as is needed. */
export interface PackageRecord {
	name: string;
	version: string;
	/** Names that it depends on, alternatives included, versions left out. */
	depends: string[];
}

/** Parses `apt-cache show` output: one record a stanza. */
export function parseRecords(text: string): PackageRecord[] {
	return text
		.split(/\n\n+/)
		.map((stanza) => {
			const field = (name: string) =>
				new RegExp(`^${name}: (.*)$`, "m").exec(stanza)?.[1] ?? "";
			return {
				name: field("Package"),
				version: field("Version"),
				depends: field("Depends")
					.split(/[,|]/)
					.map((one) => one.trim().replace(/[\s:(].*/, ""))
					.filter(Boolean),
			};
		})
		.filter((record) => record.name !== "" && record.version !== "");
}

function notHere(program: string, about = ""): VmError {
	return new VmError("missing", `${about}${program} is not on this machine`, {
		hint: "name a kernel by its path: --kernel PATH, an image, a build tree or a package",
	});
}

/** The sources that apt complains of, where the first of all is not among them. */
function failedSources(sources: readonly Source[], error: unknown): Source[] {
	const { kind, cause } = error as Partial<VmError>;
	if (kind !== "catalogue" || typeof cause !== "string") return [];
	const complaints = cause.split("\n").filter((line) => /^[EW]: /.test(line));
	const names = (line: string, suite: string) =>
		[`/dists/${suite}/`, ` ${suite} Release`, ` ${suite} InRelease`].some(
			(text) => line.includes(text),
		);
	const failed = sources.filter(({ suites }) =>
		suites.some((suite) => complaints.some((line) => names(line, suite))),
	);
	return failed.includes(sources[0] as Source) ? [] : failed;
}

export interface AptOptions {
	/** Whose archive; Debian's where it is left out. */
	vendor?: "debian" | "ubuntu";
	suite: string;
	debianArch: string;
	/** With the suite's updates and its security archive, where it has them. */
	updates: boolean;
	/** What is wanted of it, as the user named it; begins the message where apt or a source is missing. */
	wanted?: string;
	/** Where the machine's sources are, instead of `/etc/apt`. */
	aptDir?: string | undefined;
	signal?: AbortSignal | undefined;
	onProgress?: ((line: string) => void) | undefined;
}

export class PrivateApt {
	#dir: string;
	#options: AptOptions;

	private constructor(dir: string, options: AptOptions) {
		this.#dir = dir;
		this.#options = options;
	}

	/**
	 * Makes the root in an empty directory and reads the suite's lists.
	 * @throws VmError: missing where apt or Debian's archive is not configured; catalogue when nothing can be read from it.
	 */
	static async open(dir: string, options: AptOptions): Promise<PrivateApt> {
		const { vendor = "debian", wanted } = options;
		const sources = sourcesForSuite(
			await configuredSources(options.aptDir),
			options.suite,
			ARCHIVES[vendor],
		);
		const about = wanted === undefined ? "" : `${wanted}: `;
		const { label, download } = VENDORS[vendor];
		if (sources.length === 0)
			throw new VmError(
				"missing",
				`${about}this machine's apt has no source for ${label}'s archive`,
				{
					hint:
						vendor === "debian"
							? "name a kernel by its path: --kernel PATH"
							: `download ${download}; --kernel FILE takes it`,
				},
			);
		if (findOnPath("apt-get") === undefined) throw notHere("apt-get", about);
		const apt = new PrivateApt(dir, options);
		const hasKeyring = await access(KEYRINGS[vendor]).then(
			() => true,
			() => false,
		);
		const signed = sources.map((source) => ({
			...source,
			signedBy: source.signedBy ?? (hasKeyring ? KEYRINGS[vendor] : undefined),
		}));
		await apt.#prepare();
		await apt.#readLists(options.updates ? signed : signed.slice(0, 1));
		return apt;
	}

	get #label(): string {
		return VENDORS[this.#options.vendor ?? "debian"].label;
	}

	async #prepare(): Promise<void> {
		const { debianArch } = this.#options;
		for (const dir of [
			"sources.d",
			"none",
			"state/lists/partial",
			"archives/partial",
		])
			await makeDirs(join(this.#dir, dir));
		await writeFile(join(this.#dir, "status"), "");
		// Read last, so it can take back what the machine's own files say.
		await writeFile(
			join(this.#dir, "main.conf"),
			[
				"#clear APT::Update::Pre-Invoke;",
				"#clear APT::Update::Post-Invoke;",
				"#clear APT::Update::Post-Invoke-Success;",
				'Acquire::Languages "none";',
				'Acquire::GzipIndexes "true";',
				'Acquire::Retries "2";',
				// Some containers switch these off; each question would then parse all lists again.
				'Dir::Cache::pkgcache "pkgcache.bin";',
				'Dir::Cache::srcpkgcache "srcpkgcache.bin";',
				// The sandbox user could not write to a private directory.
				'APT::Sandbox::User "root";',
				"#clear APT::Architectures;",
				`APT::Architecture "${debianArch}";`,
				`APT::Architectures { "${debianArch}"; };`,
				"",
			].join("\n"),
		);
		await writeFile(
			join(this.#dir, "apt.conf"),
			[
				`Dir::Etc::main "${this.#dir}/main.conf";`,
				'Dir::Etc::sourcelist "/dev/null";',
				`Dir::Etc::sourceparts "${this.#dir}/sources.d";`,
				'Dir::Etc::preferences "/dev/null";',
				`Dir::Etc::preferencesparts "${this.#dir}/none";`,
				`Dir::State "${this.#dir}/state";`,
				`Dir::State::status "${this.#dir}/status";`,
				`Dir::Cache "${this.#dir}";`,
				"",
			].join("\n"),
		);
	}

	async #run(
		program: string,
		args: readonly string[],
		cwd = this.#dir,
	): Promise<string> {
		const { signal } = this.#options;
		const { execa } = await loadExeca();
		const result = await execa(program, args, {
			cwd,
			reject: false,
			stdin: "ignore",
			env: {
				APT_CONFIG: join(this.#dir, "apt.conf"),
				LC_ALL: "C.UTF-8",
			},
			maxBuffer: 100_000_000,
			...(signal && { cancelSignal: signal }),
		});
		if (result.isCanceled) throw new VmError("aborted", "interrupted");
		if (result.failed && errnoOf(result.cause ?? result) === "ENOENT")
			throw notHere(program);
		if (result.failed) throw this.#failure(program, result.stderr);
		return result.stdout;
	}

	#failure(program: string, stderr: string): VmError {
		const errors = stderr
			.split("\n")
			.filter((line) => line.startsWith("E: "))
			.map((line) => line.slice(3).replace(/\.$/, ""));
		const detail = (
			errors.length ? errors : stderr.trim().split("\n").slice(-3)
		)
			.slice(0, 3)
			.join(" / ");
		if (/No space left on device/.test(stderr))
			return new VmError("storage", `${program}: ${detail}`, {
				hint: "free some space, or point XDG_CACHE_HOME to a larger disk",
			});
		return new VmError(
			"catalogue",
			`${this.#label}'s ${this.#options.suite} for ${this.#options.debianArch} cannot be fetched: ${detail}`,
			{
				hint: "is the network up, and does the suite exist? A kernel that is on this machine needs neither: --kernel PATH",
				cause: stderr,
			},
		);
	}

	/**
	 * Reads the lists of the suite, the first source, and those of the others that can be read: a mirror in mid-sync, or an
	 * old suite's, has not all of them.
	 */
	async #readLists(sources: readonly Source[]): Promise<void> {
		const { suite, debianArch, onProgress } = this.#options;
		onProgress?.(
			`reading the package lists of ${this.#label} ${suite} (${debianArch})`,
		);
		try {
			await this.#update(sources);
		} catch (error) {
			const failed = failedSources(sources, error);
			if (failed.length === 0) throw error;
			const names = failed.flatMap(({ suites }) => suites).join(" and ");
			onProgress?.(
				`${(error as VmError).message.split(";", 1)[0]}; going on without ${names}`,
			);
			await this.#update(sources.filter((one) => !failed.includes(one)));
		}
	}

	async #update(sources: readonly Source[]): Promise<void> {
		const { debianArch } = this.#options;
		await writeFile(
			join(this.#dir, "sources.d", "crcap.sources"),
			sources.map((source) => formatSource(source, debianArch)).join("\n"),
		);
		// Without it apt-get calls a failed download a warning and goes on with nothing.
		await this.#run("apt-get", [
			"-q",
			"-o",
			"APT::Update::Error-Mode=any",
			"update",
		]);
	}

	/**
	 * The packages that one depends on, and those that they depend on in turn.
	 * @param wanted tells the names to follow
	 * @param most how many at the most
	 */
	async dependencies(
		top: PackageRecord,
		wanted: (name: string) => boolean,
		most: number,
	): Promise<PackageRecord[]> {
		const found: PackageRecord[] = [];
		const queue = [...top.depends];
		const seen = new Set<string>();
		for (let next = queue.shift(); next; next = queue.shift()) {
			if (seen.has(next) || !wanted(next)) continue;
			seen.add(next);
			const record = await this.show(next);
			if (!record || found.length >= most) continue;
			found.push(record);
			queue.push(...record.depends);
		}
		return found;
	}

	/** The newest version of a package; undefined where the suite has none. */
	async show(name: string): Promise<PackageRecord | undefined> {
		const text = await this.#run("apt-cache", [
			"show",
			"--no-all-versions",
			name,
		]).catch((error: unknown) => {
			if (error instanceof VmError && error.kind === "catalogue") return "";
			throw error;
		});
		return parseRecords(text).find((record) => record.name === name);
	}

	/** The names of all packages that match a POSIX extended regular expression. */
	async names(pattern: string): Promise<string[]> {
		const text = await this.#run("apt-cache", [
			"search",
			"--names-only",
			pattern,
		]);
		return text
			.split("\n")
			.map((line) => line.split(" - ")[0] as string)
			.filter(Boolean);
	}

	/** Downloads packages, checks them, and returns the files' paths. */
	async download(records: readonly PackageRecord[]): Promise<string[]> {
		const dir = join(this.#dir, "debs");
		await makeDirs(dir);
		this.#options.onProgress?.(
			`fetching ${records.map(({ name, version }) => `${name} ${version}`).join(", ")}`,
		);
		await this.#run(
			"apt-get",
			["-q", "download", ...records.map((r) => `${r.name}=${r.version}`)],
			dir,
		);
		const files = await readdir(dir);
		return files
			.filter((name) => name.endsWith(".deb"))
			.map((name) => join(dir, name));
	}
}
