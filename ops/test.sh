#!/usr/bin/env bash
# Sets up, builds and runs every check: format, include directions, all tests, each fuzz target for a moment. With a GPU the
# build is for it, and the tests on it run, too (MINER_CUDA=OFF: without). Arguments go to ctest.
set -euo pipefail
cd "$(dirname "$0")/.."
. ops/lib/gpu.sh
decide_cuda
export MINER_TESTS=ON
ops/setup.sh
ops/check_format.sh  # before what takes the better part of an hour
ops/build.sh "$preset"
left_out=()
if [ "$preset" = cuda ] && ! nvidia-smi > /dev/null 2>&1; then
    echo "test: no GPU here: the tests on it are left out"
    left_out=(--label-exclude '^gpu$')
fi
ctest --test-dir "build/$preset" --output-on-failure --parallel "$(nproc)" "${left_out[@]}" "$@"
# Some seconds each: that all targets build, take their seeds, and nothing shallow is broken.
ops/fuzz.sh 4
