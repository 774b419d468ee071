#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/fingerprint.sh: one scenario, two compilers, two levels: one result.
#
# Builds the program at -O0 and -O2, with cc and with clang where it is
# installed, in temporary folders, and compares the fingerprints that runs
# leave in summary.json.
set -eu

source=$1
clang=
for name in clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14; do
    if command -v "$name" >/dev/null 2>&1; then
        clang=$name
        break
    fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# The program alone, without its tests.
build() {
    CC=$1 meson setup "$2" "$source" --buildtype=plain -Doptimization="$3" \
        >"$2.log" 2>&1 && ninja -C "$2" byway >>"$2.log" 2>&1 || {
        tail -20 "$2.log"
        exit 1
    }
}

# Every fingerprint of a run, in the order of its modes.
fingerprints() {
    "$1/byway" run "$source/$2" -q --progress=never --no-plots \
        -o "$1/out" --force >/dev/null
    grep -o '"fingerprint": *"[0-9a-f]*"' "$1/out/summary.json"
}

result=0
others=cc-2
[ -z "$clang" ] || others="cc-2 $clang-0 $clang-2"
for one in cc-0 $others; do
    build "${one%-*}" "$work/$one" "${one##*-}"
done
for scenario in scenarios/flows/dumbbell.yaml scenarios/first.yaml; do
    fingerprints "$work/cc-0" "$scenario" >"$work/first"
    for other in $others; do
        fingerprints "$work/$other" "$scenario" >"$work/second"
        if cmp -s "$work/first" "$work/second"; then
            echo "$scenario: cc-0 and $other agree"
        else
            echo "$scenario: cc-0 and $other differ"
            result=1
        fi
    done
    sed 's/^/    /' "$work/first"
done
exit $result
