#!/usr/bin/env bash
# Proves a package on a machine with a GPU, as its operator has it: see ops/gpu/proof.py, which says what is looked at.
#
#     ops/gpu/proof.sh PACKAGE OUT [ARGUMENT ...]     on that machine; arguments go to proof.py
#     ops/gpu/proof.sh --thin PACKAGE THIN.tar.xz     before, where lines are slow: leaves out what PyTorch's wheels bring
#
# PACKAGE is what ops/package.sh --cuda makes, whole or thin. What a thin one lacks is taken from the torch of python3 (PYTHON
# names another): the same libraries, from the same wheels.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Where the wheels have their libraries, without loading them.
wheels() { "$python" -c 'import importlib.util as u, os, glob
site = os.path.dirname(os.path.dirname(u.find_spec("torch").origin))
print(*[site + "/torch/lib", *sorted(glob.glob(site + "/nvidia/*/lib"))], sep="\n")'; }

find_in_wheels() {
    local place
    while read -r place; do
        [ -e "$place/$1" ] && { echo "$place/$1"; return; }
    done <<< "$places"
    return 1
}

unpack() {
    tar -xf "$1" -C "$folder"
    root=$(find "$folder" -mindepth 1 -maxdepth 1 -type d)
    [ -x "$root/bin/miner" ] || { echo "proof: $1 holds no bin/miner" >&2; exit 1; }
}

places=$(wheels)
if [ "${1:-}" = --thin ]; then
    [ $# -eq 3 ] || { sed -n '2,8p' "$0" >&2; exit 64; }
    unpack "$2"
    for file in "$root"/lib/*; do
        name=$(basename "$file")
        if find_in_wheels "$name" > /dev/null; then
            echo "$name" >> "$root/lib/LEFT_OUT"
            rm "$file"
        fi
    done
    tar -C "$folder" -cf - "$(basename "$root")" | xz -T0 --lzma2=preset=6,dict=128MiB > "$3"
    echo "left out $(wc -l < "$root/lib/LEFT_OUT") libraries, $(du -h "$3" | cut -f1) remain"
    exit
fi

[ $# -ge 2 ] || { sed -n '2,8p' "$0" >&2; exit 64; }
package=$1 out=$(realpath "$2")
shift 2
unpack "$package"
if [ -e "$root/lib/LEFT_OUT" ]; then
    while read -r name; do
        place=$(find_in_wheels "$name") || { echo "proof: this machine's torch has no $name" >&2; exit 1; }
        ln -s "$place" "$root/lib/$name"
    done < "$root/lib/LEFT_OUT"
fi
model=${MINER_RANDOM_MODEL:-/tmp/trellis-image-large-random}
[ -e "$model/pipeline.json" ] || "$python" "$here/reference.py" --make "$model" ${MINER_RANDOM_SMALL:+--small}
"$python" "$here/proof.py" "$root/bin/miner" "$out" --model "$model" "$@"
