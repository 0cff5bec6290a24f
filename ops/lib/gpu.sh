# shellcheck shell=bash
# Sourced by what sets up, builds and runs: whether that is done for a GPU.

# Decides it once for a script and all that it calls, and says in one line what and why. MINER_CUDA=ON|OFF decides; unset, it is
# for the GPU where nvidia-smi shows one. A GPU that CUDA 13 cannot use ends the script: a build for the CPU takes as long and
# makes a miner too slow to earn, so that one has to be asked for.
# Exports MINER_CUDA; sets `preset` to the CMake preset that belongs to it.
decide_cuda() {
    local why
    if [ -z "${MINER_CUDA_DECIDED:-}" ]; then
        case ${MINER_CUDA:-} in
            ON | OFF) why="as MINER_CUDA=$MINER_CUDA says" ;;
            "") _look_at_gpu || return 1 ;;
            *)
                echo "build: MINER_CUDA is ON, OFF or unset, not '$MINER_CUDA'" >&2
                return 64
                ;;
        esac
        export MINER_CUDA MINER_CUDA_DECIDED=1
        case $MINER_CUDA in
            ON) echo "build: for the GPU, $why" ;;
            OFF) echo "build: for the CPU, $why" ;;
        esac
    fi
    # shellcheck disable=SC2034
    case $MINER_CUDA in
        ON) preset=cuda ;;
        OFF) preset=release ;;
    esac
}

# Sets MINER_CUDA and the caller's `why`, or says what is wrong with the GPU.
_look_at_gpu() {
    local driver capability name
    MINER_CUDA=OFF
    if ! command -v nvidia-smi > /dev/null; then
        why="as no nvidia-smi is here to show a GPU"
        return
    fi
    driver=$(_ask_gpu driver_version)
    if [[ ! $driver =~ ^[0-9]+\.[0-9.]+$ ]]; then
        why="as nvidia-smi shows no GPU: ${driver:0:150}"
        return
    fi
    name=$(_ask_gpu name)
    if [ "${driver%%.*}" -lt 580 ]; then
        _refuse_gpu "the driver of this $name is $driver, and CUDA 13 needs 580 or newer: install one"
        return 1
    fi
    capability=$(_ask_gpu compute_cap)
    if [[ $capability =~ ^([0-9]+)\.([0-9]+)$ ]] && ((BASH_REMATCH[1] * 10 + BASH_REMATCH[2] < 75)); then
        _refuse_gpu "this $name has compute capability $capability, and CUDA 13 has code for 7.5 or newer"
        return 1
    fi
    MINER_CUDA=ON
    why="as there is one: $name, driver $driver (MINER_CUDA=OFF: for the CPU)"
}

# One property of the first GPU, or what nvidia-smi says instead. One with a broken driver may hang.
_ask_gpu() {
    local answer
    answer=$(timeout 60 nvidia-smi --query-gpu="$1" --format=csv,noheader 2>&1) || true
    echo "${answer%%$'\n'*}"
}

_refuse_gpu() {
    echo "build: $1." >&2
    echo "build: MINER_CUDA=OFF builds for the CPU instead, MINER_CUDA=ON for the GPU all the same." >&2
}
