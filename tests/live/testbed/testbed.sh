#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/live/testbed/testbed.sh: what byway testbed does, says and leaves behind.
#
# Usage: testbed.sh BYWAY SOURCE. Skipped (77) where networks may not be made.
set -u

byway=$(readlink -f -- "$1")
source=$(readlink -f -- "$2")
. "$source/tests/promise.sh"

# One download of a second or two, soon after the start.
begin() {
    output=$1
    shift
    exec "$byway" testbed -q --no-plots --progress=never \
        "$source/scenarios/testbed.yaml" -o "$output" \
        --set 'general.warmup=1 s' --set 'workload.downloads.slow=1' \
        --set 'workload.downloads.file_size=constant(1 MB)' \
        --set 'roles.clients.slow_window=1 s' --set 'expect=[]' "$@" \
        >log 2>&1
}

was_void() {
    grep -q 'the run is void' log
}

# ends CODE OUTPUT OPTION...
ends() {
    code=$1
    shift
    (begin "$@")
    [ $? -eq "$code" ]
}

# A machine that does other things may be too slow for once, or twice. What is
# too slow at all tells nothing of the program.
patiently() {
    for _ in 1 2 3; do
        "$@" && return
        was_void || return 1
    done
    echo "skipped: this machine is too busy"
    [ $failed -eq 0 ] || exit 1
    exit 77
}

refuses_flows() {
    "$byway" testbed "$source/scenarios/flows/dumbbell.yaml" >log 2>&1
    [ $? -eq 2 ] && grep -q 'bare flows' log
}

refuses_crowds() {
    "$byway" testbed "$source/scenarios/netdisk.yaml" >log 2>&1
    [ $? -eq 2 ] && grep -q '200 at most' log
}

refuses_captures() {
    "$byway" testbed "$source/scenarios/testbed.yaml" \
        --set 'measure.pcap=[client 0 up]' >log 2>&1
    [ $? -eq 2 ] && grep -q 'tcpdump captures them' log
}

# Where nobody may run the program (in a home directory), root alone tests.
refuses_others() {
    as_nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
    $as_nobody test -x "$byway" 2>log || return 0
    $as_nobody "$byway" testbed "$source/scenarios/testbed.yaml" >log 2>&1
    [ $? -eq 2 ] && grep -q "root's rights" log
}

has_download() {
    [ "$(grep -c ',done$' "$1/downloads.csv")" -eq 1 ] &&
        grep -q '"payload_equal_bytes": 1000000' "$1/manifest.json" &&
        grep -q '"payload_different": 0' "$1/manifest.json" &&
        grep -q 'lateness_p99_seconds' "$1/manifest.json"
}

children() {
    cat "/proc/$1/task/$1/children" 2>/dev/null
}

# The actors' processes, once all eight are there.
actors() {
    tries=0
    while [ $tries -lt 100 ]; do
        mode=$(children "$1")
        # shellcheck disable=SC2046,SC2086
        set -- "$1" $(children ${mode:-0})
        if [ $# -ge 9 ]; then
            shift
            echo "$@"
            return
        fi
        sleep 0.1
        tries=$((tries + 1))
        set -- "$1"
    done
}

are_gone() {
    tries=0
    for process; do
        while kill -0 "$process" 2>/dev/null; do
            tries=$((tries + 1))
            [ $tries -lt 50 ] || return 1
            sleep 0.1
        done
    done
}

# after SIGNAL: what a testbed that is sent it in the middle ends with.
after() {
    (begin "interrupted$1" --set 'workload.downloads.slow=9') &
    testbed=$!
    processes=$(actors $testbed)
    sleep 1
    kill "-$1" $testbed
    wait $testbed
    code=$?
    [ -n "$processes" ] || return 1
    # shellcheck disable=SC2086
    are_gone $processes
}

is_interrupted() {
    after INT && [ $code -eq 130 ] &&
        grep -q '"incomplete_reason": "interrupted"' interruptedINT/manifest.json
}

is_killed() {
    after KILL && [ $code -eq 137 ] && ends 0 interruptedKILL &&
        [ ! -e interruptedKILL.partial ]
}

is_void() {
    ends 1 void --set 'network.hop_delay=0.1 ms' \
        --set 'network.profiles.thin.delay=0.1 ms' && [ ! -e void ] &&
        was_void
}

promise "a scenario of bare flows is refused" refuses_flows
promise "a scenario of thousands of hosts is refused" refuses_crowds
promise "capturing what is real is left to others" refuses_captures
if [ "$(id -u)" -ne 0 ] || ! unshare -n true 2>/dev/null ||
    [ ! -w /dev/net/tun ] || ! command -v ip >/dev/null; then
    [ $failed -eq 0 ] || exit 1
    echo "skipped: networks may not be made here"
    exit 77
fi
promise "who is not root is told what it takes" refuses_others
promise "a scenario is played to its end" patiently ends 0 whole
promise "its downloads are real, and whole" has_download whole
promise "Ctrl-C keeps what there is and ends all actors" patiently is_interrupted
promise "no actor outlives a killed testbed, whose rest goes" patiently is_killed
promise "a run that the machine was too slow for is void" is_void
exit $failed
