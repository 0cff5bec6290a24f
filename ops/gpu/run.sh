#!/usr/bin/env bash
# On a machine with a GPU: what the application takes there, parity, memory check and profile; results as JSON lines.
#
#     ops/gpu/run.sh BUILD OUT [PART ...]
#
# Parts: parity memcheck bench score candidates field kernels reference compiled attention; the first seven when none is named.
# A part that fails ends it; but for memcheck, which fails it at the end.
# BUILD holds miner with libminer_networks.so beside it, gpu_tests and miner_profile (build/cuda, as ops/build.sh makes it, or a
# folder they were copied to, with libraries that this machine lacks in lib/); libtorch is the one of python3 where it has one, so a build made elsewhere runs
# with the libraries of this machine, else the one in .venv.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "$1") out=$(realpath "$2")
shift 2
parts=${*:-parity memcheck bench score candidates field kernels}
python=${PYTHON:-python3}
device=${MINER_GPU:-cuda}
model=${MINER_RANDOM_MODEL:-/tmp/trellis-image-large-random}
voxels=${MINER_BENCH_VOXELS:-5000 12000 25000}
scored=${MINER_SCORE_VOXELS:-6000 15000}
torch=$($python -c 'from importlib.util import find_spec; print(find_spec("torch").submodule_search_locations[0])' \
    2> /dev/null || echo "$PWD"/.venv/lib/python3*/site-packages/torch)
LD_LIBRARY_PATH=$torch/lib:$(echo "$(dirname "$torch")"/nvidia/*/lib | tr ' ' ':'):$build/lib:${LD_LIBRARY_PATH:-}
export LD_LIBRARY_PATH
find_program() { find "$build" -name "$1" -type f -perm -u+x -print -quit; }
tests=$(find_program gpu_tests) profile=$(find_program miner_profile) miner=$(find_program miner)

need_model() { [ -e "$model/pipeline.json" ] || $python ops/gpu/reference.py --make "$model" ${MINER_RANDOM_SMALL:+--small}; }

failed=()
for part in $parts; do
    echo "== $part, $(date +%T)"
    case $part in
        parity) "$tests" | tee "$out/parity.txt" ;;
        memcheck) compute-sanitizer --tool memcheck --error-exitcode 9 "$tests" > "$out/memcheck.txt" 2>&1 ||
            failed+=("memcheck (exit $?)")
            tail -4 "$out/memcheck.txt" ;;
        bench) # Whole generations by the application, of shapes never seen and of the same once more; fp32 is there for correctness.
            for type in fp16 bf16 fp32; do
                case $type in fp16) sizes=$voxels runs=12 ;; *) sizes=${voxels%% *} runs=3 ;; esac
                for size in $sizes; do
                    "$miner" bench --model trellis-image-large --random --voxels "$size" --runs $runs --json \
                        --generator.device "$device" --generator.dtype $type
                done
            done | tee "$out/bench.jsonl" | $python ops/gpu/table.py --bench - ;;
        score) # A candidate's score beyond its generation, with words and with a picture.
            for type in fp16 fp32; do
                for size in $scored; do
                    "$miner" bench --model validator-scorer --random --voxels "$size" --runs 20 --json \
                        --score.device "$device" --score.dtype $type
                done
            done | tee "$out/score.jsonl" | $python ops/gpu/table.py --score - ;;
        candidates) # Whole candidates in the seconds that a validator leaves free.
            $python ops/gpu/candidates.py "$miner" "$out" --voxels "5000,12000" --generator.device "$device" --score.device "$device" ;;
        field) need_model
            $python ops/gpu/field.py "$miner" "$out" --model "$model" --device "$device" ${MINER_FIELD:-} ;;
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
        attention) $python ops/gpu/attention.py | tee "$out/attention.jsonl" ;;
        *) echo "unknown part '$part'" >&2; exit 64 ;;
    esac
done
[ ${#failed[@]} = 0 ] || { echo "run: failed: ${failed[*]}" >&2; exit 1; }
