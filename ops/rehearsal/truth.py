"""Renders what the rehearsal's validator knows: the objects behind its pictures and captions, as it would see them.

    python ops/rehearsal/truth.py                           write truth/NNN.png of every object that manifest.json or captions.json names
    python ops/rehearsal/truth.py --check                   compare with the files instead; exit 1 where pixels differ
    python ops/rehearsal/truth.py --out DIR [--fast] N ...  write DIR/NNN.png of these objects of ops/nano/shapes.py, of any number

One PNG an object: RGBA, straight alpha, eight squares of 96 pixels side by side. Square i is view 2 i of the validator's
fifteen (generator/render/camera.hpp: azimuth 48 i degrees, 15 degrees from above, radius 2.5, 49.1 degrees wide), of the
object as it would be submitted: its longest side 1.5, its surface's centre at the origin. Colours are the primitives'
own, without light: what the embedded model's Gaussians are trained to have. miner/rehearsal/truth.hpp reads it.

Each view is traced at twice its size and averaged down. As with make.py's pictures the pixels are the same to the bit on
any x86-64, and --check compares pixels. --fast takes the compiled distance of ops/nano/fastsdf.py, for many objects;
single pixels may differ. Needs torch, numpy and pillow.
"""
import argparse
import json
import math
import sys

import numpy as np
import torch
from PIL import Image

import make
from make import HERE, shapes

SIDE, VIEWS, STEPS = 96, 8, 48
BOX, RADIUS = 1.5, 2.5              # the validator's, in its units
FOV, PITCH = math.radians(49.1), math.radians(15)


def surface_centre(world, distance):
    """[1, 3]: the mean of the voxels at the surface, as an export centres a result."""
    points = shapes.grid_points(64, "cpu")
    return points[:, distance(world, points)[0][0].abs() < .75 / 64].mean(1)


def rays(centre, yaw):
    """Eye [3], directions [Q, 3] of a view at twice the size, and the distance of the eye."""
    radius = RADIUS * shapes.EXTENT / BOX
    back = torch.tensor([math.sin(yaw) * math.cos(PITCH), -math.cos(yaw) * math.cos(PITCH), math.sin(PITCH)])
    right = torch.tensor([math.cos(yaw), math.sin(yaw), 0.])
    up = torch.linalg.cross(back, right)
    s = ((torch.arange(2 * SIDE) + .5) / SIDE - 1) * math.tan(FOV / 2)
    y, x = torch.meshgrid(-s, s, indexing="ij")
    direction = -back + x.reshape(-1, 1) * right + y.reshape(-1, 1) * up
    return centre[0] + radius * back, direction / direction.square().sum(-1, keepdim=True).sqrt(), radius


def trace(world, eye, direction, radius, distance):
    """RGBA [Q, 4] of each ray, alpha 0 or 1. Rays leave once they have arrived, and those that pass the object by never start."""
    t = torch.full(direction.shape[:1], radius - .9)
    along = (eye * direction).sum(-1)
    near = live = (eye.square().sum() - along.square() < .7 ** 2).nonzero()[:, 0]
    for _ in range(STEPS):
        d = distance(world, (eye + t[live, None] * direction[live])[None])[0][0]
        t[live] += d.clamp(-.05, .25) * .9
        live = live[(d.abs() > 5e-4) & (t[live] < radius + .9)]
    rgba = torch.zeros(len(t), 4)
    d, colour = distance(world, (eye + t[near, None] * direction[near])[None])
    hit = (d[0].abs() < 4e-3) & (t[near] < radius + .9)
    rgba[near[hit]] = torch.cat([colour[0, hit], torch.ones(int(hit.sum()), 1)], -1)
    return rgba


def view(world, centre, yaw, distance):
    """RGBA picture [SIDE, SIDE, 4] in bytes."""
    eye, direction, radius = rays(centre, yaw)
    rgba = trace(world, eye, direction, radius, distance)
    rgba = rgba.reshape(SIDE, 2, SIDE, 2, 4).permute(1, 3, 0, 2, 4).reshape(4, SIDE, SIDE, 4)
    alpha = rgba[..., 3:].sum(0)
    colour = (rgba[..., :3] * rgba[..., 3:]).sum(0) / alpha.clamp_min(1)
    return (torch.cat([colour, alpha / 4], -1) * 255 + 0.5).to(torch.uint8)


def strip(number, distance=make.distance):
    """All views of object `number`."""
    world, _ = shapes.make_batch([number], "cpu")
    used = int((world["kind"][0] >= 0).sum())
    world = {key: value[:, :used] for key, value in world.items()}
    centre = surface_centre(world, distance)
    views = [view(world, centre, 2 * math.pi * 2 * i / 15, distance) for i in range(VIEWS)]
    return Image.fromarray(torch.cat(views, 1).contiguous().numpy(), "RGBA")


def compiled():
    """The distance of ops/nano/fastsdf.py, which is built for it."""
    import fastsdf
    return fastsdf.distance


def known():
    """Every object that a rehearsal hands out, and those that its prompts may mean as well."""
    pictures = json.loads((HERE / "manifest.json").read_text())["pictures"]
    captions = json.loads((HERE / "captions.json").read_text())
    return sorted({number for entry in pictures + captions for number in (entry["object"], *entry.get("also", ()))})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("objects", nargs="*", type=int, metavar="OBJECT")
    parser.add_argument("--out", default=str(HERE / "truth"), metavar="DIR")
    parser.add_argument("--check", action="store_true", help="compare with the files, write nothing")
    parser.add_argument("--fast", action="store_true", help="with the compiled distance")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    distance = compiled() if args.fast else make.distance
    faults = 0
    for number in args.objects or known():
        picture, path = strip(number, distance), make.pathlib.Path(args.out) / f"{number:03}.png"
        if args.check:
            same = path.exists() and np.array_equal(np.asarray(picture), np.asarray(Image.open(path)))
            faults += not same
            print(path.name, "same" if same else "differs", flush=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            picture.save(path, optimize=True)
            print(path.name, path.stat().st_size, "bytes", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
