#!/usr/bin/env bash
# What action.yml runs: its inputs come as CRCAP_*, GitHub's files as GITHUB_*. A share writes its report and no more; a whole
# run, or a merge, also annotates the job and writes its summary.
set -uo pipefail

crcap=(node "$GITHUB_ACTION_PATH/dist/crcap/main.js")
report=${CRCAP_REPORT:-crcap.json}

if [[ -n ${CRCAP_MERGE:-} ]]; then
	args=(merge)
	while IFS= read -r -d '' file; do args+=("$file"); done \
		< <(find "$CRCAP_MERGE" -name '*.json' -print0 | sort -z)
	if ((${#args[@]} == 1)); then
		echo "::error title=crcap::there is no JSON report in $CRCAP_MERGE: did the jobs of the shares upload theirs?"
		exit 2
	fi
else
	args=(run)
	while IFS= read -r line; do
		[[ -z $line ]] || args+=(--kernel "$line")
	done <<<"${CRCAP_KERNEL:-}"
	while IFS= read -r line; do
		[[ -z $line ]] || args+=("$line")
	done <<<"${CRCAP_OPTIONS:-}"
	[[ -z ${CRCAP_SHARD:-} ]] || args+=(--shard "$CRCAP_SHARD")
fi

args+=(--report "json=$report")
summary=
if [[ -z ${CRCAP_SHARD:-} || -n ${CRCAP_MERGE:-} ]]; then
	summary=$(mktemp)
	trap 'rm -f "$summary"' EXIT
	args+=(--report github --report "markdown=$summary")
fi

status=0
"${crcap[@]}" "${args[@]}" || status=$?
[[ -z $summary ]] || cat "$summary" >>"$GITHUB_STEP_SUMMARY"
case $status in
0) outcome=passed ;;
1) outcome=failed ;;
*) outcome=incomplete ;;
esac
echo "outcome=$outcome" >>"$GITHUB_OUTPUT"
# A share has done its work where there is a verdict; the merge tells which.
if [[ -n ${CRCAP_SHARD:-} && $status -eq 1 ]]; then status=0; fi
exit "$status"
