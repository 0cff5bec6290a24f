"""What the judge is trained on: results of the embedded model, good and spoiled, with the score that the rehearsal gives them.

    python ops/nano/judge_data.py --harvest BINARY --out DIR --seconds 240 [--objects 1500]

Draws objects of shapes.py, each from several sides as the rehearsal's pictures are and as the rehearsal's validator knows
it (ops/rehearsal/truth.py), then lets as many processes of judge_harvest (ops/nano/harvest.cpp) as there are processors
make candidates of them. Objects 0 to 63 are the rehearsal's and stay out; 64 to 127 are for judge_train.py's evaluation.
"""
import argparse
import json
import math
import multiprocessing
import os
import pathlib
import random
import struct
import subprocess
import sys
import time
import zlib

import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "reference")]
import fastsdf
import shapes
import world as W
from judge import STEP, VIEWS

EVALUATED, FIRST = range(64, 128), 1000
PICTURES, OTHERS, ALIKE = 5, 12, 4      # of an object: pictures, objects that it is mistaken for, how many of these have its template
SIZE, STRIP_SIDE, STRIP_VIEWS = 384, 96, 8
CAMERA = dict(fov=math.radians(49.1), radius=2.5 * shapes.EXTENT / 1.5)      # the validator's, of an object as it is submitted
PERFECT_FIRST, SHOWN = 1_000_000, 2  # objects that are shown as perfect results, and how many pictures of each


def write_png(path, rgba):
    """u8 [H, W, 4]."""
    h, w, _ = rgba.shape
    rows = torch.cat([torch.zeros(h, 1, dtype=torch.uint8), rgba.reshape(h, -1)], 1).contiguous()
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    data = zlib.compress(rows.numpy().tobytes(), 1)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 6, 0, 0, 0)) + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def halved(rgba):
    """[B, 4, 2 S, 2 S] -> u8 [B, S, S, 4], colours averaged where something is."""
    alpha = torch.nn.functional.avg_pool2d(rgba[:, 3:], 2)
    colour = torch.nn.functional.avg_pool2d(rgba[:, :3] * rgba[:, 3:], 2) / alpha.clamp_min(1e-6)
    return (torch.cat([colour, alpha], 1) * 255 + .5).to(torch.uint8).permute(0, 2, 3, 1)


def repeated(world, n):
    return {k: v.expand(n, *v.shape[1:]).contiguous() for k, v in world.items()}


def centred(world):
    """As an export centres a result: the mean of the voxels at the surface becomes the origin."""
    points = shapes.grid_points(64, "cpu")
    return {**world, "center": world["center"] - points[:, fastsdf.distance(world, points)[0][0].abs() < .75 / 64].mean(1)}


def true_views(world):
    """Of a centred object, as ops/rehearsal/truth.py: plain colours -> u8 [8, 96, 96, 4]."""
    yaw, pitch = torch.arange(STRIP_VIEWS) * (4 * math.pi / 15), torch.full((STRIP_VIEWS,), math.radians(15))
    return halved(traced(world, yaw, pitch, 2 * STRIP_SIDE, **CAMERA))


def draw(task):
    """The files of one object -> its caption."""
    number, out = task
    torch.set_num_threads(1)
    rng = random.Random(number)
    world, words = shapes.make_batch([number], "cpu")
    yaw = torch.tensor([rng.uniform(-.8, .8) for _ in range(PICTURES)])
    pitch = torch.tensor([rng.uniform(.05, .6) for _ in range(PICTURES)])
    for i, picture in enumerate(halved(fastsdf.render(repeated(world, PICTURES), yaw, pitch, 2 * SIZE))):
        write_png(out / f"{number}_{i}.png", picture)
    write_png(out / f"{number}_true.png", true_views(centred(world)).permute(1, 0, 2, 3).reshape(STRIP_SIDE, -1, 4))
    return words[0]


# ------------------------------------------------------------------------------------------------ perfect results

def traced(world, yaw, pitch, size, **camera):
    """As render, in the primitives' plain colours.

    The compiled tracer shades. Its colours are linear in the primitives', so it gets their numbers for colours: blue holds
    none, the ratio of green to red is the number.
    """
    numbers = world["color"].clone()
    numbers[..., 0], numbers[..., 1], numbers[..., 2] = 1, torch.arange(shapes.K) / 16, 0
    rgba = fastsdf.render(repeated({**world, "color": numbers}, len(yaw)), yaw, pitch, size, **camera)
    number = (rgba[:, 1] / rgba[:, 0].clamp_min(1e-6) * 16).round().long().clamp(0, shapes.K - 1)
    return torch.cat([world["color"][0][number].permute(0, 3, 1, 2) * rgba[:, 3:], rgba[:, 3:]], 1)


def validator_pictures(world):
    """The judge's views of a centred object as if it were a perfect result, on white -> u8 [4, 224, 224, 3]."""
    yaw, pitch = torch.arange(VIEWS) * (2 * math.pi * STEP / 15), torch.full((VIEWS,), math.radians(15))
    rgba = torch.nn.functional.avg_pool2d(traced(world, yaw, pitch, 2 * W.IMG, **CAMERA), 2)
    return ((rgba[:, :3] + 1 - rgba[:, 3:]).clamp(0, 1) * 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def framed(views):
    """u8 [B, S, S, 4] -> u8 [B, 64, 64, 4], cut to the square about what is more than half opaque, as miner::agreement does."""
    n, size = len(views), views.shape[1]
    there, first = views[..., 3] >= 128, lambda line: line.float().argmax(1)
    rows, columns = there.any(2), there.any(1)
    y0, y1, x0, x1 = first(rows), size - first(rows.flip(1)), first(columns), size - first(columns.flip(1))
    side = torch.maximum(x1 - x0, y1 - y0)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = side / size
    for axis, (low, high) in enumerate(((x0, x1), (y0, y1))):
        theta[:, axis, 2] = (low - torch.div(side - (high - low), 2, rounding_mode="floor") + side / 2) * 2 / size - 1
    x = views.permute(0, 3, 1, 2).float() / 255
    x = torch.nn.functional.grid_sample(torch.cat([x[:, :3] * x[:, 3:], x[:, 3:]], 1),
                                        torch.nn.functional.affine_grid(theta, (n, 4, 64, 64), align_corners=False), align_corners=False)
    x = torch.cat([x[:, :3] / x[:, 3:].clamp_min(1e-4), x[:, 3:]], 1).clamp(0, 1)
    return (x * 255 + .5).to(torch.uint8).permute(0, 2, 3, 1)


def perfect(task):
    """A file of objects as perfect results would show them: what the judge may see without a generation."""
    numbers, path = task
    torch.set_num_threads(1)
    columns = {"views": [], "pictures": [], "framed": [], "frames": []}
    world, captions = shapes.make_batch(numbers, "cpu")
    rng = torch.Generator().manual_seed(numbers[0])
    to_bytes = lambda x: (x * 255).to(torch.uint8).permute(0, 2, 3, 1)
    for i in range(len(numbers)):
        one = shapes.select(world, slice(i, i + 1))
        one = centred(one)
        columns["framed"].append(framed(true_views(one)))
        yaw = torch.arange(VIEWS) * (2 * math.pi * STEP / 15)
        views = traced(one, yaw, torch.full((VIEWS,), math.radians(15)), W.IMG, **CAMERA)
        there = views[:, 3] > .5
        edges = lambda line: torch.stack([line.float().argmax(1), W.IMG - line.flip(1).float().argmax(1)], 1) / W.IMG
        x, y = edges(there.any(1)), edges(there.any(2))
        columns["frames"].append(torch.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1], there.float().mean((1, 2))], 1))
        columns["views"].append(to_bytes(W.crop(torch.cat([views[:, :3], views[:, 3:]], 1), W.IMG)))
        yaw, pitch = (torch.rand(SHOWN, generator=rng) - .5) * 1.6, torch.rand(SHOWN, generator=rng) * .55 + .05
        columns["pictures"].append(to_bytes(W.crop(fastsdf.render(repeated(one, SHOWN), yaw, pitch, W.IMG), W.IMG)))
    torch.save({**{k: torch.stack(v) for k, v in columns.items()}, "captions": captions,
                "template": torch.tensor([W.template_number(n) for n in numbers])}, path)


def jobs(objects, captions, folder):
    """-> a job an object."""
    template = {n: W.template_number(n) for n in objects}
    rows = []
    for n in objects:
        rng = random.Random(10 ** 6 + n)
        # Those of the evaluation meet one another only.
        known = [m for m in objects if m != n and (m in EVALUATED) == (n in EVALUATED)]
        same = [m for m in known if template[m] == template[n]]
        others = rng.sample(same, min(ALIKE, len(same)))
        others += rng.sample([m for m in known if m not in others], min(OTHERS - len(others), len(known) - len(others)))
        rows.append({"object": n, "caption": captions[n], "picture": f"{folder}/{n}_0.png", "strip": f"{folder}/{n}_true.png", "seed": rng.randrange(1, 10 ** 6),
                     "others": [{"object": m, "strip": f"{folder}/{m}_true.png"} for m in others]})
    return rows


def run_all(commands):
    """At once, one thread each; raises when none succeeds."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    processes = [subprocess.Popen([str(c) for c in command], env=environment) for command in commands]
    codes = [p.wait() for p in processes]
    if any(codes):
        print("exit statuses:", codes, flush=True)
    if all(codes):
        raise SystemExit("no process succeeded")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--harvest", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--objects", type=int, default=1500)
    parser.add_argument("--perfect", type=int, default=8000, help="objects whose own views stand for a result's")
    parser.add_argument("--evaluated", type=int, default=len(EVALUATED), help="fewer, to try it out")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    a = parser.parse_args()
    began = time.time()
    folder = a.out / "objects"
    folder.mkdir(parents=True, exist_ok=True)
    objects = [*EVALUATED[:a.evaluated], *range(FIRST, FIRST + a.objects)]
    fastsdf.library(False)
    with multiprocessing.get_context("fork").Pool(a.processes) as pool:
        captions = dict(zip(objects, pool.map(draw, [(n, folder) for n in objects], chunksize=2)))
        print(f"{len(objects)} objects drawn, {time.time() - began:.0f} s", flush=True)
        numbers = range(PERFECT_FIRST, PERFECT_FIRST + a.perfect)
        pool.map(perfect, [(numbers[i:i + 50], a.out / f"perfect{i}.pt") for i in range(0, a.perfect, 50)], chunksize=1)
        print(f"{a.perfect} perfect results, {time.time() - began:.0f} s", flush=True)
    rows = jobs(objects, captions, folder)
    paths = [f"{folder}/{n}_{i}.png" for n in objects for i in range(PICTURES)]
    parts = [paths[i * len(paths) // a.processes:(i + 1) * len(paths) // a.processes] for i in range(a.processes)]
    for i, part in enumerate(parts):
        (a.out / f"list{i}").write_text("".join(p + "\n" for p in part))
        (a.out / f"jobs{i}").write_text("".join(json.dumps(row) + "\n" for row in rows[i::a.processes]))
    run_all([[a.harvest, "pictures", a.out / f"list{i}", a.out / f"pictures{i}"] for i in range(a.processes)])
    with (a.out / "pictures").open("wb") as whole:
        for i in range(a.processes):
            whole.write((a.out / f"pictures{i}").read_bytes())
            (a.out / f"pictures{i}").unlink()
    (a.out / "objects.json").write_text(json.dumps([{"object": n, "caption": captions[n]} for n in objects]))
    print(f"pictures prepared, {time.time() - began:.0f} s", flush=True)
    run_all([[a.harvest, "jobs", a.out / f"jobs{i}", a.out / f"part{i}", a.seconds] for i in range(a.processes)])
    print(f"harvested, {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
