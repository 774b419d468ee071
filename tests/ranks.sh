#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/ranks.sh: one run of several ranks of MPI, and nobody can tell.
#
# Usage: ranks.sh BYWAY SOURCE MPIRUN. Each check names the promise it holds
# the program to; all work is done in a temporary folder.
set -u

byway=$(readlink -f -- "$1")
first=$2/scenarios/first.yaml
mpirun=$3
. "$2/tests/promise.sh"

# Open MPI asks whether root may, and more than there are cores.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1

# Four routers in a row: each is a part, and what the outer ones send is lost
# in between, at ranks where it neither begins nor ends.
cat >chain.yaml <<'END'
byway: 1
title: chain
general: {stop_time: 8 s}
network:
  nodes: [{name: a}, {name: b}, {name: c}, {name: d}]
  links:
    - {name: a-b, from: a, to: b, rate: 50 Mbit/s, delay: 7 ms,
       queue: 40 packets, loss: 0.2 %, jitter: 2 ms}
    - {name: b-c, from: b, to: c, rate: 12 Mbit/s, delay: 5 ms,
       queue: 15 packets, background: {load: 10 %, period: 20 ms}}
    - {name: c-d, from: c, to: d, rate: 30 Mbit/s, delay: 6 ms,
       queue: 300 ms, aqm: codel}
hosts:
  - {name: first, count: 3, at: a, rate: 40 Mbit/s, delay: 1 ms}
  - {name: second, count: 3, at: b, rate: 20 Mbit/s, delay: 1 ms}
  - {name: third, count: 3, at: c, rate: 20 Mbit/s, delay: 2 ms, loss: 0.1 %}
  - {name: last, count: 3, at: d}
workload:
  flows:
    - {from: first, to: last, bytes: 1 MB, every: 100 ms}
    - {from: last, to: first, bytes: 1 MB, every: 10 ms}
    - {from: second, to: last, bytes: 100 kB, start: 1 s, connections: 4}
    - {from: second, to: first, bytes: endless, start: 2 s}
    - {from: third, to: first, bytes: 300 kB, start: 1 s}
    - {from: second0, to: second1, bytes: 200 kB}
END

# The routers are too close to one another to be parts.
cat >whole.yaml <<'END'
byway: 1
title: whole
general: {stop_time: 20 s}
network:
  nodes: [{name: a}, {name: b}]
  links: [{name: a-b, from: a, to: b, rate: 10 Mbit/s, delay: 10 us}]
hosts: [{name: one, at: a}, {name: other, at: b}]
workload: {flows: [{from: one, to: other, bytes: 300 kB}]}
END

# Two towns: edges come and go, and some downloads carry real bytes.
cat >towns.yaml <<'END'
byway: 1
title: towns
general: {stop_time: 110 s, warmup: 70 s}
network:
  isps: [a, b]
  regions:
    - {name: north, latitude: 40, longitude: 116, weights: [1, 1]}
    - {name: south, latitude: 23, longitude: 113, weights: [1, 1]}
  congestion: {share: 60 %, evening_factor: 1, episode: exponential(20 s),
    loss: 3 %, queue_delay: 8 ms, ingress_share: 0.3}
  profiles:
    line: {down: 40 Mbit/s, up: 20 Mbit/s, delay: 6 ms}
roles:
  clients: {count: 12, technology: 'choice([[1, line]])'}
  edges: {count: 40, session: exponential(60 s), absence: exponential(20 s),
    gone: 5 %}
  data_centres: [{region: north}]
  manager: {region: north, isp: a}
  key_service: {region: north, isp: a}
workload:
  downloads: {slow: 0, interval: exponential(4 s), file_size: 10 MB,
    conditioned: false, whole_files: true}
policies: {selection: [preferred, nearby]}
security: {payload_sampled: 50 %}
measure: {window: 5 s, sensitivity: [], trace: true}
END

alone() {
    "$byway" run -q --no-plots --progress=never "$@" >log 2>&1
}

# ranks CODE NUMBER ARGUMENT...: so many ranks end with this exit code.
ranks() {
    code=$1
    number=$2
    shift 2
    timeout 60 "$mpirun" -n "$number" "$byway" run -q --no-plots \
        --progress=never "$@" >log 2>&1
    [ $? -eq "$code" ]
}

has_line() {
    grep -q "$1" "$2"
}

absent() {
    [ ! -e "$1" ] && [ ! -e "$1.partial" ]
}

fingerprints() {
    grep '"fingerprint"' "$1/manifest.json"
}

# Every row and every fingerprint.
same() {
    [ "$(fingerprints "$1")" = "$(fingerprints "$2")" ] || return 1
    for rows in "$1"/*.csv; do
        cmp "$rows" "$2/${rows##*/}" >log || return 1
    done
}

promise "flows are run by one process" alone chain.yaml -o chain
promise "in four parts" has_line '"parts": 4' chain/manifest.json
promise "and lose packets on the way" has_line '^flows,b-c,.*,[1-9][0-9]*,0,0$' \
    chain/links.csv
promise "and by two ranks" ranks 0 2 chain.yaml -o chain2
promise "which the manifest counts" has_line '"ranks": 2' chain2/manifest.json
promise "to the bit" same chain chain2
promise "by three, of two threads" ranks 0 3 chain.yaml -o chain3 -p 2
promise "to the bit" same chain chain3
promise "by more than there are parts" ranks 0 5 chain.yaml -o chain5
promise "to the bit" same chain chain5

promise "so are worlds" alone towns.yaml -o towns
promise "in parts" has_line '"parts": 2' towns/manifest.json
promise "where bytes are compared" \
    has_line '"payload_equal_bytes": [1-9]' towns/manifest.json
promise "by ranks" ranks 0 2 towns.yaml -o towns2
promise "to the bit" same towns towns2
promise "and are compared as well" \
    [ "$(grep payload towns/manifest.json)" = \
    "$(grep payload towns2/manifest.json)" ]
# Episodes of the beginning are over when the first downloads are judged.
picky() {
    "$@" --set workload.downloads.conditioned=true \
        --set 'workload.downloads.interval=500 ms' \
        --set 'network.congestion.share=20 %'
}
promise "some downloads are left out" picky alone towns.yaml -o picky
promise "the same by ranks" picky ranks 0 2 towns.yaml -o picky2
promise "to the bit" same picky picky2
promise "first.yaml is run" alone "$first" -o first
promise "and by ranks" ranks 0 2 "$first" -o first2 -p 2
promise "to the bit" same first first2

promise "what is in one piece is run" alone whole.yaml -o whole
promise "by the first rank" ranks 0 2 whole.yaml -o whole2
promise "to the bit" same whole whole2

promise "a bad scenario is refused" ranks 2 2 "$first" -o bad --set nonsense=1
promise "which is told once" [ "$(grep -c nonsense log)" -eq 1 ]
promise "so are captures" ranks 2 2 "$first" -o bad \
    --set 'measure.pcap=[beijing/west ingress]'
promise "with the reason" has_line 'several ranks cannot capture' log
promise "and turns" ranks 2 2 "$first" -o bad --turns bad.turns
promise "and seeds of which each has its own" ranks 2 2 "$first" -o bad \
    -s random
promise "and checkpoints" ranks 2 2 "$first" -o bad --checkpoint-every 1s
promise "of which nothing is left" absent bad
promise "what is there is not replaced" ranks 2 2 "$first" -o first
promise "an expectation missed is told" ranks 3 2 chain.yaml -o missed \
    --set 'expect=[{metric: flows.completed, min: 1000}]'

# The run's own processes, not mpirun's.
"$mpirun" -n 2 sh -c 'echo $$ >pid.$$; exec "$@"' sh "$byway" run -q \
    --no-plots --progress=never -o stopped --set general.stop_time='100000 min' \
    --set workload.downloads.slow=100000000 "$first" >log 2>&1 &
tries=0
until [ -e stopped.partial/parts/links.preferred ] || [ $tries -eq 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
kill -TERM "$(cat pid.* | tail -n 1)"
wait $!
promise "SIGTERM at one ends all with 143" [ $? -eq 143 ]
promise "and what they had is kept" [ -s stopped/downloads.csv ]
promise "and marked" has_line '"complete": false' stopped/manifest.json

exit $failed
