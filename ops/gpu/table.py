"""What ops/gpu/run.sh measured, as one file and as a table.

    python ops/gpu/table.py OUT --card NAME     OUT/*.jsonl into ops/gpu/measured.json, then the table to standard output
    python ops/gpu/table.py                     the table of ops/gpu/measured.json

ops/bench/compare.py ends its page with this table. Parts that OUT lacks stay as measured.json has them.
"""
import argparse
import datetime
import json
import pathlib

MEASURED = pathlib.Path(__file__).resolve().parent / "measured.json"
STAGES = {"encode": "picture encoder, 518 px", "structure": "structure flow, 12 steps",
          "occupancy": "structure decoder, active voxels", "latent": "latent flow, 12 steps",
          "gaussians": "Gaussian decoder, to the host", "bytes": "SPZ bytes"}
# Milliseconds, by stage and voxels: what the design hoped for on this kind of card.
TARGETS = {("encode", 0): 5, ("structure", 0): 230, ("occupancy", 0): 4, ("latent", 5000): 120, ("latent", 25000): 200,
           ("gaussians", 5000): 6, ("gaussians", 25000): 10, ("bytes", 5000): 25}
COLUMNS = ("eager", "compiled", "miner fp16", "miner fp32")


def read(folder):
    """-> part: its lines."""
    parts = {}
    for part in ("profile", "reference", "compiled"):
        path = folder / f"{part}.jsonl"
        if path.exists():
            parts[part] = [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]
    return parts


def shown(value):
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def table(measured):
    """Markdown lines."""
    lines = [line for part in measured["parts"].values() for line in part]
    time = {(line["what"], line["stage"], line["voxels"]): line["ms"] for line in lines if "stage" in line}
    peak = {line["what"]: line["peak_gib"] for line in lines if "peak_gib" in line}
    rows = []
    for stage, words in STAGES.items():
        for voxels in sorted({at for _, name, at in time if name == stage}):
            values = [time.get((column, stage, voxels)) for column in COLUMNS]
            target = TARGETS.get((stage, voxels))
            faster = values[0] / values[2] if values[0] and values[2] else None
            label = words + (f", {voxels:,} voxels" if voxels else "")
            rows.append([label, *map(shown, values), shown(faster), str(target or "")])
    rows.append(["peak memory, GiB", *(shown(peak.get(column)) for column in COLUMNS), "", "6"])
    head = ["stage", "reference, eager", "reference, compiled", "miner, fp16", "miner, fp32", "times faster", "target"]
    return [f"{measured['card']}, PyTorch 2.11.0+cu130, {measured['date']}; milliseconds, medians of ten warm runs (the "
            "reference: five) of the published image-large architecture with random weights. The reference is "
            "`ops/reference/trellis.py` with fp16 weights under autocast, its picture encoder in fp32; `times faster` is its "
            "eager time over the miner's in fp16. `target` is what the design hoped for. [gpu](gpu.md) says how to repeat this "
            "and where the time goes.", "",
            "| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1),
            *("| " + " | ".join(row) + " |" for row in rows)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", nargs="?", type=pathlib.Path, help="folder that run.sh wrote to")
    parser.add_argument("--card", help="the card's name")
    args = parser.parse_args()
    measured = json.loads(MEASURED.read_text()) if MEASURED.exists() else {"parts": {}}
    if args.out:
        measured["card"] = args.card or measured.get("card", "a GPU")
        measured["date"] = str(datetime.date.today())
        measured["parts"].update(read(args.out))
        MEASURED.write_text(json.dumps(measured, indent=1) + "\n")
    print("\n".join(table(measured)))


if __name__ == "__main__":
    main()
