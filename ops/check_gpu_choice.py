#!/usr/bin/env python3
"""Checks what a build chooses, with every kind of nvidia-smi and nvcc that a machine may have: whether it is for a GPU
(ops/lib/gpu.sh), for which (ops/cmake/cuda_architectures.cmake) and by which compiler (ops/lib/find_nvcc.sh)."""
import os
import pathlib
import subprocess
import sys
import tempfile

OPS = pathlib.Path(__file__).resolve().parent
DECIDE = '. "$0"; decide_cuda && echo "$MINER_CUDA $preset" && bash -c \'. "$0"; decide_cuda; echo "again $preset"\' "$0"'
TOOLS = ("bash", "timeout", "cat", "realpath", "dirname", "grep", "cmake")
SMI = """#!/bin/bash
case "$1" in
    --query-gpu=driver_version) echo "{driver}" ;;
    --query-gpu=name) printf '{name}\\nanother card\\n' ;;
    --query-gpu=compute_cap) echo "{capability}" ;;
    *) echo "unexpected: $*"; exit 1 ;;
esac
exit {status}
"""


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def smi(driver, capability="8.6", name="NVIDIA GeForce RTX 3090", status=0):
    return SMI.format(driver=driver, capability=capability, name=name, status=status)


def decide(folder, nvidia_smi=None, **variables):
    """(exit status, all that it said)"""
    (folder / "nvidia-smi").unlink(missing_ok=True)
    if nvidia_smi:
        program(folder / "nvidia-smi", nvidia_smi)
    done = subprocess.run(["bash", "-eu", "-c", DECIDE, OPS / "lib/gpu.sh"], env={"PATH": str(folder), **variables},
                          capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def check_decisions(folder):
    failed = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."
    # name: what is there, status, words that must be said
    cases = {
        "no nvidia-smi": (decide(folder), 0, ["for the CPU", "no nvidia-smi", "OFF release", "again release"]),
        "a driver that does not answer": (decide(folder, smi(failed, status=9)), 0, ["for the CPU", failed, "OFF release"]),
        "a driver without a card": (decide(folder, smi("No devices were found", status=6)), 0,
                                    ["for the CPU", "No devices were found", "OFF release"]),
        "a card": (decide(folder, smi("580.95.05")), 0,
                   ["for the GPU", "RTX 3090, driver 580.95.05", "MINER_CUDA=OFF", "ON cuda", "again cuda"]),
        "a newer driver": (decide(folder, smi("1000.1")), 0, ["for the GPU", "ON cuda"]),
        "an older driver": (decide(folder, smi("570.133.20")), 1,
                            ["RTX 3090 is 570.133.20", "580 or newer", "MINER_CUDA=OFF builds for the CPU"]),
        "one that knows no compute capability": (
            decide(folder, smi("470.57.02", 'Field \\"compute_cap\\" is not a valid field to query.')), 1, ["580 or newer"]),
        "a card of before Turing": (decide(folder, smi("580.95.05", "7.0", "Tesla V100")), 1, ["Tesla V100", "7.0", "7.5 or newer"]),
        "ON without a card": (decide(folder, MINER_CUDA="ON"), 0, ["for the GPU, as MINER_CUDA=ON says", "ON cuda"]),
        "ON with an older driver": (decide(folder, smi("570.133.20"), MINER_CUDA="ON"), 0, ["ON cuda"]),
        "OFF with a card": (decide(folder, smi("580.95.05"), MINER_CUDA="OFF"), 0,
                            ["for the CPU, as MINER_CUDA=OFF says", "OFF release"]),
        "neither ON nor OFF": (decide(folder, smi("580.95.05"), MINER_CUDA="yes"), 64, ["not 'yes'"]),
    }
    wrong = []
    for name, ((status, said), expected, words) in cases.items():
        for word in words:
            if word not in said:
                wrong.append(f"{name}: nothing about '{word}' in: {said}")
        if status != expected:
            wrong.append(f"{name}: ends with {status}, not {expected}: {said}")
        if said.count("build: for") != (expected == 0):
            wrong.append(f"{name}: not said once: {said}")
    return cases, wrong


def check_architectures(folder):
    """What kernels are built for, as the program tells it and as CMake takes it."""
    released = "8.0 8.6 8.9 9.0 10.0 12.0+PTX|80-real;86-real;89-real;90-real;100-real;120-real;120-virtual"

    def ask(cards=None, requested=""):
        program(folder / "nvidia-smi", smi("580.95.05", cards) if cards else "#!/bin/bash\nexit 9\n")
        done = subprocess.run(["cmake", f"-DREQUESTED={requested}", "-P", OPS / "cmake/cuda_architectures.cmake"],
                              env={"PATH": str(folder)}, capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else " ".join(done.stderr.split())

    return {
        "no card": (ask(), released),
        "one card": (ask("8.6"), "8.6|86-real"),
        "two of a kind and another": (ask("12.0\n8.9\n12.0"), "8.9 12.0|89-real;120-real"),
        "one newer than nvcc": (ask("13.0"), "12.0+PTX|120-real;120-virtual"),
        "one that CUDA has dropped beside another": (ask("7.0\n8.6"), "8.6|86-real"),
        "an answer that is none": (ask("[N/A]"), released),
        "a release, whatever is here": (ask("8.6", "release"), released),
        "named ones": (ask("8.6", "12.0+PTX 9.0,8.0"), "8.0 9.0 12.0+PTX|80-real;90-real;120-real;120-virtual"),
        "no capability": (ask(requested="sm_86"), "'sm_86' is no compute capability"),
        "too old a one": (ask(requested="8.6 7.0"), "CUDA 13 has no code for 7.0"),
    }


def nvcc(release):
    return f'#!/bin/bash\necho "Cuda compilation tools, release {release}, V{release}.88"\n'


def check_compilers(folder):
    """In a tree of its own, that no .venv is in unless it is put there; /usr/local/cuda is this machine's."""
    top, installed, wheel = folder / "a tree", folder / "installed", "nvidia/cu13/bin/nvcc"
    script = top / "ops/lib/find_nvcc.sh"
    program(script, (OPS / "lib/find_nvcc.sh").read_text().replace("/usr/local", str(folder / "usr")))
    fetched = top / ".venv/lib/python3.11/site-packages" / wheel

    def find(path=folder, **variables):
        done = subprocess.run(["bash", script], env={"PATH": str(path), **variables}, capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else done.stderr

    seen = {"nothing": (find(), "no nvcc of CUDA 13.0: MINER_CUDA=ON ops/setup.sh fetches it\n")}
    program(fetched, nvcc("13.0"))
    seen["a fetch that was interrupted"] = find(), seen["nothing"][1]
    (top / ".venv/miner-nvcc-13.0").touch()
    seen["fetched"] = find(), str(fetched)
    program(folder / "usr/cuda/bin/nvcc", nvcc("12.8"))
    seen["an installed one of another version"] = find(), str(fetched)
    program(folder / "usr/cuda-13.0/bin/nvcc", nvcc("13.0"))
    seen["an installed one that fits"] = find(), str(folder / "usr/cuda-13.0/bin/nvcc")
    program(installed / "bin/nvcc", nvcc("13.0"))
    seen["CUDA_HOME"] = find(CUDA_HOME=str(installed)), str(installed / "bin/nvcc")
    seen["one on the PATH"] = find(f"{installed}/bin:{folder}"), str(installed / "bin/nvcc")
    seen["installed ones passed over"] = find(CUDA_HOME=str(installed), MINER_CUDA_TOOLKIT="pypi"), str(fetched)
    fetched.unlink()
    (folder / "usr/cuda-13.0/bin/nvcc").unlink()
    other = folder / "usr/cuda/bin/nvcc"
    seen["another version alone"] = find(), f"no nvcc of CUDA 13.0 ({other} is of another version): MINER_CUDA=ON ops/setup.sh fetches it\n"
    return seen, [f"{name}: found {found!r}, not {expected!r}" for name, (found, expected) in seen.items() if found != expected]


def main():
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made).resolve() / "bin"
        folder.mkdir()
        for tool in TOOLS:
            (folder / tool).symlink_to(subprocess.run(["which", tool], capture_output=True, text=True, check=True).stdout.strip())
        decided, wrong = check_decisions(folder)
        built = check_architectures(folder)
        wrong += [f"{name}: {is_now!r}, not {expected!r}" for name, (is_now, expected) in built.items()
                  if not (is_now == expected if "|" in expected else expected in is_now)]
        found, more = check_compilers(folder)
    for line in wrong + more:
        print(line)
    print(f"{len(decided)} machines, {len(built)} lists, {len(found)} compilers, {len(wrong + more)} mistakes")
    return bool(wrong + more)


if __name__ == "__main__":
    sys.exit(main())
