#!/usr/bin/env bash
# Fails when a source file is not as clang-format 14 lays it out; --fix lays them out. Other versions lay out otherwise, so
# that without a 14, as a package or in .venv, nothing is checked.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(--dry-run --Werror)
[ "${1:-}" = --fix ] && mode=(-i)
for format in clang-format-14 .venv/bin/clang-format ""; do
    [ -z "$format" ] || ! command -v "$format" >/dev/null || break
done
if [ -z "$format" ]; then
    echo "format: not checked, for there is no clang-format 14; ops/setup.sh fetches it" >&2
    [ "${1:-}" != --fix ]
    exit
fi
git ls-files -z --cached --others --exclude-standard '*.cpp' '*.hpp' '*.cu' '*.cuh' |
    xargs -0 -n 16 -P "$(nproc)" "$format" "${mode[@]}"
