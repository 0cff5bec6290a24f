#!/usr/bin/env bash
# Packs HEAD twice, in two clones whose folders have names of different lengths, and compares the packages byte for byte. Half an
# hour on two cores, minutes where ccache knows the objects. For a GPU both clones are made in one place, one after the other, as
# nvcc draws numbers from a source's path.
#   ops/check_reproducible.sh [--cuda]
set -euo pipefail
cd "$(dirname "$0")/.."
top=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clones=(one "another one with a longer name")
[ "${1:-}" != --cuda ] || clones=(one one)
for turn in 0 1; do
    clone=$work/${clones[$turn]}
    git clone -q "$top" "$clone"
    # What set-up fetches is not what is looked at.
    ln -s "$top/.venv" "$clone/.venv"
    # Nor may the clock, the time zone, the language or the mask of new files matter.
    (umask 077 && LC_ALL=C.UTF-8 TZ=Asia/Tokyo "$clone/ops/package.sh" --output "$work/packages/$turn" "$@")
    rm -rf "$clone"
    sleep 1
done
diff -r "$work/packages/0" "$work/packages/1"
echo "check_reproducible: the same bytes twice"
