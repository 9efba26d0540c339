#!/bin/sh
# Reads KTAP, nested or flat, on standard input and tells LAVA of each case: ktap-to-lava.sh < LOG
# Ends with 1 where the plan promised more cases than came. LAVA_TEST_CASE names the command (default: lava-test-case).
exec awk -v report="${LAVA_TEST_CASE:-lava-test-case}" '
function tell(id, result) {
	gsub(/[^A-Za-z0-9_.:\/-]/, "_", id)
	if (system(report " \"" id "\" --result " result) != 0) trouble = 1
	told++
}
{ line = $0; sub(/^[ \t]*(# )*[ \t]*/, "", line) }
line ~ /^1\.\.[0-9]+/ { seen = 1; planned = substr(line, 4) + 0 }
# An id of crcap has two dots; suites and subjects, the levels above, have none.
line ~ /^(not )?ok [0-9]+ / {
	failed = line ~ /^not /
	sub(/^(not )?ok [0-9]+ (- )?/, "", line)
	directive = ""
	if (match(line, / # /)) {
		directive = substr(line, RSTART + 3)
		line = substr(line, 1, RSTART - 1)
	}
	count++
	if (line !~ /^[^. ]+\.[^. ]+\.[^. ]+$/) next
	if (directive ~ /^(SKIP|XFAIL)/) tell(line, "skip")
	else tell(line, failed ? "fail" : "pass")
}
/Bail out!/ { trouble = 1 }
END {
	lost = told == 0 || count < planned || !seen
	if (lost) tell("crcap.run", "fail")
	exit lost || trouble
}
'
