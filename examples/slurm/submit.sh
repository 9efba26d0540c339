#!/bin/sh
# Runs one plan as a job array and joins what its shards found.
#
#   submit.sh DIRECTORY SHARDS OPTIONS_OF_CRCAP_RUN...
#   submit.sh /shared/sid 8 --kernel debian:sid
#
# DIRECTORY is on a file system that every node sees. It gets a report for each shard, and at last report.json and report.txt.
# With a DIRECTORY that holds some shards' reports already, only the others are run.
# CRCAP names the command (default: crcap), SBATCH_OPTIONS what else sbatch shall be told, such as -p PARTITION.
# Prints the numbers of the array and of the job that merges, whose exit status is the run's.
set -eu

if [ $# -lt 3 ]; then
	echo "usage: submit.sh DIRECTORY SHARDS OPTIONS_OF_CRCAP_RUN..." >&2
	exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
shards=$2
shift 2
case $shards in
'' | 0* | *[!0-9]*)
	echo "submit.sh: $shards: it is how many shards there shall be" >&2
	exit 2
	;;
esac

missing=
shard=1
while [ "$shard" -le "$shards" ]; do
	[ -e "$dir/shard-$shard.json" ] || missing=${missing:+$missing,}$shard
	shard=$((shard + 1))
done

after=
if [ -n "$missing" ]; then
	# shellcheck disable=SC2086 # several options are several words
	array=$(sbatch --parsable ${SBATCH_OPTIONS-} --array="$missing" \
		--output="$dir/shard-%a.log" "$here/shard.sbatch" "$dir" "$shards" "$@")
	after=--dependency=afterany:${array%%;*}
	echo "array ${array%%;*}"
fi
# shellcheck disable=SC2086
merge=$(sbatch --parsable ${SBATCH_OPTIONS-} $after --output="$dir/merge.log" \
	"$here/merge.sbatch" "$dir")
echo "merge ${merge%%;*}"
