"""What the networks are trained on: pictures, latents and surfaces of the objects of shapes.py, and the tokenizer.

The two latents are analytic, so that no encoder has to be learned. Structure: tanh(signed distance / TRUNCATION) on a 32^3
grid, the 8 samples of each 2x2x2 cell in a Haar basis. Latent of a voxel: colour, normal, signed distance in voxels, one
unused channel.
"""
import math
import os
import re
from collections import Counter

import torch
import torch.nn.functional as F

import fastsdf
import shapes
import trellis

RES, IMG, TRUNCATION = 64, 224, .1
HELD_OUT = 64                          # objects 0 to 63 are never trained on
# structured latent: raw = normalised * std + mean
NORM = {"mean": [.5, .5, .5, 0., 0., 0., 0., 0.], "std": [.33, .33, .33, .58, .58, .58, .43, 1.]}
_h = torch.tensor([[1., 1.], [1., -1.]]) / math.sqrt(2)
HAAR = torch.einsum("ai,bj,ck->abcijk", _h, _h, _h).reshape(8, 8)


class Tokenizer:
    """Byte-level BPE with end-of-word marks, as CLIP's; a small vocabulary learned from captions."""

    def __init__(self, captions):
        count = Counter(w for c in captions for w in self.split(c))
        base = [chr(c) for c in [*range(33, 127), *range(161, 173), *range(174, 256)]]
        base += [chr(256 + n) for n in range(256 - len(base))]
        self.merges, self.words = [], {w: [*w[:-1], w[-1] + "</w>"] for w in count}
        for _ in range(600):
            pairs = Counter()
            for word, parts in self.words.items():
                for pair in zip(parts, parts[1:]):
                    pairs[pair] += count[word]
            if not pairs:
                break
            best = max(pairs, key=lambda p: (pairs[p], p))
            self.merges.append(best)
            for parts in self.words.values():
                i = 0
                while i < len(parts) - 1:
                    if (parts[i], parts[i + 1]) == best:
                        parts[i:i + 2] = [parts[i] + parts[i + 1]]
                    else:
                        i += 1
        vocabulary = base + [c + "</w>" for c in base] + ["".join(m) for m in self.merges] + ["<|startoftext|>", "<|endoftext|>"]
        self.id = {v: i for i, v in enumerate(vocabulary)}

    @staticmethod
    def split(caption):
        return re.findall(r"[a-z]+|[0-9]|[^\sa-z0-9]+", caption)

    def __call__(self, caption):
        ids = [self.id[t] for w in self.split(caption) for t in self.words[w]][:75]
        return [self.id["<|startoftext|>"], *ids] + [self.id["<|endoftext|>"]] * (76 - len(ids))


def tokenizer():
    """The one of the embedded model: learned from the first 20,000 captions."""
    return Tokenizer(shapes.pack(range(20000))[1])


def template_number(seed):
    """Which of shapes.TEMPLATES object `seed` is."""
    import random
    return shapes.TEMPLATES.index(random.Random(seed).choice(shapes.TEMPLATES))


def _pack(seeds):
    arrays, words = shapes.pack(seeds)
    return arrays, words, [template_number(s) for s in seeds]


class Objects:
    """Many objects on a device, made by all processors at once: geometry, captions' tokens, template numbers.

    Build it before CUDA is touched: it forks.
    """

    def __init__(self, first, count, tokens):
        import multiprocessing
        import numpy as np
        jobs = [range(i, min(i + 2000, first + count)) for i in range(first, first + count, 2000)]
        with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
            parts = pool.map(_pack, jobs)
        self.world = {k: torch.from_numpy(np.concatenate([p[0][k] for p in parts])) for k in parts[0][0]}
        self.tokens = torch.tensor([tokens(w) for p in parts for w in p[1]])
        self.label = torch.tensor([n for p in parts for n in p[2]])
        self.count = count

    def to(self, device):
        self.world = {k: v.to(device) for k, v in self.world.items()}
        self.tokens, self.label = self.tokens.to(device), self.label.to(device)
        return self

    def pick(self, n):
        """n of them at random -> geometry, tokens [n, 77], template numbers [n]."""
        index = torch.randint(self.count, (n,), device=self.label.device)
        return shapes.select(self.world, index), self.tokens[index], self.label[index]


# ------------------------------------------------------------------------------------------------ targets

def structure(world):
    """Structure latent before normalisation, [B, 8, 16, 16, 16]."""
    n, device = len(world["kind"]), world["kind"].device
    d = torch.tanh(fastsdf.distance(world, shapes.grid_points(32, device).expand(n, -1, -1))[0] / TRUNCATION)
    cells = d.reshape(n, 16, 2, 16, 2, 16, 2).permute(0, 2, 4, 6, 1, 3, 5).reshape(n, 8, 4096)
    return (HAAR.to(device) @ cells).reshape(n, 8, 16, 16, 16)


def occupancy(world):
    """bool [B, 64, 64, 64]."""
    return shapes.voxelise(world, RES, fastsdf.distance)


def norm(device):
    return torch.tensor(NORM["mean"], device=device), torch.tensor(NORM["std"], device=device)


def surface(world, occupied):
    """Active voxels of a batch -> (Sparse with the normalised latent, each voxel's number within its object)."""
    coords = torch.argwhere(occupied)
    n = torch.bincount(coords[:, 0], minlength=len(occupied))
    slot = torch.arange(len(coords), device=coords.device) - (n.cumsum(0) - n)[coords[:, 0]]
    p = torch.zeros(len(occupied), int(n.max()), 3, device=coords.device)
    p[coords[:, 0], slot] = (coords[:, 1:] + .5) / RES - .5
    d, color = fastsdf.distance(world, p)
    d = d[..., None]
    features = torch.cat([color, shapes.normal(world, p, fastsdf.distance), d * RES, torch.zeros_like(d)], -1)
    mean, std = norm(coords.device)
    return trellis.Sparse.of(coords, (features[coords[:, 0], slot] - mean) / std), slot


# ------------------------------------------------------------------------------------------------ pictures

def crop(rgba, size):
    """Centre the object: square box of 1.2 x its extent, resized, alpha premultiplied -> [B, 3, size, size]."""
    n, _, h, w = rgba.shape
    seen = rgba[:, 3] > .8
    first = lambda line: line.float().argmax(1)
    rows, columns = seen.any(2), seen.any(1)
    y0, y1, x0, x1 = first(rows), h - 1 - first(rows.flip(1)), first(columns), w - 1 - first(columns.flip(1))
    theta = torch.zeros(n, 2, 3, device=rgba.device)
    theta[:, 0, 0] = theta[:, 1, 1] = torch.maximum(x1 - x0, y1 - y0).float() * 1.2 / w
    theta[:, 0, 2], theta[:, 1, 2] = (x0 + x1 + 1).float() / w - 1, (y0 + y1 + 1).float() / h - 1
    flat = torch.cat([rgba[:, :3] * rgba[:, 3:], rgba[:, 3:]], 1)
    return F.grid_sample(flat, F.affine_grid(theta, (n, 4, size, size), align_corners=False), align_corners=False)[:, :3]


def pictures(world):
    """Each object from the front half: yaw within 46 degrees, 3 to 34 degrees from above."""
    n, device = len(world["kind"]), world["kind"].device
    yaw, pitch = (torch.rand(n, device=device) - .5) * 1.6, torch.rand(n, device=device) * .55 + .05
    return crop(fastsdf.render(world, yaw, pitch, IMG), IMG)


def augment(x):
    """Sharpness up to 4x, contrast 0.8 to 2.2x, brightness 0.9 to 1.15x, on half of the pictures."""
    n, device = len(x), x.device
    on = (torch.rand(n, 1, 1, 1, device=device) < .5).float()
    factor = lambda a, b: 1 + on * (torch.empty(n, 1, 1, 1, device=device).uniform_(a, b) - 1)
    blur = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
    y = (blur + (x - blur) * factor(1, 4)).clamp(0, 1)
    mean = y.mean((1, 2, 3), keepdim=True)
    return (((y - mean) * factor(.8, 2.2) + mean).clamp(0, 1) * factor(.9, 1.15)).clamp(0, 1)


def normalise(x):
    mean, std = (torch.tensor(v, device=x.device)[None, :, None, None] for v in (trellis.IMAGENET_MEAN, trellis.IMAGENET_STD))
    return (x - mean) / std
