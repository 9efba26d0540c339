import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { test } from "tap";
import { defaultKernel, resolveKernel } from "../index.js";

import { deb, dir, environment, kernel, put } from "./kernels.test.helper.js";

test("the default kernel", async (t) => {
	const paths = () => ({
		apt: join(dir, "etc-apt"),
		boot: join(dir, "boot"),
		modules: join(dir, "modules"),
		release: "6.5-own",
	});

	t.test(
		"is Debian's where apt knows Debian, else the machine's own, and says so",
		async () => {
			process.env.XDG_CACHE_HOME = join(dir, "cache-default");
			const bin = await put("nothing/apt-get", "#!/bin/sh\nexit 100\n");
			await chmod(bin, 0o755);
			process.env.PATH = `${join(dir, "nothing")}:${environment.PATH}`;
			await assert.rejects(defaultKernel(paths()), {
				kind: "missing",
				message: /6\.5-own.*--kernel PATH/,
			});
			const package_ = await deb("linux-image-6.5-own", {
				"boot/vmlinuz-6.5-own": kernel("6.5-own"),
			});
			await put("nothing/apt-get", `#!/bin/sh\ncp ${package_} .\n`);
			const fetched = await defaultKernel(paths());
			assert.equal((await resolveKernel(fetched.name)).release, "6.5-own");
			const path = await put("boot/vmlinuz-6.5-own", kernel("6.5-own"));
			const own = await defaultKernel(paths());
			assert.equal(own.name, path);
			assert.match(own.note ?? "", /no source for Debian.*its own/);
			await put(
				"etc-apt/sources.list",
				"deb http://m.example/debian trixie main\n",
			);
			assert.deepEqual(await defaultKernel(paths()), {
				name: "debian:bookworm",
			});
		},
	);
});
