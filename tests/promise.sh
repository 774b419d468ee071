# SPDX-License-Identifier: GPL-3.0-or-later
# tests/promise.sh: sourced; a folder to work in, and promises, held or not.
#
# What the command of a promise says is in the file log.
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cd "$work" || exit 1
# MPI asks hwloc for the machine, whose plugins leak where they are installed;
# sanitizers would tell of that.
export HWLOC_PLUGINS_PATH="$work"
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
