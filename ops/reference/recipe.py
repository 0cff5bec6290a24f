"""The miner's recipe up to the structure in Python: Pillow's enhancement, TRELLIS's crop, the networks of trellis.py.

What the miner does in C++ is compared with this: counts of voxels by ops/rehearsal/make.py, times by
ops/bench/reference.py. Everything is fp32 on the CPU. Needs torch, numpy, pillow and safetensors.
"""
import json
import pathlib

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageFilter

import trellis

GATE_GAUSSIANS, FLOOR_GAUSSIANS = 150_000, 7_000   # defaults of gate.min_gaussians and gate.floor
CHAINS = {"standard": ["sharpness:3.5", "contrast:1.8"],
          "extreme": ["sharpness:5.0", "contrast:2.5", "edge_enhance", "brightness:1.1"]}
NAMES = {"sharpness": ImageEnhance.Sharpness, "contrast": ImageEnhance.Contrast, "brightness": ImageEnhance.Brightness,
         "edge_enhance": ImageFilter.EDGE_ENHANCE}


def enhance(picture, chain):
    """Apply the operations of a chain ("name:factor" or "name") to an RGBA picture, in order."""
    for operation in CHAINS[chain]:
        name, _, factor = operation.partition(":")
        picture = NAMES[name](picture).enhance(float(factor)) if factor else picture.filter(NAMES[name])
    return picture


def prepare(picture, size):
    """TRELLIS's own crop of a cut-out picture -> RGB uint8 [size, size, 3], premultiplied and truncated."""
    rows, columns = np.nonzero(np.asarray(picture)[..., 3] > 0.8 * 255)
    x0, x1, y0, y1 = (int(v) for v in (columns.min(), columns.max(), rows.min(), rows.max()))
    half = int(max(x1 - x0, y1 - y0) * 1.2) // 2
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    cropped = picture.crop((x - half, y - half, x + half, y + half)).resize((size, size), Image.Resampling.LANCZOS)
    pixels = np.asarray(cropped).astype(np.float32) / 255
    return (pixels[..., :3] * pixels[..., 3:] * 255).astype(np.uint8)


class Model:
    """A checkpoint folder in the published layout whose picture encoder is kept among its ckpts."""

    def __init__(self, folder):
        from safetensors.torch import load_file
        root = pathlib.Path(folder)
        self.networks, self.params = trellis.load(root)
        path = self.params["image_cond_model"]
        spec = json.loads((root / (path + ".json")).read_text())["args"]
        self.encoder = trellis.DinoV2(**spec)
        self.encoder.load_state_dict({k: v.float() for k, v in load_file(str(root / (path + ".safetensors"))).items()})
        self.encoder.eval()
        self.picture_size = spec["img_size"]
        self.gaussians_per_voxel = self.networks["slat_decoder_gs"].rep["num_gaussians"]

    @torch.no_grad()
    def condition(self, pixels):
        """RGB uint8 [size, size, 3] -> tokens [1, L, C]."""
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (trellis.IMAGENET_MEAN, trellis.IMAGENET_STD))
        x = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255
        return self.encoder.condition((x - mean) / std)

    def noise(self, seed):
        """The structure's noise [1, C, R, R, R]; leaves torch's generator where the latent's noise begins."""
        flow = self.networks["sparse_structure_flow_model"]
        torch.manual_seed(seed)
        return torch.randn(1, flow.input_layer.in_features // flow.p ** 3, flow.res, flow.res, flow.res)

    @torch.no_grad()
    def structure(self, condition, noise):
        """-> dense latent [1, C, R, R, R]."""
        flow = self.networks["sparse_structure_flow_model"]
        return trellis.sample(lambda x, t, c: flow(x, torch.tensor([t], dtype=torch.float32), c), noise, condition,
                              torch.zeros_like(condition), **self.params["sparse_structure_sampler"]["params"])

    @torch.no_grad()
    def voxels(self, latent):
        """-> active voxels int64 [N, 4]."""
        return trellis.active_voxels(self.networks["sparse_structure_decoder"](latent))

    @torch.no_grad()
    def latent(self, voxels, condition):
        """Draws the latent's noise from torch's generator -> structured latent (trellis.Sparse)."""
        flow = self.networks["slat_flow_model"]
        noise = torch.randn(len(voxels), flow.input_layer.in_features)
        base = trellis.Sparse.of(voxels, noise)
        features = trellis.sample(
            lambda x, t, c: flow(base.with_feats(x), torch.tensor([t], dtype=torch.float32), c).feats, noise,
            condition, torch.zeros_like(condition), **self.params["slat_sampler"]["params"])
        norm = self.params["slat_normalization"]
        return base.with_feats(features * torch.tensor(norm["std"]) + torch.tensor(norm["mean"]))

    @torch.no_grad()
    def gaussians(self, latent):
        """-> trellis.Gaussians."""
        return self.networks["slat_decoder_gs"](latent)


def outcome(standard, extreme, gaussians_per_voxel):
    """What gate and retry make of both attempts' voxels, in the words of the miner's verdicts."""
    first, second = standard * gaussians_per_voxel, extreme * gaussians_per_voxel
    if first >= GATE_GAUSSIANS:
        return "passed"
    if second >= GATE_GAUSSIANS:
        return "retry_passed"
    return "retry_improved" if second > first and second >= FLOOR_GAUSSIANS else "rejected"
