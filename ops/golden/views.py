"""What TRELLIS makes of two pictures at once, for tests/golden/views.safetensors.

    python ops/golden/views.py

The model and the first picture are those of tests/golden/tiny; the second picture is the first mirrored. TRELLIS's
multi-image modes, in its own words: stochastic takes the pictures in turn, one a step; multidiffusion averages their
velocities at every step. Only every 101st Gaussian is kept. Needs torch and safetensors.
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parents[1] / "tests/golden"
sys.path.insert(0, str(HERE.parent / "reference"))
import trellis

SEED, EVERY = 7, 101


def velocity(flow, conds, mode):
    """-> function of (x, t, condition): `condition` is None for guidance's other branch."""
    step = {}

    def one(x, t, cond):
        return flow(x, torch.tensor([t], dtype=torch.float32), cond)

    def call(x, t, cond):
        if cond is None:
            return one(x, t, torch.zeros_like(conds[0]))
        if mode == "averaged":
            return sum(one(x, t, c) for c in conds) / len(conds)
        return one(x, t, conds[step.setdefault(t, len(step)) % len(conds)])
    return call


@torch.no_grad()
def main():
    models, params = trellis.load(GOLDEN / "tiny")
    spec = json.loads((GOLDEN / "tiny/ckpts/dinov2_tiny_reg.json").read_text())["args"]
    encoder = trellis.DinoV2(**spec)
    encoder.load_state_dict({k: v.float() for k, v in load_file(GOLDEN / "tiny/ckpts/dinov2_tiny_reg.safetensors").items()})
    picture = load_file(GOLDEN / "tiny/golden.safetensors")["image_u8_hwc"]
    mean, deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in (trellis.IMAGENET_MEAN, trellis.IMAGENET_STD))
    conds = [encoder.eval().condition((p.permute(2, 0, 1)[None].float() / 255 - mean) / deviation) for p in (picture, picture.flip(1))]
    flow, slat_flow = models["sparse_structure_flow_model"], models["slat_flow_model"]
    kept = {}
    for mode in ("stochastic", "averaged"):
        torch.manual_seed(SEED)
        z = torch.randn(1, flow.input_layer.in_features // flow.p ** 3, flow.res, flow.res, flow.res)
        z = trellis.sample(velocity(flow, conds, mode), z, True, None, **params["sparse_structure_sampler"]["params"])
        coords = trellis.active_voxels(models["sparse_structure_decoder"](z))
        noise = torch.randn(len(coords), slat_flow.input_layer.in_features)
        base = trellis.Sparse.of(coords, noise)
        features = velocity(lambda x, t, c: slat_flow(base.with_feats(x), t, c).feats, conds, mode)
        s = trellis.sample(features, noise, True, None, **params["slat_sampler"]["params"])
        norm = params["slat_normalization"]
        g = models["slat_decoder_gs"](base.with_feats(s * torch.tensor(norm["std"]) + torch.tensor(norm["mean"])))
        kept[mode + ".voxels"] = torch.tensor([len(coords)])
        kept[mode + ".xyz"], kept[mode + ".opacity"] = g.xyz[::EVERY].contiguous(), g.opacity[::EVERY].contiguous()
        print(mode, len(coords), len(kept[mode + ".xyz"]))
    save_file(kept, GOLDEN / "views.safetensors")


if __name__ == "__main__":
    main()
