#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/run.sh: what byway run leaves behind, and how it says that it failed.
#
# Usage: run.sh BYWAY SOURCE. Each check names the promise it holds the
# program to; all work is done in a temporary folder.
set -u

byway=$(readlink -f -- "$1")
scenario=$2/scenarios/first.yaml
. "$2/tests/promise.sh"

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

same_rows() {
    for rows in "$1"/*.csv; do
        cmp -s "$rows" "$2/${rows##*/}" || return 1
    done
}

has_line() {
    grep -q "$1" "$2"
}

lacks_line() {
    ! grep -q "$1" "$2"
}

await() {
    tries=0
    until [ -e "$1" ] || [ $tries -eq 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
}

# A run that would last for hours, under way when this returns; its id is $!.
begin_long() {
    "$byway" run -q --no-plots --progress=never -o "$1" -j 2 \
        --set general.stop_time='100000 min' \
        --set 'policies.selection=[preferred, nearby]' \
        --set workload.downloads.slow=100000000 "$scenario" >log 2>&1 &
    await "$1.partial/parts/links.nearby"
}

promise "a run ends well" ends 0 "$scenario" -o one
promise "its results are whole" has_line '"complete": true' one/manifest.json
promise "the manifest counts connections at once" \
    has_line '"connections_max": [1-9]' one/manifest.json
promise "and tells the memory at the start" \
    has_line '"start_rss_bytes": [1-9]' one/manifest.json
promise "nothing temporary is left" [ ! -e one.partial ]
for file in downloads.csv links.csv nodes.csv scenario.yaml effective.yaml \
    summary.json report.html; do
    promise "$file is written" [ -s "one/$file" ]
done

promise "translators stop nobody from reaching the public" \
    ends 0 "$scenario" -o nat --set roles.edges.nat=symmetric
promise "nodes.csv tells their class" \
    has_line '^preferred,edge0,edge,.*,symmetric,' nat/nodes.csv

# differs CODE A B [OPTION...]: byway diff exits with this code.
differs() {
    code=$1
    shift
    "$byway" diff "$@" >log 2>&1
    [ $? -eq "$code" ]
}

promise "a run does not differ from itself" differs 0 one one
promise "which is told at once" has_line 'the same run, to the bit' log
promise "another T is another run" ends 0 "$scenario" -o other \
    --set roles.clients.slow_threshold='4 MB/s'
promise "which differs" differs 5 one other -m speedup_success_ratio
promise "and is told so" has_line ' differs$' log
promise "a folder is no run" differs 1 one .
promise "one run is no pair" differs 2 one

promise "what exists is not replaced" ends 2 "$scenario" -o one
promise "--force replaces results" ends 0 "$scenario" -o one --force
mkdir mine && echo precious >mine/file
promise "--force replaces nothing else" ends 2 "$scenario" -o mine --force
promise "and leaves it alone" has_line precious mine/file
mkdir -p yours.partial && echo precious >yours.partial/file
promise "a stranger's .partial stops a run" ends 2 "$scenario" -o yours
promise "and is left alone" has_line precious yours.partial/file

promise "a run keeps a log" has_line '"message": "mode preferred ends' \
    one/log.jsonl
promise "of all that it missed" ends 3 "$scenario" -o expecting \
    --set 'expect=[{metric: modes.preferred.connectivity_ratio, min: 2}]'
promise "which is also told" has_line 'warning: expectation missed' log
promise "and kept" has_line '"level": "warning", "message": "expectation m' \
    expecting/log.jsonl
promise "debug is not kept unasked" lacks_line '"level": "debug"' one/log.jsonl
promise "errors alone can be asked for" ends 3 "$scenario" -o erring -l error \
    --set 'expect=[{metric: modes.preferred.connectivity_ratio, min: 2}]'
promise "and are" [ ! -s log ]
promise "-v tells more" ends 0 "$scenario" -o telling -v
promise "as it goes" has_line 'byway: mode preferred begins' log
promise "and changes nothing" same one telling
promise "debug tells all" ends 0 "$scenario" -o chatty --log-level=debug
promise "and keeps it" has_line '"level": "debug"' chatty/log.jsonl
promise "an unknown level is refused" ends 2 "$scenario" -o odd -l loud
promise "with the known ones" has_line 'error, warning, info or debug' log

promise "so is a misspelt option" ends 2 "$scenario" -o odd --parallel=2
promise "with the nearest" has_line 'did you mean --parallelism?' log
promise "and nothing is run" absent odd

promise "a bad scenario is refused" ends 2 "$scenario" -o bad --set nonsense=1
promise "and leaves nothing" absent bad
promise "a misspelt expectation is refused" ends 2 "$scenario" -o misspelt \
    --set 'expect=[{metric: modes.preferred.conectivity_ratio, min: 0}]'
promise "with the nearest" has_line \
    "did you mean 'modes.preferred.connectivity_ratio'" log
promise "and nothing is run" absent misspelt
promise "an expectation missed is told" ends 3 "$scenario" -o missed \
    --set 'expect=[{metric: modes.preferred.connectivity_ratio, min: 2}]'
: >file
promise "no directory can be below a file" ends 1 "$scenario" -o file/out
promise "which is told, with the remedy" has_line \
    'cannot write results to file/out: Not a directory; choose another with -o' \
    log
promise "an output without a name is refused" ends 2 "$scenario" -o ''
promise "no jobs at all are refused" ends 2 "$scenario" -o idle -j 0
promise "with a reason" has_line 'jobs is 1 or more' log
promise "nor no threads at all" ends 2 "$scenario" -o idle -p 0
promise "with a reason" has_line 'parallelism is 1 to 64' log
promise "one thread does" ends 0 "$scenario" -o alone -p 1
promise "what three do" ends 0 "$scenario" -o threesome -p 3
promise "to the bit" same alone threesome
promise "and every row" same_rows alone threesome

promise "stop_time may end a run" ends 0 "$scenario" -o short \
    --set general.stop_time=60s
promise "short of its goal, which is told" \
    has_line 'warning: mode preferred: .* of 12 slow downloads' log
promise "with the remedy" has_line 'raise general.stop_time' log
promise "and marked" has_line '"complete": false' short/manifest.json
promise "with the reason" \
    has_line '"incomplete_reason": "stop_time"' short/summary.json
promise "a goal of none cannot be missed" ends 0 "$scenario" -o timed \
    --set general.stop_time=60s --set workload.downloads.slow=0
promise "and the run is whole" has_line '"complete": true' timed/manifest.json

two='policies.selection=[preferred, nearby]'
links='measure.pcap=[client 4 down, edge 3 up, beijing/west ingress,
    beijing/west data centre 0 cdn uplink]'
promise "one mode at a time" ends 0 "$scenario" -o serial -j 1 --set "$two"
promise "two at a time" ends 0 "$scenario" -o parallel -j 2 --set "$two"
promise "come to the same" same serial parallel
promise "a trace is written" ends 0 "$scenario" -o traced -j 2 --set "$two" \
    --set measure.trace=true
promise "and changes nothing" same serial traced
promise "and is kept" [ -s traced/notes.csv ]
promise "so are the packets of links" ends 0 "$scenario" -o captured -p 1 \
    --set "$two" --set "$links"
promise "which changes nothing" same serial captured
promise "of every mode" [ "$(ls captured/pcap | wc -l)" -eq 8 ]
promise "of two threads too" ends 0 "$scenario" -o captured2 -p 2 \
    --set "$two" --set "$links"
promise "to the byte" diff -r captured/pcap captured2/pcap
promise "and the effective scenario captures them again" \
    ends 0 captured/effective.yaml -o recaptured
promise "as they were" diff -r captured/pcap recaptured/pcap

# says TEXT CODE LOG...: byway replay exits with this code and says the text.
says() {
    said=$1
    code=$2
    shift 2
    "$byway" replay "$@" >log 2>&1
    [ $? -eq "$code" ] && has_line "$said" log
}

promise "turns are logged" ends 0 "$scenario" -o logged -j 2 --set "$two" \
    --turns two.turns
promise "which changes nothing" same serial logged
promise "into one file" [ "$(ls ./*.turns*)" = ./two.turns ]
promise "and come out the same again" says ' turns, all equal$' 0 two.turns
promise "from nodes that move, too" says ' turns, all equal$' 0 --moving two.turns
nodes=$(sed -n 's/.*turns: \([0-9]*\) nodes.*/\1/p' log)
promise "of all nodes of both modes" [ "$nodes" -gt 40 ]
promise "a log is never replaced" ends 2 "$scenario" -o again2 --force \
    --turns two.turns
promise "those of one node can be asked for" ends 0 "$scenario" -o client \
    --turns one.turns --turns-of client:4
promise "and replayed alone" says ': 1 nodes,' 0 one.turns
promise "a role that is none is refused" ends 2 "$scenario" -o nobody \
    --turns nobody.turns --turns-of egde
promise "so is a number that none has" ends 2 "$scenario" -o nobody \
    --turns nobody.turns --turns-of edge:12
promise "with those that there are" \
    has_line 'no edge 12; .* has 12, numbered from 0 to 11$' log
promise "so is half a wish" ends 2 "$scenario" -o nobody --turns-of edge
promise "bare flows have no turns" ends 2 "${scenario%/*}/flows/dumbbell.yaml" \
    -o nobody --turns nobody.turns
promise "of which nothing is left" absent nobody
head -c 100000 two.turns >cut.turns
promise "what is whole of a log is replayed" says 'is cut at byte' 0 cut.turns
{ head -c 50000 two.turns && echo x && tail -c +50003 two.turns; } >bad.turns
promise "what is damaged is told" says 'is damaged at byte' 1 bad.turns
head -c 70 one.turns >none.turns
promise "what was cut before the first turn proves nothing" \
    says ' 0 turns: nothing to compare$' 1 none.turns
head -c "$(sed -n 's/.*is cut at byte \([0-9]*\).*/\1/p' log)" one.turns >none.turns
promise "nor does a whole log without turns" \
    says ' 0 turns: nothing to compare$' 1 none.turns
promise "which is not called cut" lacks_line 'is cut' log
promise "and what is no log" says 'no turn log' 2 one/manifest.json
promise "and what is not there" says 'No such file' 2 nowhere.turns

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

# shellcheck disable=SC2086
promise "or of packets" full_disk 1 "$scenario" -o full $endless \
    --set 'measure.pcap=[beijing/west ingress]' --set measure.link_interval=1h
promise "which is told with theirs" has_line \
    'full.partial/pcap/preferred-beijing+west+ingress.pcap: File too large' log

# shellcheck disable=SC2086
promise "and one that is full of turns" full_disk 1 "$scenario" \
    -o full $endless --turns full.turns
promise "is told with it" \
    has_line 'full.turns.preferred: File too large' log
promise "which says what stays" has_line 'stay in full.turns.MODE' log
promise "and is so" says 'is cut at byte' 0 full.turns.preferred

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

# A gnuplot that takes its time and tells when it has begun.
mkdir bin
cat >bin/gnuplot <<'END'
#!/bin/sh
: >../../begun
exec sleep 5
END
chmod +x bin/gnuplot

# A run that is drawing its pictures when this returns; its id is $!.
begin_drawing() {
    rm -f begun
    PATH=$work/bin:$PATH "$byway" run -q --progress=never "$@" >log 2>&1 &
    await begun
}

begin_drawing "$scenario" -o drawn
kill -INT $!
wait $!
promise "SIGINT ends the drawing of a report" [ $? -eq 130 ]
promise "which is told, with the remedy" has_line 'byway report drawn' log
promise "the results have their name" [ -s drawn/downloads.csv ]
promise "and no other" [ ! -e drawn.partial ]
promise "and are whole" has_line '"complete": true' drawn/manifest.json
promise "and no report is there" [ ! -e drawn/report.html ]
promise "but can be made" "$byway" report -q --no-plots drawn
promise "from what is there" [ -s drawn/report.html ]

rm -f begun
# shellcheck disable=SC2086
PATH=$work/bin:$PATH "$byway" run -q --progress=never -o twice $endless \
    "$scenario" >log 2>&1 &
await twice.partial/parts/links.preferred
kill -INT $!
await begun
kill -INT $!
wait $!
promise "SIGINT again ends the drawing, too" [ $? -eq 130 ]
promise "and keeps what there was" [ -s twice/downloads.csv ]

begin_long together
kill -INT $!
kill -TERM $!
wait $!
promise "signals that come together are one" [ $? -eq 130 ]
promise "so results are kept" [ -s together/downloads.csv ]

# Modes that are stopped are slow enough for a second signal to find them.
begin_long again
slow_modes=$(sed -n 's/.*"process": \([0-9]*\).*/\1/p' again.partial/log.jsonl)
# shellcheck disable=SC2086
kill -STOP $slow_modes
kill -INT $!
sleep 0.5
kill -INT $!
wait $!
promise "SIGINT twice ends a run with 130" [ $? -eq 130 ]
promise "at once" has_line 'SIGINT again: the run stops at once' log
promise "and leaves nothing" absent again

begin_long killed
kill -KILL $!
wait $! 2>/dev/null
sleep 0.5
promise "a killed run is in nobody's way" ends 0 "$scenario" -o killed

exit $failed
