#!/usr/bin/env bash
# Checks what Prometheus, systemd and shells will read. For a hand at the keyboard: what a missing tool would have checked is
# named and left out. Debian: apt-get install prometheus systemd man-db zsh fish
#   ops/check_ops.sh [BINARY] [URL of a running miner, for its metrics]
set -uo pipefail
cd "$(dirname "$0")/.."
binary=${1:-build/release/miner/miner}
url=${2:-}
failed=0
check() {  # WHAT TOOL COMMAND...
    local what=$1 tool=$2
    shift 2
    if ! command -v "$tool" > /dev/null; then
        echo "left out: $what (no $tool)"
    elif "$@" > /tmp/check_ops.$$ 2>&1; then
        echo "ok: $what"
    else
        echo "WRONG: $what"
        cat /tmp/check_ops.$$
        failed=1
    fi
    rm -f /tmp/check_ops.$$
}
exposure() {
    local score
    score=$(systemd-analyze security --offline=true "$1" | sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p')
    echo "exposure $score" && awk "BEGIN { exit !(\"$score\" != \"\" && $score <= 4.0) }"
}
# The real unit names a binary and a user that this machine need not have.
unit=$(mktemp -d)/miner.service
sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|; s/^\(User\|Group\)=.*/\1=root/' ops/systemd/miner.service > "$unit"

check "alert rules" promtool promtool check rules ops/monitoring/alerts.yml
check "alert rules' tests" promtool promtool test rules ops/monitoring/alerts_test.yml
[ -n "$url" ] && check "metrics of $url" promtool bash -o pipefail -c "curl -sf '$url/metrics' | promtool check metrics"
check "dashboard is JSON" python3 python3 -m json.tool ops/monitoring/grafana.json
check "unit" systemd-analyze systemd-analyze verify "$unit"
check "unit is confined" systemd-analyze exposure ops/systemd/miner.service
check "pm2 file" node node --check ops/pm2.config.js
check "completions of bash" bash bash -n <("$binary" completion bash)
check "completions of zsh" zsh zsh -n <("$binary" completion zsh)
check "completions of fish" fish fish --no-execute <("$binary" completion fish)
check "manual page" man bash -c "'$binary' completion man | man --warnings -l - > /dev/null"
rm -rf "$(dirname "$unit")"
exit $failed
