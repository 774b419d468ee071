#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/resume.sh: runs that are cut short, and go on from their checkpoints.
#
# Usage: resume.sh BYWAY SOURCE. A run is killed again and again, at any time,
# by a signal that it hears or by one that it does not; what it comes to in the
# end must be what another came to that was left alone.
set -u

byway=$(readlink -f -- "$1")
scenario=$2/scenarios/first.yaml
. "$2/tests/promise.sh"

# A run of two modes with a little of everything, as one process.
cp "$scenario" first.yaml
cat >play <<END
#!/bin/sh
exec "$byway" run -q --no-plots --progress=never -j 2 "\$@" \\
    --set 'policies.selection=[preferred, nearby]' \\
    --set workload.downloads.slow=60 --set measure.trace=true \\
    --set roles.edges.session='2 min' --set roles.edges.absence='1 min' \\
    --set 'measure.pcap=[beijing/west ingress]' first.yaml
END
cat >resume <<END
#!/bin/sh
exec "$byway" run -q --no-plots --progress=never --resume "\$@"
END
chmod +x play resume

ends() {
    code=$1
    shift
    "$@" >log 2>&1
    [ $? -eq "$code" ]
}

has_line() {
    grep -q "$1" "$2"
}

# The process begun last is cut short by this signal after a while.
cut_by() {
    sleep "$2"
    kill "-$1" $!
    wait $! 2>/dev/null
}

fingerprints() {
    grep '"fingerprint"' "$1/manifest.json"
}

same() {
    [ "$(fingerprints "$1")" = "$(fingerprints "$2")" ] &&
        diff -r "$1/pcap" "$2/pcap" >/dev/null &&
        for rows in "$1"/*.csv; do
            cmp -s "$rows" "$2/${rows##*/}" || return 1
        done
}

promise "a run is left alone" ends 0 ./play -o whole
promise "and again, with checkpoints" ends 0 ./play -o kept \
    --checkpoint-every 20ms
promise "which change nothing" same whole kept
promise "and do not stay" [ ! -e kept/checkpoint ]

./play -o cut --checkpoint-every 50ms >log 2>&1 &
cut_by TERM 0.3
promise "SIGTERM ends a run" [ $? -eq 143 ]
promise "that says how to go on" has_line "byway run --resume cut" log
promise "and leaves a checkpoint a mode" \
    [ -s cut.partial/checkpoint/preferred ]
promise "and no results" [ ! -e cut ]
promise "another does not take its place" ends 2 ./play -o cut
promise "and says why" has_line "holds checkpoints of a run that was cut" log
promise "what it was asked for is not asked again" \
    ends 2 ./resume cut --set general.seed=9
cp -r cut.partial spoilt.partial
cuts=1
while [ $cuts -lt 20 ]; do
    ./resume cut -p $((cuts % 3 + 1)) >log 2>&1 &
    signal=KILL
    [ $((cuts % 2)) -eq 0 ] && signal=TERM
    cut_by $signal "0.$((cuts * 37 % 5))$((cuts * 7 % 10))"
    [ -e cut ] && break
    cuts=$((cuts + 1))
done
[ -e cut ] || promise "cut $cuts times, it goes on to its end" \
    ends 0 ./resume cut
promise "with all that it would have come to uncut" same whole cut
promise "and the manifest says that it went on" \
    has_line '"resumed_at_seconds": [1-9]' cut/manifest.json
promise "a run that is whole has nothing to go on with" \
    ends 2 ./resume cut
promise "which is told" has_line "cut is finished" log

# One mode after the other, killed when the first is over.
./play -j 1 -o after --checkpoint-every 50ms >log 2>&1 &
until [ -e after.partial/checkpoint/preferred.result ] || [ -e after ]; do
    sleep 0.01
done
cut_by KILL 0.1
promise "a mode that was over is not played again" ends 0 ./resume after
promise "and counts" same whole after

# Somebody ends the largest process of the machine, which is a mode's.
./play -o lone --checkpoint-every 50ms >log 2>&1 &
until grep -qs '"process"' lone.partial/log.jsonl || [ -e lone ]; do
    sleep 0.01
done
sleep 0.2
kill -TERM "$(sed -n 's/.*"process": \([0-9]*\).*/\1/p' \
    lone.partial/log.jsonl | head -n 1)"
wait $!
promise "a mode's process that is ended ends the run" [ $? -eq 143 ]
promise "which goes on" ends 0 ./resume lone
promise "to its end" same whole lone

# Killed when all is over but the report.
"$byway" run -q --progress=never -o late --checkpoint-every 50ms \
    first.yaml >log 2>&1 &
until [ -e late.partial/manifest.json ] || [ -e late ]; do
    sleep 0.01
done
kill -KILL $!
wait $! 2>/dev/null
promise "a run that lacks but its report is not replaced" \
    ends 2 "$byway" run -q first.yaml -o late
promise "and goes on with that" ends 0 ./resume late
promise "to its end" [ -s late/report.html ]
promise "and its checkpoints are gone" [ ! -e late/checkpoint ]

# Somebody has made the directory meanwhile.
./play -o taken --checkpoint-every 50ms >log 2>&1 &
cut_by TERM 0.3
cp -r whole taken
promise "results that have no place" ends 1 ./resume taken
promise "stay, with what to do" has_line "results stay in .*--force" log
promise "and get it by force" ends 0 ./resume taken --force
promise "as they are" same whole taken

# Files may not grow beyond a few blocks, which is a disk that is full.
full_disk() {
    (
        trap '' XFSZ
        ulimit -f 64
        ends 1 ./play -o full --checkpoint-every 20ms
    )
}
promise "a disk that has no room for a checkpoint ends a run" full_disk
promise "and is told with the file" \
    has_line 'full.partial/checkpoint/.*.new: File too large' log
promise "which goes on where there is room again" ends 0 ./resume full
promise "to its end" same whole full

cp -r spoilt.partial short.partial
: >short.partial/parts/links.preferred
promise "a checkpoint whose rows are gone is refused" ends 1 ./resume short
promise "with its name" \
    has_line 'short.partial/checkpoint/preferred: .*rows.* are gone' log
printf x >>spoilt.partial/checkpoint/preferred
promise "a checkpoint that is damaged is refused" \
    ends 1 ./resume spoilt
promise "with its name" \
    has_line 'spoilt.partial/checkpoint/preferred: .*damaged' log
promise "and everything stays" [ -s spoilt.partial/checkpoint/nearby ]
./play -o changed --checkpoint-every 50ms >log 2>&1 &
cut_by TERM 0.3
echo '# only a remark' >>first.yaml
cp -r changed.partial remark.partial
promise "a remark changes no scenario" ends 0 ./resume remark
sed -i 's/^title: .*/title: another/' first.yaml
promise "a scenario that was changed is refused" ends 2 ./resume changed
promise "which is told" has_line 'first.yaml has been changed' log
promise "and nothing is lost" [ -s changed.partial/checkpoint/preferred ]
promise "but may begin anew" ends 0 ./play -o changed --force
promise "a directory without checkpoints is refused" \
    ends 2 ./resume nowhere
promise "so is a time that is none" ends 2 ./play -o bad --checkpoint-every 10
promise "which says what it lacks" has_line 'checkpoint-every.*unit' log
promise "and turns beside checkpoints" ends 2 ./play -o bad \
    --checkpoint-every 1s --turns bad.turns

exit $failed
