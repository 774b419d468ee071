#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/threads.sh: nothing is written by one thread while another uses it.
#
# Builds the program with ThreadSanitizer in a temporary folder and simulates
# twenty minutes of netdisk.yaml by two threads: connections cross parts, end,
# and leave their places to others. Skipped where memory may not be laid out as
# the sanitizer wants it.
set -eu

source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

echo 'int main(void) { return 0; }' |
    cc -fsanitize=thread -x c -o "$work/probe" - 2>"$work/log" &&
    setarch -R "$work/probe" >>"$work/log" 2>&1 || {
    tail -3 "$work/log"
    exit 77
}

meson setup "$work/build" "$source" --buildtype=debugoptimized \
    -Db_sanitize=thread -Db_lundef=false -Dmpi=disabled >"$work/log" 2>&1 &&
    ninja -C "$work/build" byway >>"$work/log" 2>&1 || {
    tail -20 "$work/log"
    exit 1
}
TSAN_OPTIONS="exitcode=66 history_size=4" \
    setarch -R "$work/build/byway" run "$source/scenarios/netdisk.yaml" -q \
    --progress=never --no-plots -p 2 -o "$work/out" --set 'expect=[]' \
    --set 'policies.selection=[random]' --set workload.downloads.slow=10 \
    >"$work/log" 2>&1 || {
    head -60 "$work/log"
    exit 1
}
if ! grep -q '"threads": 2' "$work/out/manifest.json"; then
    echo "the world was not run by two threads"
    exit 1
fi
echo "two threads: no race"
