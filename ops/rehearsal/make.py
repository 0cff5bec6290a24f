"""Renders the pictures of the rehearsal from the embedded model's own toy world, and counts what becomes of them.

    python ops/rehearsal/make.py [FILE ...]         write every picture that manifest.json lists, or those named
    python ops/rehearsal/make.py --check            compare with the files instead; exit 1 where pixels differ
    python ops/rehearsal/make.py --count [MODEL]    fill manifest.json's voxel counts, with the model in folder MODEL

The objects are seeds 0 to 63 of ops/nano/shapes.py, which the model never saw in training, viewed as in training: from
the front half (yaw within 46 degrees), 3 to 34 degrees from above. A rehearsal hands the pictures out in the order of
their names. They were chosen so that with seed 1 the first twelve show every outcome of gate and retry, most of them
pass, and outcomes hold for the seeds 1 to 4 where that could be had; `outcomes` in manifest.json says which do not.
Objects that are new to the list need their true views, too: truth.py.

Each picture is traced at twice its size and averaged down, RGBA, straight alpha, black where nothing is. Only
additions, multiplications, divisions and square roots are involved, besides the sine and cosine of the view: with torch
2.11 on x86-64 the pixels are the same to the bit, whatever the vector units (tried with torch's plain, AVX2 and AVX-512
code) and the number of threads; elsewhere single pixels may differ by 1. The bytes of the PNG
files also depend on Pillow's zlib, so --check compares pixels. Needs torch, numpy and pillow; --count also
safetensors. The counts are fp32 on a CPU; another processor may move them by a voxel or two.
"""
import argparse
import json
import pathlib
import sys

import numpy as np
import torch
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "nano"), str(HERE.parent / "reference")]
import shapes

SEEDS = (1, 2, 3, 4)
POINTS_AT_ONCE = 1 << 15   # keeps the temporaries of one distance within the cache


def distance(world, points):
    """shapes.distance of one object, sooner: in pieces, and only for points that may be within a step of it.

    Every object fits into a cube of side 0.8, hence into a ball of radius 0.7; rays step by 0.25 at most.
    """
    near = (points[0].square().sum(-1) < 1).nonzero()[:, 0]
    away, colour = torch.ones(1, points.shape[1]), torch.zeros_like(points)
    for index in near.split(POINTS_AT_ONCE):
        away[:, index], colour[:, index] = shapes.distance(world, points[:, index])
    return away, colour


def render(entry, size):
    """One entry of the manifest -> RGBA picture, size x size."""
    world, words = shapes.make_batch([entry["object"]], "cpu")
    if words[0] != entry["caption"]:
        raise SystemExit(f"{entry['file']}: object {entry['object']} is {words[0]}, not {entry['caption']}")
    used = int((world["kind"][0] >= 0).sum())
    world = {key: value[:, :used] for key, value in world.items()}
    yaw, pitch = torch.tensor([entry["yaw"]]), torch.tensor([entry["pitch"]])
    rgba = shapes.render(world, yaw, pitch, 2 * size, distance)[0]
    quads = rgba.reshape(4, size, 2, size, 2).permute(0, 1, 3, 2, 4).reshape(4, size, size, 4)
    alpha = quads[3].sum(-1)
    colour = (quads[:3] * quads[3]).sum(-1) / alpha.clamp_min(1)
    pixels = torch.cat([colour, alpha[None] / 4]) * 255
    return Image.fromarray((pixels + 0.5).to(torch.uint8).permute(1, 2, 0).contiguous().numpy(), "RGBA")


def count(manifest, model):
    """Voxels of both attempts with each seed, and the outcomes that follow, into the manifest."""
    import recipe
    model = recipe.Model(model)
    for entry in manifest["pictures"]:
        picture = Image.open(HERE / entry["file"])
        for chain in recipe.CHAINS:
            condition = model.condition(recipe.prepare(recipe.enhance(picture, chain), model.picture_size))
            entry[chain] = [len(model.voxels(model.structure(condition, model.noise(s)))) for s in SEEDS]
        entry["outcomes"] = [recipe.outcome(a, b, model.gaussians_per_voxel)
                             for a, b in zip(entry["standard"], entry["extreme"])]
        print(entry["file"], entry["standard"], entry["extreme"], *entry["outcomes"], flush=True)
    manifest["seeds"] = list(SEEDS)
    manifest["gate_voxels"] = -(-recipe.GATE_GAUSSIANS // model.gaussians_per_voxel)


def write(manifest):
    """One line a picture, so that a change is seen at a glance."""
    head = {key: value for key, value in manifest.items() if key != "pictures"}
    lines = ",\n".join("  " + json.dumps(entry) for entry in manifest["pictures"])
    (HERE / "manifest.json").write_text(f"{json.dumps(head)[:-1]}, \"pictures\": [\n{lines}\n]}}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="*", metavar="FILE", help="only these, as manifest.json names them")
    parser.add_argument("--check", action="store_true", help="compare with the files, write nothing")
    parser.add_argument("--count", metavar="MODEL", nargs="?", const=str(HERE.parent.parent / "generator/nano/model"),
                        help="count voxels with the model of this folder; the embedded one by default")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    manifest = json.loads((HERE / "manifest.json").read_text())
    if args.count:
        count(manifest, args.count)
        return write(manifest)
    faults = 0
    for entry in manifest["pictures"]:
        if args.files and entry["file"] not in args.files:
            continue
        picture, path = render(entry, manifest["size"]), HERE / entry["file"]
        if args.check:
            difference = np.abs(np.asarray(picture).astype(int) - np.asarray(Image.open(path)).astype(int))
            faults += bool(difference.any())
            print(path.name, "same" if not difference.any() else
                  f"{(difference > 0).any(-1).sum()} pixels differ, by at most {difference.max()}", flush=True)
        else:
            picture.save(path, optimize=True)
            print(path.name, path.stat().st_size, "bytes", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
