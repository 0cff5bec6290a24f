#!/usr/bin/env bash
# Builds the program for a GPU by the one command that operators have, as if no CUDA toolkit were installed, and looks at what
# came out: code for every card that a release is for, and how large it is. Needs no GPU.
#   ops/check_cuda_build.sh [FOLDER]    FOLDER: a clone of this repository is made there and built from nothing, with a ccache of
#                                       its own unless CCACHE_DIR names one; without FOLDER, build/cuda here is brought up to date
set -euo pipefail
folder=${1:+$(realpath -m "$1")}
cd "$(dirname "$0")/.."

# Whatever leads to an installed toolkit is hidden; with the rights for it, the toolkit itself.
if [ -z "${MINER_CHECK_HIDDEN:-}" ] && unshare -m true 2> /dev/null; then
    MINER_CHECK_HIDDEN=1 exec unshare -m ops/check_cuda_build.sh "$folder"
fi
for toolkit in /usr/local/cuda*/; do
    if [ -n "${MINER_CHECK_HIDDEN:-}" ] && [ -d "$toolkit" ]; then mount -t tmpfs none "$toolkit"; fi
done

if [ -n "$folder" ]; then
    [ ! -e "$folder" ] || { echo "check: $folder exists" >&2; exit 1; }
    git clone -q . "$folder"
    cd "$folder"
    export CCACHE_DIR=${CCACHE_DIR:-$PWD/build/ccache}
fi

path=
IFS=: read -r -a parts <<< "$PATH"
for part in "${parts[@]}"; do
    [ -e "$part/nvcc" ] || path=$path${path:+:}$part
done
export PATH=$path MINER_CUDA_TOOLKIT=pypi MINER_CUDA=ON MINER_CUDA_ARCHITECTURES=release
unset CUDA_HOME CUDA_PATH CUDACXX LIBRARY_PATH CPATH

took() { printf '%-60s %4d min %02d s\n' "$1" $((($2) / 60)) $((($2) % 60)); }
begin=$SECONDS
ops/setup.sh
set_up=$((SECONDS - begin)) begin=$SECONDS
ops/build.sh auto miner
built=$((SECONDS - begin))

miner=build/cuda/miner/miner
networks=build/cuda/miner/libminer_networks.so
[ "$(readlink build/miner)" = cuda/miner/miner ] || { echo "check: build/miner is another program" >&2; exit 1; }
looked=0
LC_ALL=C grep -aHom1 '/usr/local/cuda[[:graph:]]*' "$miner" "$networks" build/cuda/build.ninja || looked=$?
case $looked in
    0) echo "check: an installed toolkit was used" >&2; exit 1 ;;
    1) ;;
    *) exit $looked ;;  # a file that is not there
esac
"$miner" version
released=$(cmake -DREQUESTED=release -P ops/cmake/cuda_architectures.cmake | cut -d'|' -f1)
# shellcheck disable=SC2086
ops/gpu/code.py "$networks" $released

# Without those of the system: glibc, libstdc++, and what apt installed.
libraries=$(ldd "$networks" | sed -n "s#.* => \(.*/site-packages/.*\) (.*#\1#p" | sort -u)
mb() { du -cmL "$@" | tail -1 | cut -f1; }
took "set-up (nothing to fetch: a second)" $set_up
took "build, on $(nproc) cores" $built
printf '%-60s %8d MB\n' "program" "$(mb "$miner" "$networks")"
# shellcheck disable=SC2086
printf '%-60s %8d MB\n' "$(wc -w <<< "$libraries") libraries of libtorch and CUDA that it loads" "$(mb $libraries)" \
    ".venv, whole" "$(mb .venv)"
while read -r library; do printf '    %-56s %8d MB\n' "$(basename "$library")" "$(mb "$library")"; done <<< "$libraries"
