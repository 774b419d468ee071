#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/sweep.sh: what byway sweep leaves behind, keeps, and refuses.
#
# Usage: sweep.sh BYWAY SOURCE [MPIRUN]. Each check names the promise it holds the
# program to; all work is done in a temporary folder.
set -u

byway=$(readlink -f -- "$1")
roles=$2/scenarios/first.yaml
. "$2/tests/promise.sh"

cat >pipe.yaml <<'END'
byway: 1
title: pipe
general: {stop_time: 20 s}
network:
  nodes: [{name: L}, {name: R}]
  links: [{name: pipe, from: L, to: R, rate: 10 Mbit/s, delay: 5 ms, loss: 1 %}]
hosts: [{name: a, at: L}, {name: b, at: R}]
workload: {flows: [{from: a, to: b, bytes: 300 kB}]}
sweep:
  replications: 2
  vary: {network.links.pipe.delay: [5 ms, 20 ms]}
expect: [{metric: flows.completed, min: 2}]
END

# ends CODE ARGUMENT...: byway sweep exits with this code.
ends() {
    code=$1
    shift
    "$byway" sweep --progress=never --no-plots "$@" >log 2>&1
    [ $? -eq "$code" ]
}

absent() {
    [ ! -e "$1" ]
}

has_line() {
    grep -q "$1" "$2"
}

has_lines() {
    [ "$(wc -l <"$2")" -eq "$1" ]
}

fingerprint() {
    grep -m 1 '"fingerprint"' "$1/manifest.json"
}

same() {
    [ "$(fingerprint "$1")" = "$(fingerprint "$2")" ]
}

# The files of a folder, and when each was written.
state() {
    find "$1" -type f -printf '%p %T@\n' | sort
}

# await PATTERN: until there is a file of such a name.
await() {
    tries=0
    # shellcheck disable=SC2086
    until ls $1 >listed 2>&1 || [ $tries -eq 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
}

slow="runs/delay=5%20ms"
far="runs/delay=20%20ms"
promise "the section says what to sweep" ends 0 pipe.yaml -o one
promise "all combinations are run" [ "$(ls one/runs | wc -l)" -eq 4 ]
promise "a run is what byway run leaves" [ -s "one/$far-r1/flows.csv" ]
promise "and has a row" has_lines 5 one/sweep.csv
promise "figures have a mean, bounds and their number" has_line \
    '^delay=5%20ms,5 ms,flows,mean_goodput_bits_per_second,[0-9.]*,-*[0-9.]*,[0-9.]*,2,,,$' \
    one/sweep_points.csv
promise "the table tells of intervals" has_line "Student's t" log
promise "nothing temporary is left" absent one/lock

"$byway" run -q --no-plots pipe.yaml -o plain --set expect=[] >log 2>&1
promise "replication 0 is the plain run" same plain "one/$slow-r0"
"$byway" run -q --no-plots one/points/delay=20%20ms.yaml -o point >log 2>&1
promise "a point can be run alone" same point "one/$far-r0"
promise "another replication has other luck" \
    [ "$(fingerprint "one/$slow-r0")" != "$(fingerprint "one/$slow-r1")" ]

promise "one at a time or several" ends 0 pipe.yaml -o two -j 1
for file in sweep.json sweep.csv sweep_points.csv scenario.yaml; do
    promise "come to the same $file" cmp one/$file two/$file
done

# Open MPI asks whether root may, and more than there are cores.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1

# ranks CODE ARGUMENT...: byway sweep on three ranks exits with this code.
ranks() {
    code=$1
    shift
    "$mpirun" -n 3 "$byway" sweep -q --no-plots "$@" >log 2>&1
    [ $? -eq "$code" ]
}

mpirun=${3-}
if [ -n "$mpirun" ]; then
    promise "ranks of MPI play as well" ranks 0 pipe.yaml -o ranks
    for file in sweep.json sweep.csv sweep_points.csv scenario.yaml; do
        promise "and come to the same $file" cmp one/$file ranks/$file
    done
    promise "of the same runs" same "ranks/$far-r1" "one/$far-r1"
    promise "one at a time each" ranks 2 pipe.yaml -o ranks -j 2
    promise "a bad value stops them all" ranks 2 pipe.yaml -o bad \
        --vary general.seed=soon
    promise "and is told" has_line "soon" log
fi

state one/runs >before
promise "started again, it keeps all" ends 0 pipe.yaml -o one
state one/runs >after
promise "untouched" cmp before after
rm -r "one/$far-r1"
promise "what is gone is run again" ends 0 pipe.yaml -o one
promise "to the same end" same "one/$far-r1" "two/$far-r1"
promise "a value more costs its own runs alone" ends 0 pipe.yaml -o one \
    --vary 'network.links.pipe.delay=5 ms,20 ms,40 ms'
promise "and all are summed up" has_lines 7 one/sweep.csv
promise "others' runs are not kept for ours" ends 2 pipe.yaml -o one -s 7
promise "which is told" has_line 'of another scenario or version' log
promise "and changes nothing" has_lines 7 one/sweep.csv
promise "unless they are to go" ends 0 pipe.yaml -o one -s 7 -f
promise "with all they were" has_lines 5 one/sweep.csv
promise "the table can be had again" "$byway" report --no-plots -q one

promise "a bad value is refused" ends 2 pipe.yaml -o bad \
    --vary 'network.links.pipe.delay=5 ms,soon,never' --vary general.seed=1,2
promise "with its point" has_line "at delay=soon,seed=1: --set .*'soon'" log
promise "each once" has_lines 2 log
promise "and nothing is run" absent bad
promise "so are values that are the same" ends 2 pipe.yaml -o bad \
    --vary 'network.links.pipe.delay=5 ms,0.005 s'
promise "which is told" has_line 'are the same scenario' log
promise "and what is no list of values" ends 2 pipe.yaml -o bad \
    --vary general.seed=1,,2
promise "and a key that is none" ends 2 pipe.yaml -o bad \
    --vary generl.seed=1
promise "with what was meant" has_line "did you mean 'general'" log
promise "and a misspelt option" ends 2 pipe.yaml -o bad --replication 2
promise "with what was meant" has_line 'did you mean --replications?' log
promise "and what counts runs itself" ends 2 pipe.yaml -o bad \
    --vary general.replication=1,2
promise "and no replications" ends 2 pipe.yaml -o bad --replications 0
promise "of which nothing is left" absent bad
mkdir strange && echo precious >strange/file
promise "a stranger's folder is refused" ends 2 pipe.yaml -o strange -f
promise "and left alone" [ "$(cat strange/file)" = precious ]
touch strange/lock
promise "also one with a lock" ends 2 pipe.yaml -o strange -f
promise "that stays its own" [ -e strange/lock ]

mkdir -p "hurt/runs/delay=5%20ms-r0.partial/precious"
echo '{}' >hurt/sweep.json
promise "a run that fails is told" ends 1 pipe.yaml -o hurt
promise "with what it said" has_line '    .* in the way' log
promise "and the others are run" has_lines 4 hurt/sweep.csv

"$byway" sweep --progress=never -q pipe.yaml -o shell --replications 1 \
    --vary 'network.links.pipe.delay=5 ms # `touch pwned`,6 ms' \
    --vary 'network.links.pipe.rate=8 Mbit/s,9 Mbit/s' >log 2>&1
promise "a value is drawn" [ -s shell/plots/by_network.links.pipe.rate.gp ]
promise "and never run as a command" [ -z "$(find . -name pwned)" ]

"$byway" sweep --progress=never --no-plots "$roles" -o shot -j 1 \
    --vary roles.edges.count=6 --replications 2 >log 2>&1 &
sweep=$!
child=
while [ -z "$child" ] && kill -0 $sweep; do
    child=$(cat "/proc/$sweep/task/$sweep/children")
done
kill -KILL "${child%% *}"
wait $sweep
promise "a run that ends without a word" [ $? -eq 1 ]
promise "is told" has_line 'run .* failed with exit code' log
promise "and the next is run" has_lines 2 shot/sweep.csv

promise "roles are swept, too" ends 0 "$roles" -o roles \
    --set workload.downloads.slow=2 --vary roles.edges.count=2,6 \
    --vary 'policies.selection=[nearby],[random]'
promise "each mode where it was run" has_lines 5 roles/sweep.csv
promise "one replication has no interval" has_line 'has no interval' log
promise "nor bounds" has_line ',speedup_success_ratio,[0-9.]*,,,1,' \
    roles/sweep_points.csv

# is_running PATTERN: a process has it in its command line.
is_running() {
    grep -q "$1" /proc/[0-9]*/cmdline 2>/dev/null
}

# A sweep of which the second run lasts for hours, under way.
begin_long() {
    "$byway" sweep -q -o "$1" pipe.yaml -j 1 --replications 1 \
        --vary 'workload.flows=[{from: a, to: b, bytes: 300 kB}],[{from: a,
            to: b, bytes: endless}]' \
        --set 'general.stop_time=100000 min' >log 2>&1 &
    await "$1/runs/*endless*.partial/parts/links.flows"
}

begin_long stopped
kill -INT $!
wait $!
promise "SIGINT ends a sweep with 130" [ $? -eq 130 ]
promise "the same command goes on" has_line '1 of 2 runs are there' log
promise "what was finished is kept" has_lines 2 stopped/sweep.csv
promise "what was not is gone" [ "$(ls stopped/runs | wc -l)" -eq 1 ]

begin_long "$work/killed"
promise "two sweeps do not share a folder" ends 2 pipe.yaml -o killed
kill -KILL $!
wait $! 2>/dev/null
tries=0
while is_running "$work/[k]illed" && [ $tries -lt 50 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
promise "no run outlives a sweep that is killed" [ $tries -lt 50 ]
promise "whose folder is taken up" ends 0 pipe.yaml -o killed --replications 1 \
    --vary 'workload.flows=[{from: a, to: b, bytes: 300 kB}]' \
    --set 'general.stop_time=100000 min'

exit $failed
