/** What is said of a KCIDB report beyond the results. */

/** KCIDB's name for who reports; the schema allows no other characters. */
export const ORIGIN = /^[a-z0-9_]+$/;
/** A repository that others can fetch from. */
export const WEB = /^(?:https?|git|ssh):\/\/[^\s"'<>]+$/;
/** A whole commit id. */
export const SHA1 = /^[0-9a-f]{40}$/;

/** As the command line and the configuration file give them. */
export interface KcidbOptions {
	kcidbOrigin?: string | undefined;
	kcidbGitUrl?: string | undefined;
	kcidbGitBranch?: string | undefined;
	kcidbGitCommit?: string | undefined;
}

/** For the writer; the second counts where the first says nothing. */
export function kcidbWriter(
	first: KcidbOptions,
	second: KcidbOptions = {},
): {
	kcidbOrigin?: string;
	kcidbGit?: { url?: string; branch?: string; commit?: string };
} {
	const origin = first.kcidbOrigin ?? second.kcidbOrigin;
	const url = first.kcidbGitUrl ?? second.kcidbGitUrl;
	const branch = first.kcidbGitBranch ?? second.kcidbGitBranch;
	const commit = first.kcidbGitCommit ?? second.kcidbGitCommit;
	const git = {
		...(url === undefined ? {} : { url }),
		...(branch === undefined ? {} : { branch }),
		...(commit === undefined ? {} : { commit }),
	};
	return {
		...(origin === undefined ? {} : { kcidbOrigin: origin }),
		...(Object.keys(git).length === 0 ? {} : { kcidbGit: git }),
	};
}
