/** `run.sh` of a bundle: any POSIX shell, busybox's and Android's included, and no program but those of every system. */

/** What `uname -m` says where an agent runs: a 64-bit kernel runs the 32-bit agent as well, where it was built to. */
const MACHINES: Readonly<Record<string, string>> = {
	x86_64: "x86_64",
	i386: "i?86|x86_64",
	aarch64: "aarch64",
	armhf: "armv7*|armv8*|aarch64",
	riscv64: "riscv64",
	s390x: "s390x",
	ppc64el: "ppc64le",
};

/** @param arch the agent's architecture */
export function runScript(arch: string): string {
	return `#!/bin/sh
# Tries the cases of this bundle on the kernel that runs here, in namespaces of their own, and logs what it answered.
usage() {
	cat <<END
usage: sh run.sh [-o LOG]
       sh run.sh --doctor [--json] [--pid PID]

Tries the cases of this bundle on this machine's kernel; as root it can try more of them. What can be judged at once is printed as
KTAP; the log is for \\\`crcap judge LOG\\\`, on any machine. Without -o both go to standard output, and that is the log.
Exit status: 0 every case was asked and the log is whole; 1 it is not; 2 usage, or the bundle does not run here.
--doctor tells what checkpoint/restore can do here, and what is in its way, as \\\`crcap doctor\\\` does.
END
}
refuse() {
	echo "run.sh: $1" >&2
	exit 2
}
log=
doctor=
while test $# -gt 0; do
	case $1 in
	-o)
		test -n "$2" || refuse "-o takes the name of a file"
		log=$2
		shift 2
		;;
	--doctor)
		doctor=yes
		shift
		break
		;;
	-h | --help)
		usage
		exit 0
		;;
	*) refuse "unknown argument $1; sh run.sh --help tells what there is" ;;
	esac
done
PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin:/system/bin
machine=$(uname -m)
case $machine in
${MACHINES[arch] ?? arch}) ;;
*) refuse "this bundle is for ${arch}, and this machine is $machine: make one with crcap bundle --arch" ;;
esac
here=$(dirname "$0")
test -f "$here/requests" && test -f "$here/crprobe" || refuse "$here lacks files of the bundle: unpack it again"
dir=
trap 'test -z "$dir" || rm -rf "$dir"' 0
trap 'exit 1' 1 2 13 15
# Where programs may run: here, or elsewhere if this file system forbids it.
agent=$here/crprobe
tried=$here
if ! "$agent" --version >/dev/null 2>&1; then
	agent=
	for base in "$TMPDIR" /tmp "$HOME" /var/tmp /dev/shm /run /data/local/tmp; do
		test -n "$base" && mkdir -m 700 "$base/crcap-$$" 2>/dev/null || continue
		dir=$base/crcap-$$
		tried="$tried $base"
		cp "$here/crprobe" "$dir/crprobe" 2>/dev/null && chmod 755 "$dir/crprobe" && agent=$dir/crprobe
		test -n "$agent" && "$agent" --version >/dev/null 2>&1 && break
		agent=
		rm -rf "$dir"
		dir=
	done
fi
test -n "$agent" || refuse "the agent runs in none of: $tried (may programs run there, and is the kernel's machine ${arch}?)"
if test -n "$doctor"; then
	"$agent" --doctor "$@"
elif test -n "$log"; then
	"$agent" --batch "$here/requests" "$log"
else
	"$agent" --batch "$here/requests"
fi
`;
}
