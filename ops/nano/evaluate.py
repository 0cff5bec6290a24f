"""Measure model folders on held-out objects, side by side: the first is what the others are compared with.

    python ops/nano/evaluate.py MODEL [MODEL ...] [--objects 64] [--painted 16] [--structure 8,0.5] [--latent 6,0] [--json FILE]

For each model, from a picture and from a caption: voxel IoU with the true object, the share of voxels within one of a true
one, and the error of the latent's colour (rms over the three channels, 0..1) on the true voxels of the first --painted
objects. Weights as stored (fp16), arithmetic in fp32.
"""
import argparse
import json
import pathlib
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "reference")]
import fastsdf
import networks
import shapes
import trellis
import world as W

VIEW = (.6, .35)           # held-out objects are seen from yaw within this, at this pitch


class Model:
    """A model folder with both encoders."""

    def __init__(self, folder, device, structure=None, latent=None):
        from safetensors.torch import load_file
        root = pathlib.Path(folder)
        self.networks, self.params = trellis.load(root, device)
        for key, given in (("sparse_structure_sampler", structure), ("slat_sampler", latent)):
            if given:
                steps, guidance = given.split(",")
                self.params[key]["params"].update(steps=int(steps), cfg_strength=float(guidance))

        def encoder(cls, name):
            m = cls(**json.loads((root / f"ckpts/{name}.json").read_text())["args"])
            m.load_state_dict({k: v.float() for k, v in load_file(str(root / f"ckpts/{name}.safetensors")).items()})
            return m.to(device).eval()
        self.vit, self.text = encoder(trellis.DinoV2, "dinov2_nano_reg"), encoder(trellis.ClipText, "clip_nano")

    def see(self, picture):
        """RGB [1, 3, 224, 224] -> condition, unconditional."""
        condition = self.vit.condition(W.normalise(picture))
        return condition, torch.zeros_like(condition)

    def read(self, tokens, caption):
        ids = lambda words: torch.tensor([tokens(words)], device=next(self.text.parameters()).device)
        return self.text(ids(caption)), self.text(ids(""))

    def structure(self, condition, unconditional, seed):
        """-> bool [64, 64, 64]."""
        flow, device = self.networks["sparse_structure_flow_model"], condition.device
        torch.manual_seed(seed)
        noise = torch.randn(1, flow.input_layer.in_features // flow.p ** 3, flow.res, flow.res, flow.res).to(device)
        velocity = lambda x, t, c: networks.structure_flow(flow, x, torch.tensor([t], device=device), c)
        z = sample(velocity, noise, condition, unconditional, self.params["sparse_structure_sampler"]["params"])
        return self.networks["sparse_structure_decoder"](z)[0, 0] > 0

    def latent(self, x, condition, unconditional, seed):
        """Normalised latent on the voxels of x."""
        flow, device = self.networks["slat_flow_model"], condition.device
        torch.manual_seed(seed)
        noise = torch.randn(x.feats.shape).to(device)
        velocity = lambda f, t, c: networks.latent_flow(flow, x.with_feats(f), torch.tensor([t], device=device), c)
        return sample(velocity, noise, condition, unconditional, self.params["slat_sampler"]["params"])


def sample(velocity, noise, condition, unconditional, params):
    """trellis.sample, without the second branch where guidance is nought."""
    if params["cfg_strength"] == 0:
        params = {**params, "cfg_interval": [2., 3.]}
    return trellis.sample(velocity, noise, condition, unconditional, **params)


def held_out(count, device):
    """-> geometry, captions, pictures, occupancy."""
    world, words = shapes.make_batch(range(count), device)
    yaw = torch.linspace(-VIEW[0], VIEW[0], 8, device=device).repeat(-(-count // 8))[:count]
    rgba = fastsdf.render(world, yaw, torch.full((count,), VIEW[1], device=device), W.IMG)
    return world, words, W.crop(rgba, W.IMG), W.occupancy(world)


def overlap(got, want):
    """-> IoU, share of `got` within one voxel of `want`."""
    near = F.max_pool3d(want[None, None].float(), 3, 1, 1)[0, 0] > 0
    return ((got & want).sum() / (got | want).sum()).item(), ((got & near).sum() / got.sum().clamp_min(1)).item()


@torch.no_grad()
def measure(model, objects, painted, tokens):
    world, words, pictures, occupied = objects
    _, std = W.norm(pictures.device)
    rows = {key: [] for key in ("picture", "caption", "picture colour", "caption colour")}
    began = time.time()
    for i, want in enumerate(occupied):
        for kind, (condition, unconditional) in (("picture", model.see(pictures[i:i + 1])), ("caption", model.read(tokens, words[i]))):
            got = model.structure(condition, unconditional, 1)
            rows[kind].append((*overlap(got, want), got.sum().item(), want.sum().item()))
            if i < painted:
                x, _ = W.surface(shapes.select(world, slice(i, i + 1)), want[None])
                error = (model.latent(x, condition, unconditional, 1) - x.feats)[:, :3] * std[:3]
                rows[kind + " colour"].append(error.square().mean().sqrt().item())
    result = {"seconds": time.time() - began}
    for kind in ("picture", "caption"):
        iou, near, got, want = np.array(rows[kind]).T
        result[kind] = {"iou": iou.mean(), "iou_median": np.median(iou), "iou_worst": iou.min(), "iou_best": iou.max(), "within_one": near.mean(),
                        "voxels": got.mean(), "true_voxels": want.mean(), "sparse": (got < 4688).mean(), "true_sparse": (want < 4688).mean(),
                        "colour": np.mean(rows[kind + " colour"])}
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--objects", type=int, default=W.HELD_OUT)
    parser.add_argument("--painted", type=int, default=16)
    parser.add_argument("--structure", help="steps,guidance in place of pipeline.json's")
    parser.add_argument("--latent", help="likewise")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    objects, tokens = held_out(a.objects, a.device), W.tokenizer()
    results = {m: measure(Model(m, a.device, a.structure, a.latent), objects, a.painted, tokens) for m in a.models}
    for model, result in results.items():
        for kind in ("picture", "caption"):
            print(f"{model} by {kind}: " + ", ".join(f"{k} {v:.3f}" for k, v in result[kind].items()), flush=True)
        print(f"  {result['seconds']:.0f} s")
    first, *others = results.values()
    for model, result in zip(a.models[1:], others):
        better = all(result[k]["iou"] > first[k]["iou"] and result[k]["colour"] < first[k]["colour"] for k in ("picture", "caption"))
        print(f"{model} is {'better in all' if better else 'not better in all'}")
    if a.json:
        a.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
