#!/usr/bin/env bash
# Checks what Prometheus, systemd, Kubernetes, shells and image builders will read. For a hand at the keyboard: what a missing
# tool would have checked is named and left out.
# Debian: apt-get install prometheus systemd man-db groff mandoc zsh fish logrotate
#   ops/check_ops.sh [BINARY] [URL of a running miner, for its metrics]
set -uo pipefail
cd "$(dirname "$0")/.."
. ops/lib/attempt.sh
binary=$(realpath "${1:-build/miner}")
url=${2:-}
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
check() {  # WHAT TOOL COMMAND...
    local what=$1 tool=$2
    shift 2
    if ! command -v "$tool" > /dev/null; then
        echo "left out: $what (no $tool)"
        return
    fi
    attempt "$@" > "$work/said" 2>&1
    if [ "$exit_code" = 0 ]; then
        echo "ok: $what"
    else
        echo "WRONG: $what"
        cat "$work/said"
        failed=1
    fi
}

exposure() {
    local score
    score=$(systemd-analyze security --offline=true "$1" | sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p')
    echo "exposure $score" && awk "BEGIN { exit !(\"$score\" != \"\" && $score <= 4.0) }"
}

# One screen, and an example for every command.
help_is_short() {
    local help lines commands command
    help=$("$binary" --help)
    lines=$(wc -l <<< "$help")
    [ "$lines" -le 40 ] || { echo "miner --help has $lines lines"; return 1; }
    commands=$(sed -n '/^Subcommands:/,/^$/s/^  \([a-z]*\) .*/\1/p' <<< "$help")
    [ -n "$commands" ] || { echo "miner --help names no command"; return 1; }
    for command in $commands; do
        help=$("$binary" "$command" --help)
        grep -q '^Example: miner' <<< "$help" || { echo "miner $command --help has no example"; return 1; }
    done
}

# Redirected output, but nothing that the miner turns over itself.
rotates_what_is_redirected() {
    local file said
    mkdir "$work/log"
    for file in miner.log miner.1.log miner.out; do echo "a line" > "$work/log/$file"; done
    sed "s|/var/log/miner|$work/log|; s/\bminer miner$/root root/" ops/logrotate/miner > "$work/rotation"
    said=$(logrotate --debug --state "$work/state" "$work/rotation" 2>&1) || true  # it says so
    ! grep ^error <<< "$said" || return 1
    grep -qF "considering log $work/log/miner.out" <<< "$said" && ! grep '^considering log .*\.log$' <<< "$said" ||
        { echo "$said"; return 1; }
}

# What each shell offers for a line as it is typed, by the shell itself.
offered_by_bash() {
    bash --norc -c 'source "$1"; COMP_LINE=$2; read -ra COMP_WORDS <<< "$2"; [[ $2 == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _miner; printf "%s\n" "${COMPREPLY[@]}"' - "$work/miner.bash" "$1"
}
offered_by_fish() { HOME=$work fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$work/miner.fish" "$1" | cut -f 1; }
offered_by_zsh() { zsh -f ops/completions.zsh "$work/_miner" "$1"; }
completes() {  # SHELL
    local shell=$1 line wanted unwanted got
    while IFS='|' read -r line wanted unwanted; do
        got=$(offered_by_"$shell" "$line")
        for word in $wanted; do
            grep -qx -e "$word" <<< "$got" || { printf "'%s' is not offered %s, but:\n%s\n" "$line" "$word" "$got"; return 1; }
        done
        for word in $unwanted; do
            ! grep -qx -e "$word" <<< "$got" || { printf "'%s' is offered %s\n" "$line" "$word"; return 1; }
        done
    done <<'LINES'
miner re|rehearse render restore|run README.md
miner rehearse --f|--faults|--tasks
miner run --http.l|--http.listen|--http.token
miner run --log.level |trace debug info warn error|README.md
miner tu|tune|top
miner tune --h|--hotkey --http.listen|--by
miner stats --by |validator hotkey kind route day|README.md
miner completion |bash zsh fish man|README.md
miner weights |list fetch verify|README.md
miner inspect READ|README.md|run
miner render x.ply --views |1 4 16|README.md
miner run --netuid ||README.md
LINES
}

# The real unit names a binary and a user that this machine need not have.
unit=$work/miner.service
sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|; s/^\(User\|Group\)=.*/\1=root/' ops/systemd/miner.service > "$unit"
"$binary" completion bash > "$work/miner.bash"
"$binary" completion zsh > "$work/_miner"
"$binary" completion fish > "$work/miner.fish"
"$binary" completion man > "$work/miner.1"

check "help fits a screen and has examples" "$binary" help_is_short
check "alert rules" promtool promtool check rules ops/monitoring/alerts.yml
check "alert rules' tests" promtool promtool test rules ops/monitoring/alerts_test.yml
[ -n "$url" ] && check "metrics of $url" promtool bash -o pipefail -c "curl -sf '$url/metrics' | promtool check metrics"
check "dashboard is JSON" python3 python3 -m json.tool ops/monitoring/grafana.json
check "unit" systemd-analyze systemd-analyze verify "$unit"
check "unit is confined" systemd-analyze exposure ops/systemd/miner.service
check "log rotation" logrotate rotates_what_is_redirected
check "pm2 file" node node --check ops/pm2.config.js
check "Kubernetes manifests" .venv/bin/python .venv/bin/python ops/check_manifests.py
for shell in bash zsh fish; do check "completions of $shell, tried" "$shell" completes "$shell"; done
check "manual page, by man" man bash -c "man --warnings -l '$work/miner.1' 2>&1 > /dev/null | (! grep .)"
check "manual page, by groff" groff bash -c "groff -ww -man -Tutf8 '$work/miner.1' 2>&1 > /dev/null | (! grep .)"
# It has no date: its version says more.
check "manual page, by mandoc" mandoc bash -c "mandoc -Tlint '$work/miner.1' | (! grep -v 'missing date')"
exit $failed
