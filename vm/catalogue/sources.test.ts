import assert from "node:assert/strict";
import { test } from "tap";
import { parseRecords } from "./apt.js";
import { parseDeb822, parseList, sourcesForSuite } from "./sources.js";

const DEB822 = `Types: deb deb-src
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: trixie
Components: main
`;

test("both of apt's formats are read", async () => {
	const [first, second, third] = parseDeb822(DEB822);
	assert.deepEqual(first, {
		uris: ["http://mirror.example/debian"],
		suites: ["bookworm", "bookworm-updates"],
		components: ["main", "contrib"],
		signedBy: "/usr/share/keyrings/debian-archive-keyring.gpg",
	});
	assert.equal(second?.signedBy, undefined, "an inline key is no path");
	assert.equal(third, undefined, "what is disabled is left out");
	assert.deepEqual(
		parseList(
			"deb-src http://a b main\n#deb http://x y main\ndeb [arch=amd64 signed-by=/k.gpg] http://m.example/debian bookworm main # here\n",
		),
		[
			{
				uris: ["http://m.example/debian"],
				suites: ["bookworm"],
				components: ["main"],
				signedBy: "/k.gpg",
			},
		],
	);
});

test("another suite comes from the same mirror, and from nobody else's", async () => {
	const configured = [
		...parseList(
			"deb [signed-by=/keys/vendor.gpg] http://vendor.example/deb bookworm main\ndeb http://vendor.example/deb stable main\n",
		),
		...parseDeb822(DEB822),
	];
	assert.deepEqual(
		sourcesForSuite(configured, "trixie").map(({ uris, suites }) => [
			uris[0],
			suites[0],
		]),
		[
			["http://mirror.example/debian", "trixie"],
			["http://mirror.example/debian", "trixie-updates"],
			["http://mirror.example/debian-security", "trixie-security"],
		],
	);
	assert.deepEqual(
		sourcesForSuite(configured, "sid").map(({ suites }) => suites[0]),
		["sid"],
	);
	assert.deepEqual(
		sourcesForSuite(parseList("deb http://v v-stable main"), "sid"),
		[],
	);
});

test("apt's records give names without versions and alternatives", async () => {
	assert.deepEqual(
		parseRecords(
			"Package: a\nVersion: 1~rc1\nDepends: b (= 1), c:any | d, e\nSize: 5\n\nPackage: x\n\n",
		),
		[{ name: "a", version: "1~rc1", depends: ["b", "c", "d", "e"] }],
	);
});
