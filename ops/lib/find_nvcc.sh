#!/usr/bin/env bash
# Prints the path of the nvcc that builds the GPU kernels: an installed CUDA toolkit's, if it is of libtorch's version, else the
# one that ops/setup.sh fetched into .venv. Says what is missing and fails where there is neither. MINER_CUDA_TOOLKIT=pypi
# passes over what is installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
wanted=13.0

fits() { [ -x "$1" ] && [[ $("$1" --version 2> /dev/null) == *"release $wanted,"* ]]; }

others=()
if [ "${MINER_CUDA_TOOLKIT:-}" != pypi ]; then
    for nvcc in "$(command -v nvcc || true)" ${CUDA_HOME:+"$CUDA_HOME/bin/nvcc"} /usr/local/cuda{,-$wanted}/bin/nvcc; do
        if fits "$nvcc"; then
            realpath "$nvcc"
            exit
        fi
        [ ! -x "$nvcc" ] || others+=("$nvcc")
    done
fi
for nvcc in "$PWD"/.venv/lib/python3*/site-packages/nvidia/cu13/bin/nvcc; do
    # Set-up writes the stamp last, when all that nvcc needs is there.
    if [ -e .venv/miner-nvcc-$wanted ] && fits "$nvcc"; then
        echo "$nvcc"
        exit
    fi
done
echo "no nvcc of CUDA $wanted${others:+ (${others[*]} is of another version)}: MINER_CUDA=ON ops/setup.sh fetches it" >&2
exit 1
