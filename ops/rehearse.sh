#!/usr/bin/env bash
# From a fresh clone to a rehearsal: sets up, builds, and runs the whole loop on this machine against local validators.
# Arguments go to `miner rehearse`.
set -euo pipefail
cd "$(dirname "$0")/.."
ops/build.sh release miner
exec build/release/miner/miner rehearse --tasks 12 "$@"
