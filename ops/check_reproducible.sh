#!/usr/bin/env bash
# Packs HEAD twice, in two clones whose folders have names of different lengths, and compares the packages byte for byte. Half an
# hour on two cores, minutes where ccache knows the objects.
#   ops/check_reproducible.sh [--cuda]
set -euo pipefail
cd "$(dirname "$0")/.."
top=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for clone in one "another one with a longer name"; do
    git clone -q "$top" "$work/$clone"
    # What set-up fetches is not what is looked at.
    ln -s "$top/.venv" "$work/$clone/.venv"
    # Nor may the clock, the time zone, the language or the mask of new files matter.
    (umask 077 && LC_ALL=C.UTF-8 TZ=Asia/Tokyo "$work/$clone/ops/package.sh" --output "$work/packages of $clone" "$@")
    sleep 1
done
diff -r "$work/packages of one" "$work/packages of another one with a longer name"
echo "check_reproducible: the same bytes twice"
