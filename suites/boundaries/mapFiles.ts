/** Following the links in /proc/PID/map_files. */
import { holds } from "../model/caps.js";
import type { Facts } from "../model/facts.js";
import {
	always,
	at,
	both,
	type ExpectedResult,
	few,
	gate,
	type Row,
	type Suite,
	sweptInitial,
	wide,
} from "../model/row.js";
import { mayCheckpointRestore, type Subject } from "../model/subjects.js";
import { OTHER_ROWS } from "./mapFilesOther.js";
import { MAP_FILES_STATEMENTS } from "./mapFilesStatements.js";
import { accounted } from "./setTidFlags.js";

const LINK = "/proc/self/map_files/$m";
const cite = "map_files_cap" as const;
/** The initial user namespace counts, whoever owns what. */
const initial = (): number => 0;

const GRANTED = "the subject has the capability in the initial user namespace";
const DENIED =
	"neither CAP_CHECKPOINT_RESTORE nor CAP_SYS_ADMIN in the initial user namespace, the only one that counts here";

const may = (s: Subject, facts: Facts): boolean =>
	mayCheckpointRestore(s, 0, facts);

/** Root maps it and becomes the subject, which follows the link. */
function follow(
	name: string,
	map: string,
	operations: string,
	granted: readonly ExpectedResult[],
	denied: readonly ExpectedResult[],
	title: string,
	more: Partial<Row> = {},
): Row {
	return {
		name,
		title,
		probe: operations.split("=")[0] ?? "",
		program: `map=m,${map} @ ${operations}`,
		subjects: wide,
		expect: gate(
			initial,
			{ results: granted, reason: GRANTED, cite },
			{ results: denied, reason: DENIED, cite },
		),
		catches:
			"the check is missing at this way in, asks for another capability or another user namespace",
		...more,
	};
}

const MEMFD = "memfd,0666,bytes%20of%20a%20memfd";

/** Ways that don't follow the link: open to everyone. */
function unguarded(
	name: string,
	operations: string,
	results: readonly ExpectedResult[],
	title: string,
): Row {
	return {
		name,
		title,
		probe: operations.split("=")[0] ?? "",
		program: `map=m,${MEMFD} @ ${operations}`,
		subjects: wide,
		expect: always(
			results,
			"only following a link takes the capability",
			"map_files_nogate",
		),
		catches: "the check is made where the link is not followed",
	};
}

/** Does the file's owner, or a capability over files, let the subject in? All files here are root's. */
const ownsFile = (s: Subject): boolean =>
	s.kuid === 0 || (s.userDepth === 0 && holds(s.caps, "dac_override"));

/** Following the link to a file that only its owner may open as asked. */
const ownersOnly: Row["expect"] = (s, facts) => {
	if (!may(s, facts)) return { results: ["EPERM"], reason: DENIED, cite };
	return ownsFile(s)
		? { results: ["0"], reason: GRANTED, cite }
		: {
				results: ["EACCES"],
				reason: "behind the link the file's own permissions count",
				cite: "map_files_inode",
			};
};

const OWN_ROWS: readonly Row[] = [
	follow(
		"read_deleted",
		"deleted,/tmp/crcap-deleted,0644,bytes%20of%20a%20deleted%20file",
		`open=g,r,${LINK} read=g,23`,
		["0", "0:bytes of a deleted file"],
		["EPERM", "-"],
		"open and read a deleted file through its mapping",
	),
	follow(
		"read_memfd",
		MEMFD,
		`open=g,r,${LINK} read=g,16`,
		["0", "0:bytes of a memfd"],
		["EPERM", "-"],
		"open and read a memfd through its mapping",
		{
			// The subject maps it itself: a mapping does not outlive the execve of some routes.
			program: `map=m,${MEMFD} open=g,r,${LINK} read=g,16`,
			subjects: sweptInitial,
		},
	),
	follow(
		"write_memfd",
		MEMFD,
		`open=g,rw,${LINK} write=g,BYTES mapped=m,16`,
		["0", "0:5", "0:BYTES of a memfd"],
		["EPERM", "-", "0:bytes of a memfd"],
		"open a memfd through its mapping for writing: what is written is in the mapping",
	),
	follow(
		"read_anon",
		"anon,shared%20bytes",
		`open=g,rw,${LINK} read=g,12`,
		["0", "0:shared bytes"],
		["EPERM", "-"],
		"open shared anonymous memory",
		{
			catches: "shared anonymous memory is treated apart",
			expect: (s, facts) =>
				!may(s, facts)
					? { results: ["EPERM", "-"], reason: DENIED, cite }
					: { results: ["0", "0:shared bytes"], reason: GRANTED, cite },
		},
	),
	follow(
		"read_sysv",
		"sysv,0666,segment",
		`open=g,r,${LINK} read=g,7`,
		["0", "0:segment"],
		["EPERM", "-"],
		"open a System V shared memory segment",
	),
	follow(
		"stat",
		MEMFD,
		`stat=${LINK}`,
		["0"],
		["EPERM"],
		"stat() through the link",
	),
	follow(
		"open_path",
		MEMFD,
		`open=g,path,${LINK}`,
		["0"],
		["EPERM"],
		"open with O_PATH, following the link",
	),
	follow(
		"eaccess",
		MEMFD,
		`eaccess=r,${LINK}`,
		["0"],
		["EPERM"],
		"faccessat2() with AT_EACCESS",
		{ needs: ["faccessat2"], subjects: few },
	),
	unguarded(
		"readlink",
		`readlink=${LINK}`,
		["0:/memfd:crcap (deleted)"],
		"readlink()",
	),
	unguarded("lstat", `lstat=${LINK}`, ["0"], "lstat()"),
	unguarded(
		"readdir",
		"ls=/proc/self/map_files",
		["0:some"],
		"read the directory",
	),
	unguarded(
		"open_path_nofollow",
		`open=g,path+nofollow,${LINK}`,
		["0"],
		"open the link itself with O_PATH|O_NOFOLLOW",
	),
	{
		name: "nofollow",
		title: "open with O_NOFOLLOW",
		probe: "open",
		program: `map=m,${MEMFD} @ open=g,r+nofollow,${LINK}`,
		subjects: few,
		expect: always(
			["ELOOP"],
			"the link is refused before it is asked where it leads",
			"map_files_nofollow",
		),
		catches: "get_link() is called for a link that must not be followed",
	},
	{
		name: "no_symlinks",
		title: "openat2() with RESOLVE_NO_SYMLINKS",
		probe: "openat2",
		program: `map=m,${MEMFD} getpid=p @ openat2=g,r,no_symlinks,/proc/$p/map_files/$m`,
		// A numbered link: /proc/self is a link itself. In another pid namespace the number would be another's.
		subjects: both(few, at("uid0", "uid1000", "userns")),
		expect: always(
			["ELOOP"],
			"the link is refused before it is asked where it leads",
			"map_files_nofollow",
		),
		needs: ["openat2"],
		catches: "get_link() is called for a link that must not be followed",
	},
	{
		name: "no_magiclinks",
		title: "openat2() with RESOLVE_NO_MAGICLINKS",
		probe: "openat2",
		program: `map=m,${MEMFD} @ openat2=g,r,no_magiclinks,${LINK}`,
		subjects: few,
		expect: gate(
			initial,
			{
				results: ["ELOOP"],
				reason: "get_link() jumps, and that is refused",
				cite: "map_files_magiclinks",
			},
			{
				results: ["EPERM"],
				reason: "the capability is checked before the jump",
				cite: "map_files_magiclinks",
			},
		),
		needs: ["openat2"],
		catches: "the capability is checked after the jump",
	},
	...["beneath", "in_root", "no_xdev"].map(
		(resolve): Row => ({
			name: resolve,
			title: `openat2() with RESOLVE_${resolve.toUpperCase()}, from the directory`,
			probe: "openat2",
			program: `map=m,${MEMFD} @ openat2=g,r,${resolve},/proc/self/map_files//$m openat2=h,r,none,/proc/self/map_files//$m`,
			subjects: few,
			expect: gate(
				initial,
				{
					results: ["EXDEV", "0"],
					reason: "get_link() jumps out of what the flag allows",
					cite: "map_files_scoped",
				},
				{
					results: ["EPERM", "EPERM"],
					reason: "the capability is checked before the jump",
					cite: "map_files_scoped",
				},
			),
			needs: ["openat2"],
			catches:
				"the link leads out of what openat2() was told to stay in, or the capability is checked after the jump",
		}),
	),
	accounted(`map=m,${MEMFD}`, `open=g,r,${LINK}`, initial, cite, "0"),
	{
		name: "access",
		title: "access(), which asks for the real user",
		probe: "access",
		program: `map=m,${MEMFD} @ access=r,${LINK}`,
		subjects: few,
		expect: (s, facts) => {
			// With a real user other than root access(2) takes no capability at all; root's are the permitted ones.
			const root = s.kuid === 0 && may(s, facts);
			return root
				? { results: ["0"], reason: GRANTED, cite }
				: {
						results: ["EPERM"],
						reason: may(s, facts)
							? "access(2) leaves a real user other than root no capability"
							: DENIED,
						cite: may(s, facts) ? "access_real" : cite,
					};
		},
		catches:
			"access(2) goes by the effective capabilities, or by none for root",
	},
	{
		name: "inode_permissions",
		title: "open a deleted file for writing that only its owner may write",
		probe: "open",
		program: `map=m,deleted,/tmp/crcap-mode,0644,x @ open=g,rw,${LINK}`,
		subjects: few,
		expect: ownersOnly,
		catches: "the link gives rights that the file does not",
	},
	{
		name: "memfd_mode",
		title: "open a memfd of mode 0600 that is root's",
		probe: "open",
		program: `map=m,memfd,0600,x @ open=g,r,${LINK}`,
		subjects: few,
		expect: ownersOnly,
		catches: "the link gives rights that the file does not",
	},
	follow(
		"sealed",
		"sealed,sealed%20bytes",
		`open=g,rw,${LINK} read=g,12 write=g,x`,
		["0", "0:sealed bytes", "EPERM"],
		["EPERM", "-", "-"],
		"open a memfd with F_SEAL_WRITE for writing: it opens, the write is refused",
		{ subjects: few, catches: "a seal is lost through the link" },
	),
	{
		name: "unsearchable_directory",
		title:
			"open a file in a directory that the subject can't search: not by its path, but through its mapping",
		probe: "open",
		program: `scratch mkdir=/tmp/closed,0700 map=m,new,/tmp/closed/file,0644,within @ open=h,r,/tmp/closed/file open=g,r,${LINK} read=g,6`,
		subjects: at("uid1000", "pidns", "userns"),
		expect: (s, facts) => {
			const search =
				s.userDepth === 0 &&
				(holds(s.caps, "dac_override") || holds(s.caps, "dac_read_search"));
			const direct = search ? "0" : "EACCES";
			return may(s, facts)
				? {
						results: [direct, "0", "0:within"],
						reason: `${GRANTED}; the link leads past the directories above the file`,
						cite,
					}
				: { results: [direct, "EPERM", "-"], reason: DENIED, cite };
		},
		catches: "the path is walked instead of the link",
	},
	follow(
		"secret",
		"secret,x",
		`open=g,r,${LINK}`,
		["ENXIO"],
		["EPERM"],
		"open secret memory (memfd_secret) of one's own",
		{
			program: `map=m,secret,x open=g,r,${LINK}`,
			subjects: few,
			needs: ["memfd_secret"],
			catches: "secret memory can be read through map_files",
		},
	),
	{
		name: "secret_of_root",
		title: "open secret memory that root made",
		probe: "open",
		program: `map=m,secret,x @ open=g,r,${LINK}`,
		subjects: few,
		expect: (s, facts) =>
			!may(s, facts)
				? { results: ["EPERM"], reason: DENIED, cite }
				: ownsFile(s)
					? {
							results: ["ENXIO"],
							reason: "the file can't be opened by anyone",
							cite: "memfd_secret",
						}
					: {
							results: ["EACCES"],
							reason: "the file is its maker's alone",
							cite: "memfd_secret",
						},
		needs: ["memfd_secret"],
		catches: "secret memory can be read through map_files",
	},
	follow(
		"read_only",
		"file,/tmp/crcap-ro",
		`open=g,r,${LINK} read=g,5`,
		["0", "0:bytes"],
		["EPERM", "-"],
		"open a file that is mapped for reading only",
		{
			program: `scratch mkfile=/tmp/crcap-ro,0644,0,bytes map=m,file,/tmp/crcap-ro @ open=g,r,${LINK} read=g,5`,
			subjects: few,
			catches: "only mappings that can be written are checked",
		},
	),
	follow(
		"exec",
		"file,/tmp/crcap-x",
		`open=x,r,/tmp/crcap-x exec=${LINK} exe=x`,
		["0", "0", "0:yes"],
		["0", "EPERM", "0:no"],
		"execute a file through its mapping",
		{
			probe: "exec",
			program: `scratch selfcopy=/tmp/crcap-x,0755,0,real map=m,file,/tmp/crcap-x @ open=x,r,/tmp/crcap-x exec=${LINK} exe=x`,
			subjects: few,
			catches: "execve() of a link is not checked",
		},
	),
	{
		name: "dropped_after_open",
		title: "open a mapping, drop all capabilities, open it once more",
		probe: "open",
		program: `map=m,${MEMFD} @ open=g,r,${LINK} caps=none open=h,r,${LINK} read=g,5`,
		subjects: few,
		expect: gate(
			initial,
			{
				results: ["0", "EPERM", "0:bytes"],
				reason:
					"each open asks for the capability anew; what is open already stays so",
				cite,
			},
			{ results: ["EPERM", "EPERM", "-"], reason: DENIED, cite },
		),
		catches: "a link that was followed once is open from then on",
	},
	follow(
		"neighbour",
		MEMFD,
		`open=g,r,${LINK} read=g,16`,
		["0", "0:bytes of a memfd"],
		["EPERM", "-"],
		"open one of three mappings that lie side by side",
		{
			program: `map=n,memfd,0666,another%20memfd map=m,${MEMFD} map=o,memfd,0666,another%20memfd open=g,r,${LINK} read=g,16`,
			subjects: few,
			catches: "the link leads to the mapping next to it",
		},
	),
	{
		name: "own_proc",
		title:
			"open a mapping through a proc that was mounted in the own user and pid namespace",
		probe: "open",
		program: `scratch @ unshare=mnt proc=/tmp/proc map=m,${MEMFD} open=g,r,/tmp/proc/self/map_files/$m`,
		subjects: (s) => /^userns_pidns-(all|cap_sys_admin)$/.test(s.name),
		expect: always(["EPERM"], DENIED, cite),
		catches:
			"the user namespace of the mount counts instead of the initial one",
	},
	follow(
		"hugetlb",
		"hugetlb",
		`open=g,r,${LINK}`,
		["0"],
		["EPERM"],
		"open huge pages",
		{ subjects: few, needs: ["hugetlb"] },
	),
	{
		name: "missing_mapping",
		title: "a range that is not mapped",
		probe: "open",
		program: "open=g,r,/proc/self/map_files/1000-2000",
		subjects: few,
		expect: always(["ENOENT"], "there is no such link", "map_files_missing"),
		catches: "the capability is checked before the link is looked up",
	},
	{
		name: "malformed_name",
		title: "a name that is no range",
		probe: "open",
		program: "open=g,r,/proc/self/map_files/nonsense",
		subjects: few,
		expect: always(["ENOENT"], "there is no such link", "map_files_missing"),
		catches: "the capability is checked before the link is looked up",
	},
	{
		name: "permitted_only",
		title: "the capability is permitted but not effective",
		probe: "open",
		program: `map=m,${MEMFD} @ eff=none open=g,r,${LINK}`,
		subjects: few,
		expect: always(["EPERM"], "only effective capabilities count", cite),
		catches: "the permitted set is looked at instead of the effective one",
	},
	{
		name: "thread_without_capability",
		title:
			"a thread drops its capabilities and follows the link, then the thread that kept them does",
		probe: "open",
		program: `map=m,${MEMFD} @ thread { caps=none open=g,r,${LINK} } open=h,r,${LINK}`,
		subjects: few,
		expect: gate(
			initial,
			{
				results: ["EPERM", "0"],
				reason: "credentials belong to a thread",
				cite,
			},
			{ results: ["EPERM", "EPERM"], reason: DENIED, cite },
		),
		catches: "the process's credentials count instead of the thread's",
	},
];

export const MAP_FILES: Suite = {
	name: "map_files",
	description: "following the links in /proc/PID/map_files",
	needs: ["map_files"],
	statements: MAP_FILES_STATEMENTS,
	rows: [...OWN_ROWS, ...OTHER_ROWS].map((row) => ({ levels: 0, ...row })),
};
