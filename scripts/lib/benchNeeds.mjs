/**
 * What virtme-ng takes, which the bench measures beside crcap: its own package depends on most of it, and its guest takes udev from this
 * machine. The program itself is in no release of Debian before trixie, so scripts/bench/peer.mjs fetches it into the cache.
 */

/** @typedef {import("./needs.mjs").Need} Need */

/** Where Debian has udev's daemon, after and before /usr was merged. */
export const UDEV = [
	"/usr/lib/systemd/systemd-udevd",
	"/lib/systemd/systemd-udevd",
];

/** Where Debian's Python finds its modules. */
const PYTHON = "/usr/lib/python3/dist-packages";

/** @type {readonly Need[]} */
export const BENCH = [
	{
		what: "Debian's Python for virtme-ng",
		commands: [],
		files: ["/usr/bin/python3"],
		debian: ["python3"],
		optional: true,
	},
	...[
		["requests", "python3-requests"],
		["argcomplete", "python3-argcomplete"],
		["pkg_resources", "python3-pkg-resources"],
	].map(([name = "", debian = ""]) => ({
		what: `Python's ${name} for virtme-ng`,
		commands: [],
		files: [`${PYTHON}/${name}/__init__.py`],
		debian: [debian],
		optional: true,
	})),
	{
		what: "modprobe and depmod for virtme-ng",
		commands: ["modprobe"],
		files: ["/usr/sbin/modprobe", "/sbin/modprobe"],
		debian: ["kmod"],
		optional: true,
	},
	{
		what: "file for virtme-ng",
		commands: ["file"],
		files: [],
		debian: ["file"],
		optional: true,
	},
	{
		what: "udev for virtme-ng's guest",
		commands: [],
		files: UDEV,
		debian: ["udev"],
		optional: true,
	},
];
