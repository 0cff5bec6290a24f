#!/usr/bin/env bash
# Builds the tests with a sanitizer and runs them; fails when it finds something.
#   ops/sanitize.sh thread                races and deadlocks
#   ops/sanitize.sh address               memory and undefined behaviour
#   ops/sanitize.sh thread miner_tests    some of the test programs
# All but those that need libtorch, one a core; TORCH=ON takes these, too, and an hour or two more. Some 35 minutes of
# two cores the first time. The words are in build/PRESET/NAME.log.
set -uo pipefail
cd "$(dirname "$0")/.."
case ${1:-} in
    thread) preset=tsan ;;
    address) preset=asan ;;
    *) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
shift
torch=${TORCH:-OFF}
programs=("$@")
if [ ${#programs[@]} -eq 0 ]; then
    programs=(config_tests assets_tests network_tests storage_tests weights_tests miner_tests)
    [ "$torch" = OFF ] || programs+=(trellis_tests e2e_tests)
fi

cmake --preset $preset -DMINER_TORCH="$torch" >/dev/null &&
    nice cmake --build build/$preset --target "${programs[@]}" -- -k 0 || exit 1

# A finding ends the program with 66 at its end, so that one run shows all of them.
export TSAN_OPTIONS="exitcode=66 second_deadlock_stack=1 history_size=7"
export ASAN_OPTIONS="exitcode=66 halt_on_error=0 detect_stack_use_after_return=1 strict_string_checks=1"
export UBSAN_OPTIONS="print_stacktrace=1 halt_on_error=0"
export OMP_WAIT_POLICY=passive

# One program's run: says what it came to, and fails when it found something.
run() {
    local program=$1 log=build/$preset/$1.log code found
    # Without one generation by a published architecture, which takes hours so.
    build/"$preset"/tests/"$program" "~[.]~the smallest published architecture*" >"$log" 2>&1
    code=$?
    found=$(grep -cE "^SUMMARY: |: runtime error: " "$log")
    if [ $code -eq 0 ] && [ "$found" -eq 0 ]; then
        echo "ok    $program: $(tail -n 2 "$log" | sed -n 1p)"
        return 0
    fi
    echo "FAIL  $program: exit code $code, $found findings, see $log"
    grep -E "^SUMMARY: |: runtime error: |FAILED:" -A2 "$log" | sed -n 1,40p
    return 1
}
export -f run
export preset
printf '%s\n' "${programs[@]}" | xargs -P "$(nproc)" -I {} bash -c 'run {}'
