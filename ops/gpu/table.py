"""What ops/gpu/run.sh measured, as one file and as a table.

    python ops/gpu/table.py OUT --card NAME     OUT/*.jsonl into ops/gpu/measured.json, then the table to standard output
    python ops/gpu/table.py                     the table of ops/gpu/measured.json
    python ops/gpu/table.py --bench FILE        of lines of `miner bench --json`: new shapes beside the same once more (-: standard input)
    python ops/gpu/table.py --score FILE        likewise of `miner bench --model validator-scorer --json`: the table of a candidate's score

ops/bench/compare.py ends its page with this table. Parts that OUT lacks stay as measured.json has them.
"""
import argparse
import datetime
import json
import pathlib
import statistics
import sys

MEASURED = pathlib.Path(__file__).resolve().parent / "measured.json"
STAGES = {"prepare": "enhance and crop", "encode": "picture encoder, 518 px", "structure": "structure flow, 12 steps",
          "occupancy": "structure decoder, active voxels", "latent": "latent flow, 12 steps",
          "gaussians": "Gaussian decoder, to the host", "compress": "export and SPZ", "total": "picture to SPZ"}
FIXED = ("prepare", "encode", "structure", "occupancy")  # whose work is the same for every object


def read(folder):
    """-> part: its lines."""
    parts = {}
    for part in ("bench", "score", "candidates", "field", "reference", "compiled"):
        path = folder / f"{part}.jsonl"
        if path.exists():
            parts[part] = [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]
    return parts


def shown(value):
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def times(tasks, stage):
    return [task["ms"][stage] for task in tasks if stage in task["ms"]]


def median(tasks, stage):
    values = times(tasks, stage)
    return statistics.median(values) if values else None


def nominal(line):
    """The number of voxels that the bench was asked for: the middle of its shapes, to the next five hundred."""
    return round(statistics.mean(task["voxels"] for task in line["new_shapes"]) / 500) * 500


GPU = ("encode", "structure", "occupancy", "latent", "gaussians")


def on_gpu(task):
    return sum(task["ms"].get(stage, 0) for stage in GPU)


def bench_lines(lines):
    """How much longer a shape takes that was never seen than the same shape once more; the first task aside."""
    rows = []
    for line in lines:
        pairs = list(zip(line["new_shapes"], line["once_more"]))[1:]
        if not pairs:
            continue
        gpu = [on_gpu(new) / on_gpu(again) for new, again in pairs]
        whole = [new["ms"]["total"] / again["ms"]["total"] for new, again in pairs]
        rows.append(f"{line['dtype']} {nominal(line):6d} voxels: first {line['new_shapes'][0]['ms']['total']:7.1f} ms, later "
                    f"{median([new for new, _ in pairs], 'total'):7.1f}, once more {median([again for _, again in pairs], 'total'):7.1f}; new to once "
                    f"more: GPU stages {statistics.median(gpu):.3f} (worst {max(gpu):.3f}), all {statistics.median(whole):.3f} (worst "
                    f"{max(whole):.3f})")
    return rows


STEPS = {"read": "read and examine the SPZ", "views": "draw 15 views", "score": "networks", "total": "all"}
KINDS = {"words": "words", "pictures": "picture"}


def score_table(lines):
    """Of a candidate's score, beyond its generation: Markdown lines."""
    rows = []
    for line in sorted(lines, key=lambda line: (line["dtype"], line["voxels"])):
        for kind, words in KINDS.items():
            told = line[kind]
            first, later = told["runs"][:1], told["runs"][1:]
            rows.append([words, line["dtype"], f"{line['voxels']:,}", *(shown(median(later, step)) for step in STEPS),
                         shown(max(times(later, "total"), default=None)), shown(median(first, "total")), shown(told["ask_ms"]),
                         f"{told['peak_bytes'] / 2 ** 30:.2f}"])
    head = ["scored by", "type", "voxels", *STEPS.values(), "slowest", "first", "once a task", "GiB at most"]
    return ["A candidate's score beyond its generation, milliseconds of `miner bench --model validator-scorer --random`: the validator's networks "
            "as published with random weights, from the bytes of an SPZ of another hollow ball each time, 32 Gaussians a voxel. Medians of all but "
            "the first; `once a task` is what the words or the picture take; the networks of words stay in memory while pictures are scored by.", "",
            "| " + " | ".join(head) + " |", "| --- | --- |" + " ---: |" * (len(head) - 2),
            *("| " + " | ".join(row) + " |" for row in rows)]


def candidate_table(lines):
    """Of whole candidates, made and scored beside one another: Markdown lines."""
    rows = []
    for line in lines:
        made = [task["candidates"] for task in line["tasks"]]
        later = [ms for task in line["tasks"] for ms in task["each_ms"]]
        first = [task["first_ms"] for task in line["tasks"]]
        rows.append([f"{line['voxels']:,}", line["dtype"], ", ".join(map(str, made)), shown(statistics.median(first)), shown(statistics.median(later)),
                     shown(max(later)), shown(line.get("gpu_busy_percent")), shown(line["gpu_mib"][1] / 1024) if "gpu_mib" in line else ""])
    head = ["voxels", "type", "candidates", "first, ms", "each later one, ms", "slowest", "GPU busy, %", "GiB of the GPU"]
    return [f"Candidates of one task in {lines[0]['seconds']} s, of `miner bench --candidates {lines[0]['seconds']} --random`: the production that "
            "mining uses makes image-large's, exports and packs them, and the validator's networks score them from the bytes, all with random "
            "weights; a task each. `GPU busy` and the memory, of all programs, as nvidia-smi has them.", "",
            "| " + " | ".join(head) + " |", "| ---: | --- |" + " ---: |" * (len(head) - 2),
            *("| " + " | ".join(row) + " |" for row in rows)]


def table(measured):
    """Markdown lines."""
    bench = {(line["dtype"], nominal(line)): line for line in measured["parts"].get("bench", [])}
    other = {(line["what"], line["stage"], line["voxels"]): line["ms"]
             for part in ("reference", "compiled") for line in measured["parts"].get(part, []) if "stage" in line}
    sizes = sorted({size for dtype, size in bench if dtype == "fp16"})
    rows = []
    for stage, words in STAGES.items():
        for size in sizes[:1] if stage in FIXED else sizes:
            at = 0 if stage in FIXED else size
            columns = [other.get(("eager", stage, at)), other.get(("compiled", stage, at))]
            line = bench[("fp16", size)]
            first, later, same = line["new_shapes"][:1], line["new_shapes"][1:], line["once_more"]
            columns += [median(first, stage), median(later, stage), max(times(later, stage), default=None), median(same, stage)]
            for dtype in ("bf16", "fp32"):
                columns.append(median(bench[(dtype, size)]["new_shapes"][1:], stage) if (dtype, size) in bench else None)
            label = words + ("" if stage in FIXED else f", {size:,} voxels")
            rows.append([label, *map(shown, columns)])
    peak = [f"{line['peak_bytes'] / 2 ** 30:.1f} GiB in {dtype} at {size:,} voxels" for (dtype, size), line in sorted(bench.items())]
    head = ["stage", "reference, eager", "compiled", "fp16, first", "fp16, later", "slowest", "once more", "bf16, later", "fp32, later"]
    return [f"{measured['card']}, PyTorch 2.11.0+cu130, {measured['date']}; milliseconds of `miner bench --model trellis-image-large "
            "--random`: whole generations of the published architecture with random weights, each of a hollow ball of another number of "
            "voxels, a tenth more or less (`first`, and of all `later` ones the median and the slowest), and each ball once more. The "
            "reference is `ops/reference/trellis.py` with fp16 weights under autocast, its picture encoder in fp32, medians of one shape "
            "repeated; it makes no bytes. [gpu](gpu.md) says how to repeat this and where the time goes.", "",
            "| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1),
            *("| " + " | ".join(row) + " |" for row in rows), "", "Memory at most: " + ", ".join(peak) + ".",
            *(["", *score_table(measured["parts"]["score"])] if "score" in measured["parts"] else []),
            *(["", *candidate_table(measured["parts"]["candidates"])] if measured["parts"].get("candidates") else [])]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", nargs="?", type=pathlib.Path, help="folder that run.sh wrote to")
    parser.add_argument("--card", help="the card's name")
    parser.add_argument("--bench", help="a file of lines of `miner bench --json`")
    parser.add_argument("--score", help="a file of lines of `miner bench --model validator-scorer --json`")
    args = parser.parse_args()
    if args.score:
        stream = sys.stdin if args.score == "-" else open(args.score)
        print("\n".join(score_table([json.loads(line) for line in stream if line.startswith("{")])))
        return
    if args.bench:
        stream = sys.stdin if args.bench == "-" else open(args.bench)
        print("\n".join(bench_lines([json.loads(line) for line in stream if line.startswith("{")])))
        return
    measured = json.loads(MEASURED.read_text()) if MEASURED.exists() else {"parts": {}}
    if args.out:
        measured["card"] = args.card or measured.get("card", "a GPU")
        measured["date"] = str(datetime.date.today())
        measured["parts"].update(read(args.out))
        MEASURED.write_text(json.dumps(measured, indent=1) + "\n")
    print("\n".join(table(measured)))


if __name__ == "__main__":
    main()
