#!/usr/bin/env bash
# Proves by figures that the miner loses nothing; prints one table and fails when something did not hold.
#   ops/endure.sh                      every part
#   ops/endure.sh crash --runs 1000    one part; so many stories, of seed 1 and the following (--seed N: of N and the following)
#   ops/endure.sh days --runs 1 --hours 72
# Parts:
#   crash   rehearsals cut off at random by kill -9 and by power cuts that take what was not synced
#   hostile validators, chain nodes and callers that attack, and what each attack costs
#   steps   storing, backup and restore cut off between any two of their changes on the disk
#   days    hours or days of mining in which everything happens to the chain, the validators and the machine, on virtual time
#   calm    days of more pulls than any miner makes, and a chain that hangs up every half minute, on virtual time
# What was found last, and how to read it: ops/docs/endurance.md. What breaks leaves its folder in /dev/shm.
set -euo pipefail
cd "$(dirname "$0")/.."
parts=()
flags=()
while [ $# -gt 0 ]; do
    case $1 in
        --runs | --seed | --hours) flags+=("$1" "$2"); shift 2 ;;
        crash | hostile | steps | days | calm) parts+=("$1"); shift ;;
        *) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 2 ;;
    esac
done
[ ${#parts[@]} -gt 0 ] || parts=(crash hostile steps days calm)

preset=${PRESET:-release}
cmake --preset "$preset" > /dev/null
cmake --build "build/$preset" --target miner_endure > /dev/null
failed=()
for part in "${parts[@]}"; do
    begin=$SECONDS
    "build/$preset/tests/miner_endure" "$part" "${flags[@]}" | awk -F': ' -v part="$part" \
        '/^[^:]+: [0-9]+$/ { printf "%-8s %-45s %12s\n", part, $1, $2; next } { print }' || failed+=("$part")
    printf '%-8s %-45s %12s\n' "$part" "seconds" $((SECONDS - begin))
done
[ ${#failed[@]} -eq 0 ] || { echo "endure: did not hold: ${failed[*]}"; exit 1; }
