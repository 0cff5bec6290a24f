#!/usr/bin/env bash
# On a machine with a GPU: parity, memory check and profile of a CUDA build, results as JSON lines.
#
#     ops/gpu/run.sh BUILD OUT [PART ...]     parts: parity memcheck profile kernels reference compiled; the first four when none is named
#
# BUILD holds gpu_tests and miner_profile (build/cuda of `cmake --preset cuda`, or a folder they were copied to); libtorch
# is the one of python3, so a build made elsewhere runs with the libraries of this machine.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "$1") out=$(realpath "$2")
shift 2
parts=${*:-parity memcheck profile kernels}
python=${PYTHON:-python3}
model=${MINER_PROFILE_MODEL:-/tmp/trellis-image-large-random}
voxels=${MINER_PROFILE_VOXELS:-5000 12000 25000}
torch=$($python -c 'import os, torch; print(os.path.dirname(torch.__file__))')
LD_LIBRARY_PATH=$torch/lib:$(echo "$(dirname "$torch")"/nvidia/*/lib | tr ' ' ':'):${LD_LIBRARY_PATH:-}
export LD_LIBRARY_PATH
find_program() { find "$build" -name "$1" -type f -perm -u+x | head -1; }
tests=$(find_program gpu_tests) profile=$(find_program miner_profile)

need_model() { [ -e "$model/pipeline.json" ] || $python ops/gpu/reference.py --make "$model" ${MINER_PROFILE_SMALL:+--small}; }

for part in $parts; do
    echo "== $part"
    case $part in
        parity) "$tests" | tee "$out/parity.txt" ;;
        memcheck) compute-sanitizer --tool memcheck --error-exitcode 9 "$tests" > "$out/memcheck.txt" 2>&1 || echo "memcheck: exit $?"
            tail -4 "$out/memcheck.txt" ;;
        profile) need_model
            for type in fp16 fp32; do  # fp32 is there for correctness, so once is enough
                [ $type = fp16 ] && work="10 $voxels" || work="2 ${voxels%% *}"
                "$profile" "$model" "${MINER_PROFILE_DEVICE:-cuda}" $type $work | sed "s/^{/{\"what\": \"miner $type\", /"
            done | tee "$out/profile.jsonl" ;;
        kernels) need_model
            for stage in structure latent occupancy gaussians; do
                ncu --profile-from-start off --clock-control none --metrics gpu__time_duration.sum --csv \
                    "$profile" "$model" cuda fp16 $stage 12000 > "$out/kernels_$stage.csv"
                $python ops/gpu/kernels.py "$out/kernels_$stage.csv"
            done | tee "$out/kernels.txt" ;;
        reference) need_model
            $python ops/gpu/reference.py --time "$model" --voxels "${voxels// /,}" | tee "$out/reference.jsonl" ;;
        compiled) need_model
            $python ops/gpu/reference.py --time "$model" --compiled | tee "$out/compiled.jsonl" ;;
        *) echo "unknown part '$part'" >&2; exit 64 ;;
    esac
done
