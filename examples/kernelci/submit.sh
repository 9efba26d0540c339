#!/bin/sh
# Runs a kernel and hands what came of it to KCIDB: submit.sh KERNEL ORIGIN GIT_URL GIT_COMMIT [OPTIONS_OF_CRCAP_RUN...]
# KCIDB_SUBMIT is the command that takes the JSON on standard input, such as "kcidb-submit -p PROJECT -t TOPIC"; without it
# the file is only written. CRCAP names crcap's command.
set -eu
if [ $# -lt 4 ]; then
	echo "usage: submit.sh KERNEL ORIGIN GIT_URL GIT_COMMIT [OPTIONS_OF_CRCAP_RUN...]" >&2
	exit 2
fi
kernel=$1 origin=$2 url=$3 commit=$4
shift 4
status=0
${CRCAP:-crcap} run --kernel "$kernel" --report kcidb=crcap.kcidb.json \
	--kcidb-origin "$origin" --kcidb-git-url "$url" --kcidb-git-commit "$commit" "$@" || status=$?
# What could not be judged is reported as well; a wrong command line is not.
case $status in
0 | 1 | 3) ;;
*) exit "$status" ;;
esac
if [ -n "${KCIDB_SUBMIT:-}" ]; then
	$KCIDB_SUBMIT <crcap.kcidb.json || exit 3
fi
exit "$status"
