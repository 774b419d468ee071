#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/sim/bench/command.sh: what byway bench engine prints, and refuses.
#
# Usage: command.sh BYWAY SOURCE. Workloads of a folder of our own stand in
# for the real ones, which take seconds or minutes.
set -u

byway=$(readlink -f -- "$1")
source=$(readlink -f -- "$2")
. "$source/tests/promise.sh"
export TMPDIR="$work"

flows() {
    cat <<END
byway: 1
title: tiny
general: {stop_time: $1}
network:
  nodes: [{name: L}, {name: R}]
  links: [{name: middle, from: L, to: R, rate: 10 Mbit/s, delay: 5 ms}]
hosts:
  - {name: a, count: 2, at: L, rate: 10 Mbit/s, delay: 1 ms}
  - {name: b, count: 2, at: R, rate: 10 Mbit/s, delay: 1 ms}
workload:
  flows: [{from: a, to: b, bytes: 1000 GB}]
END
}

mkdir -p own/bench
flows '2 s' >own/bench/w1.yaml
flows '3 s' >own/bench/w3.yaml
flows '100 d' >endless.yaml
cp "$source/scenarios/first.yaml" own/netdisk-full.yaml
printf 'expect: [{metric: packet_hops, min: 1000000000}]\n' |
    cat own/bench/w1.yaml - >disappointed.yaml
printf '  - {metric: packet_hops, min: 1000000000}\n' \
    >>own/netdisk-full.yaml

# ends CODE ARGUMENT...: byway bench engine exits with this code.
ends() {
    code=$1
    shift
    "$byway" bench engine "$@" >log 2>&1
    [ $? -eq "$code" ]
}

# says CODE TEXT ARGUMENT...
says() {
    code=$1
    words=$2
    shift 2
    ends "$code" "$@" && grep -qF -- "$words" log
}

has() {
    grep -qE -- "$1" log
}

without_programs() {
    PATH=/nonexistent "$byway" bench engine "$@" >log 2>&1
}

is_clean() {
    ! ls -d "$work"/byway-bench-* >/dev/null 2>&1
}

has_begun() {
    ls -d "$work"/byway-bench-*/run.partial >/dev/null 2>&1
}

# A signal ends the run under way, and leaves nothing.
is_ended_by_a_signal() {
    "$byway" bench engine endless.yaml >log 2>&1 &
    bench=$!
    tries=0
    until has_begun || [ $tries -eq 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    kill -TERM $bench
    wait $bench
    [ $? -eq 143 ] && is_clean
}

n='[0-9.]+'
promise "tiny workloads are measured" \
    ends 0 w1 w3 w5 --scenarios=own --size=2 --rounds=2 --threads=2
promise "medians say of how many" has '^medians of 2 runs of each'
for name in w1 w3 w5; do
    promise "$name has a row of speed" \
        has "^  $name  +$n +$n +$n +$n +$n +$n +$n +$n\$"
    promise "$name has a row of memory" \
        has "^  $name  +$n +$n +$n +$n +$n +-?$n\$"
done
for name in w1 w3 w5; do
    promise "$name by one thread is held against two" \
        has "^  $name  +[2-9] +$n +$n +$n +$n +$n +$n\$"
done
promise "what was cut short is said" \
    has 'w5 is own/netdisk-full.yaml with workload.downloads.slow=2$'
promise "a goal has a verdict" has "^  w1, user s +$n +at most +1.30  (met|missed)\$"
promise "growth has one, too" \
    has "^  growth from w1 to w3, ns/hop +$n +at most +1.50  (met|missed)\$"
promise "what was not run has none" \
    has '^  w2, user s +- +at most +6.60  not measured$'
promise "rounds take turns" \
    [ "$(grep '^round' log | sed 's/.*: //' | tr '\n' ' ')" = "w1 w3 w5 w1 w3 w5 " ]
promise "nothing is left behind" is_clean

promise "any scenario can be measured" without_programs own/bench/w1.yaml -q
promise "where there is no perf, that is said" \
    has 'not measured: perf is not installed'
promise "quiet is quiet" [ "$(grep -c '^round' log)" -eq 0 ]

promise "a workload that is mistyped is not guessed" \
    says 2 "did you mean 'w1'" w11
promise "a scenario must be there" says 2 'no scenario lost.yaml' lost.yaml
promise "where scenarios are can be told" \
    says 2 --scenarios=DIR w1 --scenarios=nowhere
promise "one thread is held against none" \
    ends 0 own/bench/w1.yaml -q --rounds=1 --threads=1
promise "and nothing is said of several" [ "$(grep -c '^threads' log)" -eq 0 ]
promise "threads are bounded" says 2 'from 1 to 64' --threads=65
promise "rounds are bounded" says 2 'from 1 to 99' --rounds=0
promise "an option that is not there is refused" says 2 --help --round-about
promise "help has an example" says 0 'example: byway bench engine' --help
promise "an expectation that is missed gives no figures" \
    says 1 'its run fails' disappointed.yaml
promise "a signal ends it" is_ended_by_a_signal

"$byway" bench engin >log 2>&1
promise "a bench that is mistyped is refused" [ $? -eq 2 ]
promise "with the one that was meant" has "did you mean 'engine'"
exit $failed
