#!/usr/bin/env python3
"""Draws what a soak sampled (ops/endure.sh soak) as one SVG.

    ops/soak_picture.py SAMPLES.csv OUT.svg

A column for each process: memory, descriptors and threads, what lies on the disk, tasks a second. Each point is the median
of its share of the samples. The first third, which is not judged, is shaded. Colours follow the reader's scheme.
"""
import argparse
import csv
import math
import statistics
import sys

POINTS = 160  # of a line
WIDTH, HEIGHT = 330, 96  # of a panel, and around it:
LEFT, TOP, RIGHT, BOTTOM = 46, 34, 74, 22
STYLE = """
:root { --paper: #ffffff; --ink: #1f2328; --faint: #d1d9e0; --shade: #f0f3f6; --one: #0969da; --two: #bc4c00; --three: #1a7f37 }
@media (prefers-color-scheme: dark) {
:root { --paper: #0d1117; --ink: #e6edf3; --faint: #3d444d; --shade: #161b22; --one: #4493f8; --two: #f0883e; --three: #3fb950 } }
text { font: 11px system-ui, sans-serif; fill: var(--ink) } .title { font-weight: 600 } .right { text-anchor: end }
.paper { fill: var(--paper) } .shade { fill: var(--shade) } .axis { stroke: var(--faint); fill: none }
polyline { fill: none; stroke-width: 1.5 } .one { stroke: var(--one) } .two { stroke: var(--two) } .three { stroke: var(--three) }
tspan.one, text.one { fill: var(--one); stroke: none } text.two { fill: var(--two); stroke: none } text.three { fill: var(--three); stroke: none }
"""


def read(path):
    """By process, a list of samples as numbers."""
    curves = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            curves.setdefault(row.pop("process"), []).append({name: float(value) for name, value in row.items()})
    return curves


def thinned(points):
    """Medians of as many shares as there is room for."""
    share = max(1, math.ceil(len(points) / POINTS))
    groups = [points[i:i + share] for i in range(0, len(points), share)]
    return [(statistics.median(x for x, _ in group), statistics.median(y for _, y in group)) for group in groups]


def panels(process, samples):
    """Title and lines (name, points) of each panel."""
    minutes = [sample["seconds"] / 60 for sample in samples]

    def line(column, scale=1.0):
        return list(zip(minutes, (sample[column] / scale for sample in samples)))

    step = max(1, len(samples) // POINTS)
    rates = [(minutes[i], (samples[i]["tasks"] - samples[i - step]["tasks"]) / max(1e-9, samples[i]["seconds"] - samples[i - step]["seconds"]))
             for i in range(step, len(samples))]
    disk = [("results", line("assets_kb", 1024)), ("database", line("database_kb", 1024))] if process == "mining" else []
    return [("memory, MiB", [("resident", line("rss_kb", 1024)), ("given out", line("heap_kb", 1024))]),
            ("descriptors, threads", [("descriptors", line("descriptors")), ("threads", line("threads"))]),
            ("on disk, MiB", [*disk, ("log", line("log_kb", 1024))]),
            ("tasks a second" if process == "mining" else "calls a second", [("", rates)])]


def round_up(value):
    """To a number that reads well on an axis."""
    if value <= 0:
        return 1
    unit = 10 ** math.floor(math.log10(value))
    return next(unit * m for m in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if unit * m >= value)


def draw_panel(title, lines, x, y, last):
    top = round_up(max(value for _, points in lines for _, value in points))
    place = lambda minute, value: f"{x + WIDTH * minute / last:.1f},{y + HEIGHT * (1 - value / top):.1f}"
    out = [f'<rect class="shade" x="{x}" y="{y}" width="{WIDTH / 3:.0f}" height="{HEIGHT}"/>',
           f'<path class="axis" d="M{x},{y}V{y + HEIGHT}H{x + WIDTH}M{x},{y}h{WIDTH}"/>',
           f'<text class="title" x="{x}" y="{y - 8}">{title}</text>',
           f'<text class="right" x="{x - 5}" y="{y + 9}">{top:g}</text>',
           f'<text class="right" x="{x - 5}" y="{y + HEIGHT}">0</text>',
           f'<text class="right" x="{x + WIDTH}" y="{y + HEIGHT + 14}">{last:.0f} min</text>']
    used = []
    for kind, (name, points) in zip(("one", "two", "three"), lines):
        points = thinned(points)
        out.append(f'<polyline class="{kind}" points="{" ".join(place(*point) for point in points)}"/>')
        label = y + HEIGHT * (1 - points[-1][1] / top) + 4
        while any(abs(label - other) < 12 for other in used):
            label -= 12
        used.append(label)
        out.append(f'<text class="{kind}" x="{x + WIDTH + 5}" y="{label:.0f}">{name}</text>')
    return out


def draw(curves):
    out, columns, rows = [], len(curves), 0
    for column, (process, samples) in enumerate(curves.items()):
        x = LEFT + column * (LEFT + WIDTH + RIGHT)
        out.append(f'<text class="title" x="{x}" y="16">{process}: {samples[-1]["tasks"]:,.0f} {"tasks" if process == "mining" else "calls"}</text>')
        for row, (title, lines) in enumerate(panels(process, samples)):
            out += draw_panel(title, lines, x, 2 * TOP - 16 + row * (TOP + HEIGHT + BOTTOM - 8), samples[-1]["seconds"] / 60)
            rows = max(rows, row + 1)
    width, height = columns * (LEFT + WIDTH + RIGHT), 2 * TOP - 16 + rows * (TOP + HEIGHT + BOTTOM - 8) - 8
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
                      f"<style>{STYLE}</style>", f'<rect class="paper" width="{width}" height="{height}"/>', *out, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("samples")
    parser.add_argument("out")
    options = parser.parse_args()
    curves = read(options.samples)
    if not curves or any(len(samples) < 2 for samples in curves.values()):
        print(f"{options.samples} has too few samples", file=sys.stderr)
        return 1
    with open(options.out, "w") as file:
        file.write(draw(curves))
    return 0


if __name__ == "__main__":
    sys.exit(main())
