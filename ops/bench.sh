#!/usr/bin/env bash
# Measures every stage here and in Python, one after the other, and writes ops/docs/benchmarks.md. Sets up and builds
# first. Arguments go to ops/bench/compare.py. MINER_REFERENCE_PYTHON names an interpreter that has torch, numpy,
# pillow, safetensors, py-sr25519-bindings and bt-decode already; otherwise .venv-reference is made (some 5 GB, once).
set -euo pipefail
cd "$(dirname "$0")/.."
ops/build.sh release miner_bench

python=${MINER_REFERENCE_PYTHON:-.venv-reference/bin/python}
if [ -z "${MINER_REFERENCE_PYTHON:-}" ]; then
    # The stamp is written last, so that an interrupted set-up is made anew.
    torch=2.11.0
    stamp=.venv-reference/miner-torch-$torch-bt-decode
    if [ ! -e "$stamp" ]; then
        echo "bench: fetching PyTorch $torch with all that it imports"
        rm -rf .venv-reference
        /usr/bin/python3 -m venv .venv-reference
        .venv-reference/bin/pip install -q --disable-pip-version-check \
            "torch==$torch" numpy pillow safetensors py-sr25519-bindings bt-decode
        touch "$stamp"
    fi
fi
exec "$python" ops/bench/compare.py --out ops/docs/benchmarks.md "$@"
