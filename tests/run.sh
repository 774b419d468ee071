#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/run.sh: what byway run leaves behind, and how it says that it failed.
#
# Usage: run.sh BYWAY SOURCE. Each check names the promise it holds the
# program to; all work is done in a temporary folder.
set -u

byway=$(readlink -f -- "$1")
scenario=$2/scenarios/first.yaml
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cd "$work" || exit 1
failed=0

promise() {
    text=$1
    shift
    if "$@"; then
        echo "ok: $text"
    else
        echo "NOT ok: $text"
        sed 's/^/    /' log
        failed=1
    fi
}

# ends CODE ARGUMENT...: byway run exits with this code.
ends() {
    code=$1
    shift
    "$byway" run -q --no-plots --progress=never "$@" >log 2>&1
    [ $? -eq "$code" ]
}

absent() {
    [ ! -e "$1" ] && [ ! -e "$1.partial" ]
}

fingerprints() {
    grep '"fingerprint"' "$1/manifest.json"
}

same() {
    [ "$(fingerprints "$1")" = "$(fingerprints "$2")" ]
}

has_line() {
    grep -q "$1" "$2"
}

# A run that would last for hours, under way when this returns; its id is $!.
begin_long() {
    "$byway" run -q --no-plots --progress=never -o "$1" -j 2 \
        --set general.stop_time='100000 min' \
        --set 'policies.selection=[preferred, nearby]' \
        --set workload.downloads.slow=100000000 "$scenario" >log 2>&1 &
    tries=0
    until [ -e "$1.partial/parts/links.nearby" ] || [ $tries -eq 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
}

promise "a run ends well" ends 0 "$scenario" -o one
promise "its results are whole" has_line '"complete": true' one/manifest.json
promise "nothing temporary is left" [ ! -e one.partial ]
for file in downloads.csv links.csv nodes.csv scenario.yaml effective.yaml \
    summary.json report.html; do
    promise "$file is written" [ -s "one/$file" ]
done

promise "translators stop nobody from reaching the public" \
    ends 0 "$scenario" -o nat --set roles.edges.nat=symmetric
promise "nodes.csv tells their class" \
    has_line '^preferred,edge0,edge,.*,symmetric,' nat/nodes.csv

promise "what exists is not replaced" ends 2 "$scenario" -o one
promise "--force replaces results" ends 0 "$scenario" -o one --force
mkdir mine && echo precious >mine/file
promise "--force replaces nothing else" ends 2 "$scenario" -o mine --force
promise "and leaves it alone" has_line precious mine/file
mkdir -p yours.partial && echo precious >yours.partial/file
promise "a stranger's .partial stops a run" ends 2 "$scenario" -o yours
promise "and is left alone" has_line precious yours.partial/file

promise "a bad scenario is refused" ends 2 "$scenario" -o bad --set nonsense=1
promise "and leaves nothing" absent bad
promise "an expectation missed is told" ends 3 "$scenario" -o missed \
    --set 'expect=[{metric: modes.preferred.connectivity_ratio, min: 2}]'
: >file
promise "no directory can be below a file" ends 2 "$scenario" -o file/out
promise "an output without a name is refused" ends 2 "$scenario" -o ''
promise "no jobs at all are refused" ends 2 "$scenario" -o idle -j 0
promise "with a reason" has_line 'jobs is 1 or more' log

two='policies.selection=[preferred, nearby]'
promise "one mode at a time" ends 0 "$scenario" -o serial -j 1 --set "$two"
promise "two at a time" ends 0 "$scenario" -o parallel -j 2 --set "$two"
promise "come to the same" same serial parallel
promise "a trace is written" ends 0 "$scenario" -o traced -j 2 --set "$two" \
    --set measure.trace=true
promise "and changes nothing" same serial traced
promise "and is kept" [ -s traced/notes.csv ]

# Files may not grow beyond a few blocks, which is a disk that is full.
full_disk() {
    (
        trap '' XFSZ
        ulimit -f 16
        ends "$@"
    )
}

endless="--set general.stop_time=100000min
    --set workload.downloads.slow=100000000"
# shellcheck disable=SC2086
promise "a full disk ends a long run at once" full_disk 1 "$scenario" \
    -o full $endless
promise "and is told with the file" \
    has_line 'full.partial/parts/links.preferred: File too large' log
promise "and nothing is left" absent full
# shellcheck disable=SC2086
promise "so does one that is full of notes" full_disk 1 "$scenario" \
    -o full $endless --set measure.trace=true --set measure.link_interval=1h
promise "and is told with that file" \
    has_line 'full.partial/parts/notes.preferred: File too large' log

begin_long long
promise "two runs do not share a directory" ends 2 "$scenario" -o long
kill -INT $!
wait $!
promise "SIGINT ends a run with 130" [ $? -eq 130 ]
promise "what it had is kept" [ -s long/downloads.csv ]
promise "and marked" has_line '"complete": false' long/manifest.json

begin_long stopped
kill -TERM $!
wait $!
promise "SIGTERM ends a run with 143" [ $? -eq 143 ]
promise "and keeps as much" [ -s stopped/downloads.csv ]

begin_long killed
kill -KILL $!
wait $! 2>/dev/null
sleep 0.5
promise "a killed run is in nobody's way" ends 0 "$scenario" -o killed

exit $failed
