PROFILE_VERSION=20150505
0-COMMENT=crcap
0-CONFIG={ mode=disabled grant_log=no reject_log=no }
