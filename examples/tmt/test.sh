#!/bin/sh
# tmt's exit statuses: 0 passed, 1 failed, 2 an error of the test's own.
set -u
# shellcheck disable=SC2086 # several options are several words
crcap run ${CRCAP_OPTIONS---local} --report text \
	--report "junit=${TMT_TEST_DATA:-.}/crcap.xml" --report "json=${TMT_TEST_DATA:-.}/crcap.json"
case $? in
0) exit 0 ;;
1) exit 1 ;;
*) exit 2 ;;
esac
