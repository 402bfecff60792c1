#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# deploy/demo from beginning to end: what it says, and that it leaves nothing. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1

if [ "$(id -u)" != 0 ] || ! command -v tcpreplay >/dev/null; then
    echo "1..0 # SKIP needs root and tcpreplay"
    exit 0
fi

out=$(mktemp)
trap 'rm -f "$out"' EXIT
cases=0
bad=0

check()
{
    cases=$((cases + 1))
    words=$1
    shift
    if "$@" >/dev/null 2>&1; then
        echo "ok $cases - $words"
    else
        bad=1
        sed 's/^/# /' "$out"
        echo "not ok $cases - $words"
    fi
}

leftovers()
{
    ls -d /tmp/hallwatch-demo.* 2>/dev/null
}

before=$(leftovers)
check "the demo ends well" sh -c "deploy/demo >'$out' 2>&1"
for what in "hands out addresses" "known malicious host" "tries many of the school's machines" \
    "around the filter" "exam room" "hides traffic in questions"; do
    check "an incident tells: $what" grep -q "open .*$what" "$out"
done
check "security was told by mail" grep -q "security@district.example.*Incident" "$out"
check "a task with a deadline waits" grep -Eq "in [0-9]+ min .*Take this incident" "$out"
check "the help line is nowhere" sh -c "! grep -qi 988lifeline '$out'"
check "nothing is left lying about" test "$before" = "$(leftovers)"
echo "1..$cases"
exit $bad
