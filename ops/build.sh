#!/usr/bin/env bash
# Sets up and builds one preset: ops/build.sh [PRESET] [TARGET ...]. `auto`, or none, is what operators run here: cuda where a
# GPU is, else release (ops/lib/gpu.sh). build/miner is then the program, whichever it was.
set -euo pipefail
cd "$(dirname "$0")/.."
. ops/lib/gpu.sh
preset=${1:-auto}
shift || true
if [ "$preset" = auto ]; then
    decide_cuda
else
    case $preset in cuda) wanted=ON ;; *) wanted=OFF ;; esac
    if [ "${MINER_CUDA:-$wanted}" != $wanted ]; then
        echo "build: MINER_CUDA=$MINER_CUDA and the preset $preset say two things; leave one of them out" >&2
        exit 64
    fi
    export MINER_CUDA=$wanted MINER_CUDA_DECIDED=1
fi
ops/setup.sh
if [ "$preset" = cuda ]; then
    # Each time, as there may be another GPU today.
    cmake --preset cuda --log-level=NOTICE -D "MINER_CUDA_ARCHITECTURES=${MINER_CUDA_ARCHITECTURES:-}"
elif [ ! -e "build/$preset/build.ninja" ]; then
    cmake --preset "$preset"
fi
cmake --build "build/$preset" --target "${@:-all}"
case $preset in
    cuda | release) [ ! -e "build/$preset/miner/miner" ] || ln -sfn "$preset/miner/miner" build/miner ;;
esac
