/** What a case expects of one kernel version after the other. */
import type { PlannedCase, SuiteApi } from "./suiteApi.js";

/** Mainline series by major version: the first and the last one to ask about. Older ones lack clone3's set_tid. */
const SERIES: readonly (readonly [
	major: number,
	first: number,
	last: number,
])[] = [
	[5, 5, 19],
	[6, 0, 19],
	[7, 0, 3],
];

/** The capability came with this one; each release before told a smaller cap_last_cap. */
const CHECKPOINT_RESTORE = [5, 9] as const;

/** An expectation and the versions that share it. */
export interface Era {
	/** First and last version, e.g. `5.9` and `6.13`; the last is absent where it still holds. */
	readonly from: string;
	readonly to?: string;
	readonly expected: string;
	readonly reason: string;
	/** Where the expectation comes from. */
	readonly ref?: string;
}

/** For each case id its eras, oldest first, from the version `first` on where it is given. Stable releases with backports may differ; `--kernel-facts` knows them. */
export function history(
	suites: SuiteApi,
	ids: ReadonlySet<string>,
	first?: string,
): Map<string, Era[]> {
	const eras = new Map<string, Era[]>();
	const every = releases();
	const start = every.findIndex(({ release }) => release === first);
	for (const { release, capLastCap } of every.slice(Math.max(start, 0))) {
		const reported = {
			release: `${release}.0`,
			cap_last_cap: String(capLastCap),
		};
		const { cases } = suites.plan({ reported, arch: "x86_64" }, ids);
		for (const planned of cases) {
			if (!ids.has(planned.id)) continue;
			const known = eras.get(planned.id) ?? [];
			eras.set(planned.id, extended(known, release, planned));
		}
	}
	return new Map(
		[...eras].map(([id, known]) => [id, known.map(withoutLastEnd)]),
	);
}

function extended(
	known: Era[],
	release: string,
	{ expected, reason, citation }: PlannedCase,
): Era[] {
	const last = known.at(-1);
	if (last?.expected === expected && last.reason === reason) {
		return [...known.slice(0, -1), { ...last, to: release }];
	}
	return [
		...known,
		{
			from: release,
			to: release,
			expected,
			reason,
			...(citation === null ? {} : { ref: citation.ref }),
		},
	];
}

/** What the newest version still expects has no end. */
function withoutLastEnd({ to, ...era }: Era, i: number, all: Era[]): Era {
	return i === all.length - 1 || to === undefined ? era : { ...era, to };
}

/** Every series that is asked about, oldest first. */
export function releases(): { release: string; capLastCap: number }[] {
	return SERIES.flatMap(([major, first, last]) =>
		Array.from({ length: last - first + 1 }, (_, i) => {
			const minor = first + i;
			const older =
				major < CHECKPOINT_RESTORE[0] ||
				(major === CHECKPOINT_RESTORE[0] && minor < CHECKPOINT_RESTORE[1]);
			return { release: `${major}.${minor}`, capLastCap: older ? 39 : 40 };
		}),
	);
}
