#!/usr/bin/env bash
# Fails when a source file is not as clang-format 14 lays it out; --fix lays them out.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(--dry-run --Werror)
[ "${1:-}" = --fix ] && mode=(-i)
git ls-files -z --cached --others --exclude-standard '*.cpp' '*.hpp' '*.cu' '*.cuh' |
    xargs -0 -n 16 -P "$(nproc)" clang-format-14 "${mode[@]}"
