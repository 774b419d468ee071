#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/live/command.sh: what byway live answers, and with which exit code.
#
# Usage: command.sh BYWAY SOURCE CERTIFY. The mistakes are those of tests/live/bad; all
# work is done in a temporary folder.
set -u

byway=$(readlink -f -- "$1")
bad=$(readlink -f -- "$2")/tests/live/bad
certify=$(readlink -f -- "$3")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cd "$work" || exit 1
failed=0

zeros=00000000000000000000000000000000
key=0123456789abcdefABCDEF0000000001$zeros
echo "$key" >good.key
echo "1$key" | cut -c 1-64 >other.key
cp other.key open.key
echo "$zeros" >short.key
echo "${key}0" >long.key
echo "${zeros}zeros of the wrong sort all over" >letters.key
"$certify" .
echo >shown.key
mkdir files private shared
chmod 600 ./*.key
chmod 640 open.key
chmod 644 shown.key
chmod 700 private
chmod 750 shared

# says CODE TEXT ARGUMENT...: byway live exits with this code, and its output
# holds the text.
says() {
    code=$1
    text=$2
    shift 2
    "$byway" live "$@" >log 2>&1
    if [ $? -ne "$code" ] || ! grep -qF -- "$text" log; then
        echo "NOT ok: byway live $* says, with exit code $code: $text"
        sed 's/^/    /' log
        failed=1
    fi
}

# explains ROLE NAME [OPTION]: exit code 2, every word as expected, on stderr.
explains() {
    "$byway" live "$1" -c "$2.yaml" ${3:+"$3"} >out 2>log
    if [ $? -ne 2 ] || [ -s out ] || ! cmp -s log "$bad/$2.txt"; then
        echo "NOT ok: $2 ${3-} is explained"
        sed 's/^/    /' log out
        failed=1
    fi
}

for file in "$bad"/*.yaml; do
    name=$(basename "$file" .yaml)
    role=$(sed -n '1s/^# byway live //p' "$file")
    [ "$role" = client ] && continue # is no role that serves
    cp "$file" .
    explains "$role" "$name"
    explains "$role" "$name" --check
done

says 0 'usage: byway live ROLE' --help
says 0 'list_age: 15 min' manager --help
says 2 'which role?'
says 2 'no role' edeg -c good.yaml
says 2 'one role at a time' edge cdn -c good.yaml
says 2 'where is its --config' edge
says 2 'Unknown option --chekc (did you mean --check?)' edge --chekc
says 2 "cannot open 'nowhere.yaml'" edge -c nowhere.yaml

"$byway" live cdn --help >good.yaml
cp good.key id.key
chmod 600 id.key
says 0 'good.yaml: ok' cdn -c good.yaml --check

# What publish tells of a file is what the CDN serves it as, in a catalogue.
"$byway" live data-centre --help >centre.yaml
mkdir -p files/new
echo one >files/new/a.bin
"$byway" publish -c centre.yaml --dry-run >would
"$byway" publish -c centre.yaml >is
"$byway" publish -c centre.yaml >again
name=$(sed -n 's,^new/a.bin \(/f/[0-9a-f]\{64\}\)?v=1$,\1,p' is)
if [ "$(head -n 1 would)" != "new/a.bin would be $name?v=1" ] ||
    ! grep -q "^${name#/f/},1,4,[0-9]*,new/a.bin$" catalogue.csv ||
    grep -q /f/ again || [ -n "$("$byway" publish -c centre.yaml --again -q)" ]
then
    echo 'NOT ok: byway publish tells names of new versions'
    sed 's/^/    /' would is again catalogue.csv
    failed=1
fi

# benches TEXT ARGUMENT...: byway bench refuses these words, and says why.
benches() {
    text=$1
    shift
    "$byway" bench "$@" >log 2>&1
    if [ $? -ne 2 ] || ! grep -qF -- "$text" log; then
        echo "NOT ok: byway bench $* says: $text"
        sed 's/^/    /' log
        failed=1
    fi
}
benches 'from 1 to 99' live --rounds 0
benches 'from 1 to 99' live --rounds 9x
exit $failed
