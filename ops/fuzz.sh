#!/usr/bin/env bash
# Builds the fuzz targets and runs each for some seconds over its seeds: ops/fuzz.sh [SECONDS] [TARGET]...
# What breaks one is kept in build/fuzz/found; mend it, and give the input to a test.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -gt 0 ] && shift

cmake --preset fuzz >/dev/null
built=$(ninja -C build/fuzz fuzz) || { echo "$built" | tail -n 60; echo "fuzz: the targets do not build"; exit 1; }
python3 ops/fuzz_seeds.py build/fuzz/seeds
mkdir -p build/fuzz/found

targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(basename -as _fuzz.cpp tests/fuzz/*_fuzz.cpp)
export MINER_FUZZ_METADATA=$PWD/build/fuzz/seeds/metadata/v15
# Seconds after which an input counts as one that hangs. By the clock, which goes on while the machine sleeps or does something
# else: a run of seconds, as by ops/test.sh, shall not fail of that.
hangs=10
[ "$seconds" -ge 60 ] || hangs=120
failed=()
for target in "${targets[@]}"; do
    mkdir -p "build/fuzz/corpus/$target" "build/fuzz/seeds/$target"
    dictionary=()
    [ ! -e "build/fuzz/seeds/$target.dict" ] || dictionary=("-dict=build/fuzz/seeds/$target.dict")
    if build/fuzz/tests/fuzz/"${target}_fuzz" -max_total_time="$seconds" -timeout=$hangs -rss_limit_mb=3000 -verbosity=0 \
        -print_final_stats=0 -max_len=1000000 -artifact_prefix="build/fuzz/found/$target-" "${dictionary[@]}" \
        "build/fuzz/corpus/$target" "build/fuzz/seeds/$target" >"build/fuzz/$target.log" 2>&1; then
        echo "ok    $target"
    else
        echo "FAIL  $target: see build/fuzz/$target.log"
        tail -n 40 "build/fuzz/$target.log"
        failed+=("$target")
    fi
done
[ ${#failed[@]} -eq 0 ]
