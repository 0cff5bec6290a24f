"""Kernels by time, from ncu's CSV with gpu__time_duration.sum.

    python ops/gpu/kernels.py FILE [--rows 15]
"""
import argparse
import collections
import csv
import re


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file")
    parser.add_argument("--rows", type=int, default=15)
    a = parser.parse_args()
    with open(a.file) as stream:
        lines = [line for line in stream if line.startswith('"')]
    total, count = collections.Counter(), collections.Counter()
    for row in csv.DictReader(lines):
        if row.get("Metric Name") != "gpu__time_duration.sum":
            continue
        scale = {"ns": 1e-6, "nsecond": 1e-6, "us": 1e-3, "usecond": 1e-3, "ms": 1., "msecond": 1.}[row["Metric Unit"]]
        name = re.sub(r"\s*\(.*|<.*", "", row["Kernel Name"])[:60]
        total[name] += float(row["Metric Value"].replace(",", "")) * scale
        count[name] += 1
    everything = sum(total.values())
    print(f"{a.file}: {everything:.2f} ms in {sum(count.values())} kernels")
    for name, ms in total.most_common(a.rows):
        print(f"  {ms:8.3f} ms {100 * ms / everything:5.1f} % {count[name]:5d} x {name}")


if __name__ == "__main__":
    main()
