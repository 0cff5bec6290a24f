#!/usr/bin/env bash
# From a fresh clone to a rehearsal: sets up, builds, and runs the whole loop on this machine against local validators, on
# its GPU if it has one (MINER_CUDA=OFF: on the CPU). Arguments go to `miner rehearse`.
set -euo pipefail
cd "$(dirname "$0")/.."
ops/build.sh auto miner
exec build/miner rehearse --tasks 12 "$@"
