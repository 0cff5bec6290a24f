"""Runs the C++ benchmarks and their Python counterparts one after the other and writes the table of both.

    python ops/bench/compare.py [--binary build/release/tests/miner_bench] [--out ops/docs/benchmarks.md]

Both sides have the same model, picture, seed and number of threads, and the machine one at a time; nothing else
should be running. They must come to the same number of voxels, or there is no table. Without --out the page is
printed. Python's side needs what ops/bench/reference.py needs; ops/bench.sh sets all of it up.
    python ops/bench/compare.py --names   only checks that each C++ benchmark has its place in the table
"""
import argparse
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "gpu")]
import machine
import table as gpu

ROOT = HERE.parent.parent
TO_MS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}
STAGES = {"encode": "picture encoder", "structure": "structure flow, all steps",
          "occupancy": "structure decoder and active voxels", "latent": "latent flow, all steps",
          "gaussians": "Gaussian decoder"}
MEANING = {"decode": "picture file to pixels", "enhance_standard": "standard enhancement",
           "enhance_extreme": "extreme enhancement", "prepare": "crop, resize, premultiply", **STAGES,
           "all stages": "the five above together",
           "write": "this object's Gaussians to the SPZ that is sent; in Python to PLY, a step before that", "picture to SPZ": "all of these but the extreme enhancement",
           "export_500k": "500,000 Gaussians to what leaves the machine",
           "spz_write_500k": "SPZ of these", "spz_encode_500k": "both at once, as every task goes",
           "spz_read_500k": "SPZ of these, reading",
           "ply_write_500k": "PLY of these", "sign": "sr25519 signature of a call",
           "sign_1mb": "sr25519 signature over a prompt of 1 MB", "verify": "sr25519 verification",
           "metadata_parse": "a runtime's metadata (V15) into types", "metagraph_decode":
           "a subnet of 1024 neurons with stakes, by the metadata", "journal_write": "one step of a task into the database", "journal_task": "all five steps of a task",
           "start_help": "`miner --help`, the whole process", "start_stats": "`miner stats` over 1,000 tasks, the whole process",
           "start_version": "`miner version`, which loads the networks and libtorch, the whole process",
           "stats_million_counted": "statistics over a million tasks, counted one by one",
           "stats_million": "the same with the days that are kept", "stats_newest_100": "statistics over the newest 100 of these"}
TO_SPZ = ["decode", "enhance_standard", "prepare", *STAGES, "write"]
SUMS = {"all stages": STAGES, "picture to SPZ": TO_SPZ}
SPARSER = ROOT / "ops/rehearsal/01_yellow_tree.png"
# As on a processor without AVX-512: our kernels, torch's own, and both libraries of matrix products.
AVX2 = {"MINER_BENCH_REGISTERS": "avx2", "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2"}
NOT_A_NAME = re.compile(r"real_time|manual_time|iterations:.*")
MOST_VOXELS_APART = 0.01   # rounding decides about voxels on the edge


def name_of(run):
    """"encode/iterations:1/manual_time" -> "encode"; a name without a place in the table ends the program."""
    name = "/".join(part for part in run.split("/") if not NOT_A_NAME.fullmatch(part))
    if name not in MEANING:
        raise SystemExit(f"{name}: no such row in ops/bench/compare.py")
    return name


def check_names(args):
    listed = subprocess.run([args.binary, "--benchmark_list_tests=true"], stdout=subprocess.PIPE, text=True, check=True)
    names = {name_of(run) for run in listed.stdout.split()}
    missing = set(MEANING) - names - set(SUMS)
    if missing:
        raise SystemExit(f"{args.binary} has no benchmark {', '.join(sorted(missing))}")
    print(f"{len(names)} benchmarks, each with its row")


def native(args, dtype, picture=None, names=".*", processor=None):
    """-> name: milliseconds of real time, the median of the repetitions; and the number of voxels if there was one."""
    command = [args.binary, "--benchmark_format=json", f"--benchmark_repetitions={args.repeats}",
               "--benchmark_report_aggregates_only=true", f"--benchmark_filter={names}"]
    environment = os.environ | {"OMP_NUM_THREADS": str(args.threads)}
    environment |= {"MINER_BENCH_MODEL": args.model} if args.model else {}
    environment |= {"MINER_BENCH_PICTURE": str(picture)} if picture else {}
    environment |= {"MINER_BENCH_DTYPE": dtype} | (processor or {})
    answer = json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)
    medians = [row for row in answer["benchmarks"] if row.get("aggregate_name", "median") == "median"]
    rows = {name_of(row["run_name"]): row["real_time"] * TO_MS[row["time_unit"]] for row in medians}
    return rows, next((round(row["voxels"]) for row in medians if "voxels" in row), None)


def reference(args, picture=None, more=(), processor=None):
    """What ops/bench/reference.py prints; a process of its own, so that neither side warms the other's caches."""
    command = [sys.executable, str(HERE / "reference.py"), "--threads", str(args.threads), "--repeats", str(args.repeats)]
    command += ["--model", args.model] if args.model else []
    command += ["--picture", str(picture)] if picture else []
    command += more
    environment = os.environ | (processor or {})
    return json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)


def shown(milliseconds):
    if milliseconds is None:
        return ""
    digits = 0 if milliseconds >= 100 else 1 if milliseconds >= 10 else 2 if milliseconds >= 1 else 4
    return f"{milliseconds:,.{digits}f}"


def with_sums(rows):
    for name, parts in SUMS.items():
        if set(parts) <= rows.keys():
            rows = rows | {name: sum(rows[part] for part in parts)}
    return rows


class Comparison:
    """One picture: our types and Python one after the other."""

    def __init__(self, args, picture=None, everything=True, processor=None):
        pattern = "^(" + "|".join(TO_SPZ) + ")(/|$)"
        with machine.Others() as beside_ours:
            fp32, voxels = native(args, "fp32", picture, ".*" if everything else pattern, processor)
            # Without AVX-512 nobody's processor multiplies in bf16.
            bf16, bf16_voxels = ({}, voxels) if processor else native(args, "bf16", picture, pattern)
        with machine.Others() as beside_theirs:
            self.theirs = reference(args, picture, () if everything else ("--to-spz",), processor)
        self.others = beside_ours.share, beside_theirs.share
        self.fp32, self.bf16 = with_sums(fp32), with_sums(bf16)
        self.python = with_sums({name: row["median_ms"] for name, row in self.theirs["rows"].items()})
        for ours in (voxels, bf16_voxels):
            if abs(ours - self.theirs["voxels"]) > MOST_VOXELS_APART * self.theirs["voxels"]:
                raise SystemExit(f"not the same work: {ours} voxels here, {self.theirs['voxels']} in Python")

    def says(self):
        return (f"picture `{self.theirs['picture']}` ({' x '.join(map(str, self.theirs['picture_size']))}), seed "
                f"{self.theirs['seed']}, {self.theirs['voxels']:,} voxels, {self.theirs['gaussians']:,} Gaussians")

    def table(self, names):
        lines = ["| benchmark | what | fp32, ms | bf16, ms | Python, ms | fp32 times faster | bf16 times faster |",
                 "| --- | --- | ---: | ---: | ---: | ---: | ---: |"]
        for name in (name for name in names if name in self.fp32):
            # Only networks have a type; what follows them differs by their result alone.
            mine = self.fp32[name], self.bf16.get(name) if name in {*STAGES, *SUMS} else None
            other = self.python.get(name)
            ratios = (f"{other / ours:,.1f}" if other and ours else "" for ours in mine)
            lines.append(f"| `{name}` | {MEANING[name]} | {' | '.join(map(shown, (*mine, other)))} | {' | '.join(ratios)} |")
        return lines


def page(dense, sparse, narrow, host, args):
    theirs = dense.theirs
    wallet = theirs["sr25519"] and f"; py-sr25519-bindings {theirs['sr25519']}"
    decoder = theirs.get("bt_decode") and f"; bt-decode {theirs['bt_decode']}"
    lines = ["# Benchmarks", "",
             "Made by `ops/bench.sh`, which sets up, builds and runs all of it; run it anew rather than edit.", "",
             f"{datetime.date.today()}. {host['processor']}, {host['cores']} cores, {host['memory_gib']} GiB. {args.threads} "
             f"threads on both sides, medians of {args.repeats} or more runs. Other programs took {dense.others[0]:.0%} of the "
             f"machine while ours ran and {dense.others[1]:.0%} while Python did.", "",
             f"All make the same on the CPU: {dense.says()}, of the rehearsal's the one with most. Python is "
             f"{theirs['python']} with PyTorch {theirs['torch']} (eager, fp32), Pillow {theirs['pillow']}{wallet or ''}{decoder or ''}. Where "
             "nothing stands under Python it has no counterpart.", "", *dense.table(MEANING)]
    if sparse:
        lines += ["", f"A sparser one, {sparse.says()}; others took {sparse.others[0]:.0%} and {sparse.others[1]:.0%}:", "",
                  *sparse.table([*STAGES, *SUMS])]
    if narrow:
        lines += ["", f"The first picture as on a processor without AVX-512, on both sides (AVX2 with FMA for our kernels, torch's, "
                  f"MKL's and oneDNN's); others took {narrow.others[0]:.0%} and {narrow.others[1]:.0%}:", "",
                  *narrow.table([*STAGES, *SUMS])]
    lines += ["", "## On a GPU", "", *gpu.table(json.loads(gpu.MEASURED.read_text()))]
    return "\n".join(lines) + "\n"


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", help="folder of a checkpoint; the embedded model by default")
    parser.add_argument("--picture", help="RGBA picture; by default two of the rehearsal's, a dense one and a sparser")
    parser.add_argument("--binary", default=str(ROOT / "build/release/tests/miner_bench"))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--out", help="markdown file; standard output by default")
    parser.add_argument("--names", action="store_true", help="check the names and run nothing")
    return parser.parse_args()


def main():
    args = parse()
    if args.names:
        return check_names(args)
    host = machine.describe()
    dense = Comparison(args, args.picture)
    sparse = None if args.picture else Comparison(args, SPARSER, everything=False)
    narrow = None if args.picture else Comparison(args, everything=False, processor=AVX2)
    text = page(dense, sparse, narrow, host, args)
    if args.out:
        pathlib.Path(args.out).write_text(text)
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
