#!/usr/bin/env bash
# Proves by figures that the miner loses nothing; prints one table and fails when something did not hold.
#   ops/endure.sh                      every part: most of a day, of which soak takes six hours
#   ops/endure.sh --quick              every part in some minutes: whether it runs, not what it proves
#   ops/endure.sh crash --runs 1000    one part; so many stories, of seed 1 and the following (--seed N: of N and the following)
#   ops/endure.sh days --runs 1 --hours 72
#   ops/endure.sh soak --minutes 60    leaves build/PRESET/soak.csv and soak.svg
# Parts:
#   crash   rehearsals cut off at random by kill -9 and by power cuts that take what was not synced
#   steps   storing, backup and restore cut off between any two of their changes on the disk
#   hostile validators, chain nodes and callers that attack, and what each attack costs
#   days    hours or days of mining in which everything happens to the chain, the validators and the machine, on virtual time
#   pulls, reconnects   days of as many pulls as two slots work off; a chain that hangs up every half minute; on virtual time
#   secrets the hotkey's secrets looked for in memory, files, log, page and reports of crashes, for each signal of a fault
#   soak    mining at full speed, watched and scraped, and serving callers who come and go: whether what they hold is level
# What was found last, and how to read it: ops/docs/endurance.md. What breaks leaves its folder in /dev/shm.
set -euo pipefail
cd "$(dirname "$0")/.."
all=(crash steps hostile days pulls reconnects secrets soak)
parts=()
flags=()
quick=
while [ $# -gt 0 ]; do
    case $1 in
        --runs | --seed | --hours | --minutes) flags+=("$1" "$2"); shift 2 ;;
        --quick) quick=1; shift ;;
        *)
            [[ " ${all[*]} " == *" $1 "* ]] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 2; }
            parts+=("$1"); shift ;;
    esac
done
[ ${#parts[@]} -gt 0 ] || parts=("${all[@]}")

# What a part is given beside the flags above, which come later and so win.
given() {
    case $1$quick in
        crash) echo --runs 1000 ;;
        days) echo --runs 100 --hours 1 ;;
        pulls) echo --hours 76 ;;
        reconnects) echo --hours 215 ;;
        crash1 | days1) echo --runs 2 --hours 0.1 ;;
        hostile1) echo pings ;;
        pulls1 | reconnects1) echo --hours 0.5 ;;
        soak) echo --csv "$build/soak.csv" ;;
        soak1) echo --csv "$build/soak.csv" --minutes 1.5 ;;
    esac
}

preset=${PRESET:-release}
build=build/$preset
cmake --preset "$preset" > /dev/null
cmake --build "$build" --target miner_endure > /dev/null
failed=()
printf '%-8s %-62s %14s\n' part figure value
for part in "${parts[@]}"; do
    begin=$SECONDS
    read -ra words <<< "$(given "$part")"
    "$build/tests/miner_endure" "$part" "${words[@]}" "${flags[@]}" | awk -F': ' -v part="$part" \
        '/^[^:]+: -?[0-9.]+$/ { printf "%-8s %-62s %14s\n", part, $1, $2; next } { printf "%-8s %s\n", part, $0 }' ||
        failed+=("$part")
    [ "$part" != soak ] || ops/soak_picture.py "$build/soak.csv" "$build/soak.svg"
    printf '%-8s %-62s %14s\n' "$part" seconds $((SECONDS - begin))
done
[ ${#failed[@]} -eq 0 ] || { echo "endure: did not hold: ${failed[*]}"; exit 1; }
