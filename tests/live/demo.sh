#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/live/demo.sh: the demo comes up, edges help, and nothing is left of it.
#
# Usage: demo.sh BYWAY. Without nginx, its CDN, it is skipped.
set -u

byway=$(readlink -f -- "$1")
if ! command -v nginx >/dev/null && [ ! -x /usr/sbin/nginx ]; then
    "$byway" demo 2>&1 | grep -qF 'apt-get install nginx-light' || exit 1
    exit 77
fi
work=$(mktemp -d)
end() {
    "$byway" demo --stop -q 2>/dev/null
    "$byway" demo --stop -q -d again 2>/dev/null
    rm -rf "$work"
}
trap end EXIT
trap 'exit 1' INT TERM
cd "$work" || exit 1

fail() {
    echo "NOT ok: $*"
    cat log
    exit 1
}

# Somebody else may have the ports that this process number leads to.
port=$((10000 + $$ % 2000 * 25))
for _ in 1 2 3 4 5; do
    "$byway" demo --port "$port" --size 24 >log 2>&1
    code=$?
    grep -q 'is taken' log || break
    port=$((10000 + (port + 7000) % 50000))
done
[ $code -eq 0 ] || fail "the demo ends with exit code $code"
grep -q "^edge-3  *13  127.0.0.1:$((port + 13))" log || fail 'no addresses'
grep -q 'CDN [0-9]* %, edge 1[123] [0-9]* %' log || fail 'no edge has helped'
grep -q '^24 MiB came, the same byte for byte' log || fail 'not compared'
[ "$(wc -l <byway-demo/processes)" -eq 7 ] || fail 'not seven processes'
cp byway-demo/processes .

"$byway" demo --port "$port" >log 2>&1 && fail 'twice in one place'
grep -q 'byway-demo is there already' log || fail 'which is not told'
"$byway" demo --port "$port" -d other >log 2>&1 && fail 'twice on one port'
grep -q "127.0.0.1:$((port + 1)), for the manager, is taken" log ||
    fail 'which is not told'
[ ! -e other ] || fail 'and leaves a directory'

"$byway" demo --stop >log 2>&1 || fail 'it cannot be ended'
grep -q '^7 processes ended, byway-demo removed' log || fail 'ended how?'
[ ! -e byway-demo ] || fail 'a directory is left'
while read -r process _; do
    [ ! -d "/proc/$process" ] || fail "process $process is left"
done <processes
"$byway" demo --stop >log 2>&1 && fail 'it ends twice'

# A part that does not start takes the others along.
mkdir path
printf '#!/bin/sh\necho of no use >&2\nexit 3\n' >path/nginx
chmod +x path/nginx
PATH=$work/path:$PATH "$byway" demo --port "$port" --size 1 >log 2>&1 &&
    fail 'a demo without a CDN'
grep -q 'the cdn does not start: of no use' log || fail 'why it ended'
[ ! -e byway-demo ] || fail 'a directory is left'
"$byway" demo --port "$port" -d again --size 1 -q >log 2>&1 ||
    fail 'a process is left, or a port'
"$byway" demo --stop -d again -q || fail 'it cannot be ended'

"$byway" demo --size 0 >log 2>&1
[ $? -eq 2 ] || fail 'a file of nothing'
exit 0
