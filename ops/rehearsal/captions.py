"""The prompts of the rehearsal: the embedded model's own captions, and what becomes of each.

    python ops/rehearsal/captions.py [--miner MINER] [OBJECT ...]    print rows for captions.json, of those objects or all 64
    python ops/rehearsal/captions.py --count                         print captions.json anew, with the voxels of today

The objects are seeds 0 to 63 of ops/nano/shapes.py, which the model never saw in training. A rehearsal hands the prompts
out in the order of captions.json. `voxels` are those with the seeds 1 to 3 (fp32 on a CPU; another processor may move
them by a voxel or two); a sparse prompt is tried again with the next seed. They were chosen so that with seed 1 most
pass and the first ones show a retry. `also` are further objects that the words fit (variants.py). Needs a built miner; torch only to name objects that are not in the
file.
"""
import argparse
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SEEDS = 3
NEVER = str(10_000_000)   # a gate that no attempt reaches: every seed is counted, and nothing more is made


def count(miner, caption):
    command = [miner, "generate", "--prompt", caption, "--seed", "1", "-o", "/dev/null/x.spz", "--json", "--generator.dtype", "fp32",
               "--generator.device", "cpu", "--gate.min_gaussians", NEVER, "--gate.floor", NEVER, "--gate.attempts", str(SEEDS)]
    told = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if not told.stdout:
        raise SystemExit(f"{miner} generate: {told.stderr}")
    return [attempt["voxels"] for attempt in json.loads(told.stdout)["attempts"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("objects", nargs="*", type=int, metavar="OBJECT")
    parser.add_argument("--miner", default=str(HERE.parent.parent / "build/release/miner/miner"))
    parser.add_argument("--count", action="store_true", help="of the file's own captions")
    args = parser.parse_args()
    if args.count:
        rows = json.loads((HERE / "captions.json").read_text())
    else:
        sys.path.insert(0, str(HERE.parent / "nano"))
        import shapes
        rows = [{"object": number, "caption": shapes.make(number)[1]} for number in args.objects or range(64)]
    lines = [json.dumps({**row, "voxels": count(args.miner, row["caption"])}) for row in rows]
    print("[\n  " + ",\n  ".join(lines) + "\n]")


if __name__ == "__main__":
    main()
