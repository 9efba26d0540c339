import assert from "node:assert/strict";
import { test } from "tap";
import { cliBatch } from "./spawnCli.test.helper.js";

const REFUSED: [string, string[], RegExp][] = [
	["no command", [], /Usage: crcap/],
	[
		"an unknown command",
		["rnu"],
		/unknown command 'rnu' \(Did you mean run\?\)/,
	],
	[
		"an unknown option",
		["run", "--kernl", "x"],
		/unknown option '--kernl' \(Did you mean --kernel\?\)/,
	],
	["an unknown option of list", ["list", "--jsn"], /Did you mean --json\?/],
	["an argument too many", ["run", "bzImage"], /too many arguments/],
	["an accelerator", ["run", "--accel", "kmv"], /Did you mean kvm\?/],
	["a time", ["run", "--timeout", "soon"], /number of seconds/],
	["no time", ["run", "--timeout", "0"], /number of seconds/],
	["an endless time", ["run", "--case-timeout", "1e99"], /number of seconds/],
	["an origin", ["run", "--kcidb-origin", "A B"], /lower-case letters/],
	["a commit", ["run", "--kcidb-git-commit", "HEAD"], /40 hex digits/],
	["a repository", ["run", "--kcidb-git-url", "linux"], /a URL/],
	["no failures", ["run", "--max-failures", "0"], /whole number from 1/],
	["no rounds", ["run", "--repeat", "0"], /whole number from 1/],
	[
		"a report of failures that is not there",
		["run", "--failed", "/no/r.json"],
		/^crcap: --failed: \/no\/r\.json: no such file$/m,
	],
	[
		"nothing to watch",
		["run", "--watch", "--kernel", "debian:bookworm"],
		/nothing to watch/,
	],
	["a dry run again", ["run", "--watch", "--dry-run"], /don't go together/],
	["one report to compare", ["compare", "a.json"], /compare OLD NEW/],
	[
		"a kernel of another distribution",
		["run", "--kernel", "ubuntu:noble"],
		/^crcap: --kernel ubuntu:noble\/virtual@\w+: this machine's apt has no source for Ubuntu.*linux-image-\*\.deb.*--kernel FILE takes it/,
	],
	[
		"a kernel of a distribution without names",
		["run", "--kernel", "rocky:9"],
		/kernel-core-.*--kernel FILE takes/,
	],
	["a trend of no report", ["trend", "/etc/passwd"], /no report of crcap/],
	["a trend as text", ["trend", "x", "--report", "text"], /one of html/],
	["no jobs", ["run", "--jobs", "0"], /whole number from 1/],
	["a shard", ["run", "--shard", "3/2"], /I\/N/],
	["a format", ["run", "--report", "jsno=x"], /Did you mean json\?/],
	["a report without a file", ["run", "--report", "json="], /names no file/],
	[
		"a report into nowhere",
		["run", "--report", "json=/no/such/folder/x"],
		/no directory/,
	],
	[
		"two reports to standard output",
		["run", "--report", "tap", "--report", "json"],
		/two reports go to standard output/,
	],
	[
		"two reports to one file",
		["run", "--report", "tap=x", "--report", "json=./x"],
		/two reports go to/,
	],
	["a suite", ["run", "--suite", "set_tip"], /Did you mean set_tid\?/],
	["a suite to list", ["list", "--suite", "set_tip"], /Did you mean set_tid\?/],
	[
		"a kernel that is not there",
		["run", "--kernel", "/no/such/kernel"],
		/no such file/,
	],
	[
		"a kernel that is none",
		["run", "--kernel", "/etc/passwd"],
		/\/etc\/passwd/,
	],
	[
		"a name of no catalogue",
		["run", "--kernel", "debain:bookworm"],
		/Did you mean debian:bookworm/,
	],
	[
		"a suite of the archive with a letter too few",
		["run", "--kernel", "debian:bookwrm"],
		/there is no suite bookwrm \(Did you mean debian:bookworm\?\)/,
	],
	[
		"the same to fetch",
		["kernels", "fetch", "debian:bookwrm"],
		/Did you mean debian:bookworm\?/,
	],
	[
		"a command of kernels",
		["kernels", "fech", "debian:bookworm"],
		/unknown command 'fech' \(Did you mean fetch\?\)/,
	],
	["help for no command", ["help", "rnu"], /'rnu' \(Did you mean run\?\)/],
	["a case of history", ["history", "--case", "nope"], /--case nope matches/],
	[
		"a part of an id to explain",
		["explain", "set_tid.free_tid"],
		/^crcap: set_tid\.free_tid matches nothing \(Did you mean set_tid\.free_tid\.\*\?\)/m,
	],
	["a path unlike any", ["run", "--kernel", "/nope"], /no such file; /],
	[
		"--compat without a guest",
		["run", "--local", "--compat"],
		/--compat is for guests/,
	],
	["an empty value", ["run", "--kernel", ""], /empty/],
	["--host without --local", ["run", "--host"], /--host is for --local/],
	[
		"--append without a guest",
		["run", "--local", "--append", "x"],
		/--append is for guests/,
	],
	[
		"a configuration that is not there",
		["run", "--config", "/no/config.json"],
		/--config \/no\/config\.json: no such file$/m,
	],
	["a folder for a configuration", ["run", "--config", "/etc"], /is a dir/],
	[
		"an endless configuration",
		["run", "--config", "/dev/zero"],
		/\/dev\/zero is no regular file/,
	],
	[
		"a report that is none",
		["show", "/etc/passwd"],
		/^crcap: \/etc\/passwd is no report of crcap: it is neither its JSON nor its TAP$/m,
	],
	["a folder for a report", ["show", "/etc"], /^crcap: \/etc is a directory$/m],
	[
		"a report that is not there",
		["compare", "/no/report.json", "/no/other.json"],
		/^crcap: \/no\/report\.json: no such file$/m,
	],
	[
		"no case to explain",
		["explain", ""],
		/value '' is invalid for argument 'case'\. It is empty/,
	],
	[
		"a bundle that is not there",
		["judge", "/etc/passwd", "--bundle", "/no/b.tar.gz"],
		/^crcap: \/no\/b\.tar\.gz: no such file$/m,
	],
	["a grouping", ["list", "--group", "subjects"], /Did you mean subject\?/],
	[
		"a kernel to fetch",
		["kernels", "fetch", "debian/bookworm"],
		/not in the catalogue/,
	],
];

test("refused before anything is done", async (t) => {
	const results = await cliBatch(REFUSED.map(([, args]) => args));
	for (const [i, [what, , message]] of REFUSED.entries()) {
		await t.test(what, async () => {
			assert.match(results[i]?.stderr ?? "", message);
			assert.equal(results[i]?.status, 2);
			assert.equal(results[i]?.stdout, "");
		});
	}
});
