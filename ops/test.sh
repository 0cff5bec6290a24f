#!/usr/bin/env bash
# Sets up, builds and runs every check: format, include directions, all tests, each fuzz target for a moment.
set -euo pipefail
cd "$(dirname "$0")/.."
ops/build.sh release
ops/check_format.sh
ctest --test-dir build/release --output-on-failure --parallel "$(nproc)" "$@"
# Some seconds each: that all targets build, take their seeds, and nothing shallow is broken.
ops/fuzz.sh 4
