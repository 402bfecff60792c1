#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# deploy/setup names every package that the lab and the build ask for. TAP.
cd "$(dirname "$0")/../.." || exit 1

listed=$(deploy/setup --list all record | awk '{ print $2 }' | tr '|' '\n')
echo 1..2

missing=
for name in $(tests/lab/run packages | tr -d '|'); do
    echo "$listed" | grep -qx "$name" || missing="$missing $name"
done
if [ -z "$missing" ]; then
    echo "ok 1 - every program of the lab comes with deploy/setup"
else
    echo "not ok 1 - every program of the lab comes with deploy/setup"
    echo "# missing:$missing"
fi

if [ -z "$(deploy/setup --list all | awk '{ print $1, $2 }' | sort | uniq -d)" ]; then
    echo "ok 2 - no package is listed twice in a group"
else
    echo "not ok 2 - no package is listed twice in a group"
fi
