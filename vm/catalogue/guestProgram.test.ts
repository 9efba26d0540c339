import assert from "node:assert/strict";
import { chmod, readdir, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "tap";
import { cacheDir } from "../base/cache.js";
import { CRIU, guestProgram } from "../index.js";
import { readDynamic } from "./elfDynamic.js";
import { deb, dir, environment, put } from "./kernels.test.helper.js";

/** In the place of CRIU: a program that every Debian has, which needs the C library. */
const STAND_IN = "/bin/cat";

test("a program by its package", async (t) => {
	const options = () => ({ aptDir: join(dir, "apt-of-a-debian") });
	const program = await readFile(STAND_IN);
	const { interpreter = "", needed } = readDynamic(program);
	const linker = await readFile(interpreter);
	const libraries = new Map<string, Buffer>();
	for (const name of new Set([...needed, ...(CRIU.libraries ?? [])])) {
		const maps = join(
			"/lib",
			`${process.arch === "x64" ? "x86_64" : "aarch64"}-linux-gnu`,
			name,
		);
		libraries.set(name, await readFile(maps));
	}

	async function tool(name: string, script: string): Promise<void> {
		await chmod(await put(`bin/${name}`, `#!/bin/sh\n${script}\n`), 0o755);
		process.env.PATH = `${join(dir, "bin")}:${environment.PATH}`;
	}

	/** An archive with CRIU, and its libraries or not. */
	async function archive(hasLibraries: boolean): Promise<void> {
		const criu = await deb("criu", {
			"usr/sbin/criu": program,
			"usr/share/doc/criu/README": "x",
		});
		const files = hasLibraries
			? Object.fromEntries(
					[...libraries].map(([name, data]) => [
						`usr/lib/x86_64-linux-gnu/${name}`,
						data,
					]),
				)
			: {};
		const libc = await deb(hasLibraries ? "libc6" : "libc6-without", {
			...files,
			[`usr/lib/x86_64-linux-gnu/${basename(interpreter)}`]: linker,
			"usr/lib/x86_64-linux-gnu/libunused.so.1": linker,
			"usr/lib/x86_64-linux-gnu/libscript.so": "GROUP ( libc.so.6 )\n",
		});
		await tool(
			"apt-get",
			`case "$*" in *download*) cp ${criu} ${libc} . ;; esac`,
		);
		await tool(
			"apt-cache",
			[
				'case "$*" in',
				'*show*criu) echo "Package: criu"; echo "Depends: libc6 (>= 2), python3" ;;',
				'*show*libc6) echo "Package: libc6" ;;',
				"*) exit 100 ;;",
				"esac",
				'echo "Version: 4.1.1-1"',
			].join("\n"),
		);
	}

	t.before(async () => {
		await put(
			"apt-of-a-debian/sources.list",
			"deb http://m.example/debian bookworm main\n",
		);
	});

	t.test("its libraries come with it, and nothing else", async () => {
		process.env.XDG_CACHE_HOME = join(dir, "cache-criu");
		await archive(true);
		const criu = await guestProgram(CRIU, "x86_64", options());
		assert.equal(criu?.version, "4.1.1-1");
		assert.deepEqual(
			criu?.files.map(({ path }) => path).sort(),
			[
				interpreter.slice(1),
				"usr/sbin/criu",
				...[...libraries.keys()]
					.filter((name) => name !== basename(interpreter))
					.map((name) => `usr/lib/${name}`),
			].sort(),
		);
		assert.ok(criu?.files.every(({ mode }) => mode === 0o755));
		assert.deepEqual(await readdir(cacheDir("work")), []);
	});

	t.test("what is cached needs no network, and only whole", async () => {
		process.env.XDG_CACHE_HOME = join(dir, "cache-criu-2");
		await archive(true);
		const first = await guestProgram(CRIU, "x86_64", options());
		await tool("apt-get", "exit 100");
		assert.deepEqual(await guestProgram(CRIU, "x86_64", options()), first);
		await rm(join(cacheDir("criu", "x86_64"), "entry.json"));
		await assert.rejects(guestProgram(CRIU, "x86_64", options()), {
			kind: "catalogue",
		});
		await archive(true);
		const again = await guestProgram(CRIU, "x86_64", options());
		assert.deepEqual(again?.files, first?.files);
	});

	t.test("what it reads beside libraries comes with it", async () => {
		process.env.XDG_CACHE_HOME = join(dir, "cache-criu-5");
		await archive(true);
		const doc = "usr/share/doc/criu/README";
		const reads = (files: readonly string[]) =>
			guestProgram(
				{ ...CRIU, reads: { packages: ["criu-doc"], files } },
				"x86_64",
				options(),
			);
		await assert.rejects(reads(["usr/share/criu/none"]), {
			kind: "catalogue",
			message: /criu reads \/usr\/share\/criu\/none, which is in none/,
		});
		const found = (await reads([doc]))?.files.find(({ path }) => path === doc);
		assert.equal(found?.data.toString(), "x");
	});

	t.test(
		"a copy without a library that others need is fetched anew",
		async () => {
			process.env.XDG_CACHE_HOME = join(dir, "cache-criu-6");
			await archive(true);
			const first = await guestProgram(CRIU, "x86_64", options());
			const [name = ""] = CRIU.libraries ?? [];
			await rm(join(cacheDir("criu", "x86_64"), "tree/usr/lib", name));
			const again = await guestProgram(CRIU, "x86_64", options());
			assert.deepEqual(again?.files, first?.files);
		},
	);

	t.test("a library that no package has is named", async () => {
		process.env.XDG_CACHE_HOME = join(dir, "cache-criu-3");
		await archive(false);
		await assert.rejects(guestProgram(CRIU, "x86_64", options()), {
			kind: "catalogue",
			message: /usr\/sbin\/criu needs lib\S+, which is in none of the packages/,
		});
		assert.deepEqual(await readdir(cacheDir("work")), []);
	});

	t.test("an architecture may have no CRIU", async () => {
		process.env.XDG_CACHE_HOME = join(dir, "cache-criu-4");
		await archive(true);
		await tool("apt-cache", "exit 100");
		assert.equal(await guestProgram(CRIU, "riscv64", options()), undefined);
		assert.deepEqual(await readdir(cacheDir("work")), []);
	});
});
