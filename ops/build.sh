#!/usr/bin/env bash
# Sets up and builds one preset (release unless named): ops/build.sh [PRESET] [TARGET ...]
set -euo pipefail
cd "$(dirname "$0")/.."
ops/setup.sh
preset=${1:-release}
shift || true
[ -e "build/$preset/build.ninja" ] || cmake --preset "$preset"
cmake --build "build/$preset" --target "${@:-all}"
