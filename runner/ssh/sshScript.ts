/** What the shell at the other end does before the agent is there: find a place, take the agent, become it. */

/** What that shell tells: lines `TOKEN WORD REST`, among whatever else its user's login prints. */
export type ShellWord =
	/** A place was found; REST is `uname -m`. */
	| "machine"
	/** There is none; REST tells what was tried. */
	| "nowhere"
	/** The agent came, and it runs there. */
	| "starts"
	/** It did not, or does not; REST tells why. */
	| "broken";

/**
 * A script for any POSIX shell, busybox's included, read from standard input; so is what follows it: a line with the agent's size in
 * bytes once `machine` was said, then the agent. The folder goes whatever ends the script; from then on the agent sees to that.
 * @param token begins each line that is for the runner; letters and digits
 * @param silenceSeconds the agent ends after so long without a word from here
 */
export function bootstrapScript(token: string, silenceSeconds: number): string {
	return `{
PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin:/system/bin
dir= tried=
# A busybox that prefers its own applets answers with their bare name.
case $(command -v sh) in /*) shell=$(command -v sh) ;; *) shell=/bin/sh ;; esac
trap 'test -z "$dir" || rm -rf "$dir"' 0
trap 'exit 1' 1 2 13 15
say() { printf '\\n%s %s\\n' ${token} "$*"; }
for base in "$TMPDIR" /tmp "$HOME" /var/tmp "$XDG_RUNTIME_DIR" "/run/user/$(id -u)" /dev/shm /run; do
	test -n "$base" && test -d "$base" || continue
	case " $tried" in *" $base:"*) continue ;; esac
	dir=$base/crcap-${token}-$$
	if ! mkdir -m 700 "$dir" 2>/dev/null; then
		tried="$tried $base: can't be written;"
		dir=
		continue
	fi
	printf '#!%s\\nexit 0\\n' "$shell" >"$dir/try" && chmod 700 "$dir/try" && "$dir/try" && break
	tried="$tried $base: runs no programs;"
	rm -rf "$dir"
	dir=
done 2>/dev/null
if test -z "$dir"; then
	say nowhere "$tried"
	exit 1
fi
rm -f "$dir/try"
say machine "$(uname -m)"
read -r size || exit 1
head -c "$size" >"$dir/crprobe"
here=$(wc -c <"$dir/crprobe")
if ! test "$here" -eq "$size"; then
	say broken "$((here)) of its $size bytes came to $dir"
	exit 1
fi
chmod 755 "$dir/crprobe"
if ! why=$("$dir/crprobe" --version 2>&1); then
	say broken "it does not run there: $why"
	exit 1
fi
say starts "$dir"
exec "$dir/crprobe" --serve "$dir" ${silenceSeconds}
}
`;
}

/** Reads one line of what comes; undefined where it is none of the script's. */
export function readShellLine(
	line: string,
	token: string,
): { word: ShellWord; rest: string } | undefined {
	const [, word, rest = ""] =
		new RegExp(`^${token} (machine|nowhere|starts|broken)(?: (.*))?$`).exec(
			line.replace(/\r$/, ""),
		) ?? [];
	return word === undefined ? undefined : { word: word as ShellWord, rest };
}
