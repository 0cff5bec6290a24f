"""Runs the C++ benchmarks and their Python counterparts one after the other and writes the table of both.

    python ops/bench/compare.py [--model FOLDER] [--binary build/release/tests/miner_bench] [--out ops/docs/benchmarks.md]

Rows are matched by name up to the first slash, so `structure` and `structure/bf16` are both compared with the
reference's `structure`; rows that only one side has are kept, without a ratio. Both sides use the same number of
threads and the same machine, one at a time; nothing else should be running. Without --out the page is printed.
Python's side needs what ops/bench/reference.py needs.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import machine

ROOT = HERE.parent.parent
TO_MS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}
MEANING = {"encode": "picture encoder", "structure": "structure flow, all steps",
           "occupancy": "structure decoder and active voxels", "latent": "latent flow, all steps",
           "gaussians": "Gaussian decoder", "enhance_standard": "standard enhancement",
           "enhance_extreme": "extreme enhancement", "prepare": "crop, resize, premultiply",
           "spz_write_500k": "SPZ, 500,000 Gaussians, writing", "spz_read_500k": "SPZ, 500,000 Gaussians, reading",
           "ply_write_500k": "PLY, 500,000 Gaussians, writing", "sign": "sr25519 signature",
           "verify": "sr25519 verification", "journal_write": "one step of a task into the database",
           "stats_million": "statistics over a million tasks"}
NOT_A_VARIANT = re.compile(r"real_time|process_time|manual_time|(iterations|repeats|min_time|min_warmup_time|threads):.*")


def native(args):
    """Name -> milliseconds of real time, the median of the repetitions."""
    command = [args.binary, "--benchmark_format=json", f"--benchmark_repetitions={args.repeats}",
               "--benchmark_report_aggregates_only=true", f"--benchmark_filter={args.filter}"]
    environment = os.environ | {"OMP_NUM_THREADS": str(args.threads)}
    answer = json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)
    for row in answer["benchmarks"]:
        if row.get("error_occurred"):
            raise SystemExit(f"{row['name']} failed: {row.get('error_message', 'without a message')}")
    rows = {}
    for row in answer["benchmarks"]:
        if row.get("aggregate_name", "median") == "median":
            parts = [part for part in row["run_name"].split("/") if not NOT_A_VARIANT.fullmatch(part)]
            rows["/".join(parts).removeprefix("BM_")] = row["real_time"] * TO_MS[row["time_unit"]]
    return rows


def reference(args):
    """What ops/bench/reference.py prints; a process of its own, so that neither side warms the other's caches."""
    command = [sys.executable, str(HERE / "reference.py"), "--model", args.model, "--threads", str(args.threads),
               "--repeats", str(args.repeats)]
    if args.picture:
        command += ["--picture", args.picture]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def shown(milliseconds):
    if milliseconds is None:
        return ""
    digits = 0 if milliseconds >= 100 else 1 if milliseconds >= 10 else 2 if milliseconds >= 1 else 4
    return f"{milliseconds:,.{digits}f}"


def page(ours, theirs, host, args):
    known = {name: row["median_ms"] for name, row in theirs["rows"].items()}
    order = list(MEANING)
    place = lambda name: (order.index(base(name)) if base(name) in order else len(order), name)
    base = lambda name: name.split("/")[0]
    names = sorted(set(ours) | {name for name in known if name not in map(base, ours)}, key=place)
    lines = ["# Benchmarks", "",
             "Made by `python ops/bench/compare.py --out ops/docs/benchmarks.md`; run it anew rather than edit.", "",
             f"{host['processor']}, {host['cores']} cores, {host['memory_gib']} GiB; load before the run "
             f"{host['load_at_start']}. {args.threads} threads on both sides; medians, of {args.repeats} runs for the networks.",
             f"Python: PyTorch {theirs['torch']} eager, fp32, CPU; Pillow {theirs['pillow']}. Picture `{theirs['picture']}` "
             f"({' x '.join(map(str, theirs['picture_size']))}), seed {theirs['seed']}: {theirs['voxels']:,} voxels, "
             f"{theirs['gaussians']:,} Gaussians.", "",
             "| benchmark | what | miner, ms | Python, ms | times faster |", "| --- | --- | ---: | ---: | ---: |"]
    for name in names:
        mine, other = ours.get(name), known.get(base(name))
        ratio = f"{other / mine:,.1f}" if mine and other else ""
        lines.append(f"| `{name}` | {MEANING.get(base(name), '')} | {shown(mine)} | {shown(other)} | {ratio} |")
    return "\n".join(lines) + "\n"


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=str(ROOT / "generator/nano/model"),
                        help="folder of a checkpoint; the embedded model by default")
    parser.add_argument("--binary", default=str(ROOT / "build/release/tests/miner_bench"))
    parser.add_argument("--picture", help="for the Python side; must be the picture that the binary uses")
    parser.add_argument("--filter", default=".*", help="regular expression: which C++ benchmarks to run")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", help="markdown file; standard output by default")
    return parser.parse_args()


def main():
    args, host = parse(), machine.describe()
    text = page(native(args), reference(args), host, args)
    if args.out:
        pathlib.Path(args.out).write_text(text)
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
