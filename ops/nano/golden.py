"""Golden tensors of one picture and one caption through a model folder: fp16-rounded weights, fp32 arithmetic, on a CPU.

    python ops/nano/golden.py --model generator/nano/model --picture 4 --caption 2 --out tests/golden/nano/golden.safetensors

The networks are reference/trellis.py's own forms. Of the Gaussians and their features only some rows are stored, which
gaussian_index and gs_feats_voxel name.
"""
import argparse
import json
import pathlib
import sys

import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "reference")]
import evaluate
import fastsdf
import shapes
import trellis
import world as W

GAUSSIANS, VOXELS = 8000, 200      # stored at most


def record(r, norm, picture):
    """What trellis.generate returned -> tensors by name; of a caption less."""
    g, coords = r["gaussians"], r["coords"]
    index = torch.arange(0, len(g.opacity), max(1, len(g.opacity) // GAUSSIANS))[:GAUSSIANS]
    raw = (r["slat"] - torch.tensor(norm["mean"])) / torch.tensor(norm["std"])
    out = dict(coords=coords.int(), ss_noise=r["ss_noise"], ss_latent=r["ss_latent"], slat_noise=r["slat_noise"], slat=r["slat"], slat_raw=raw,
               gaussian_index=index.int(), xyz=g.xyz[index], features_dc=g.sh_dc[index][:, None], opacity=g.opacity[index][:, None],
               scaling=g.scale[index], rotation_raw=g.rotation[index], seed=torch.tensor([1], dtype=torch.int32))
    if picture:
        voxel = torch.arange(0, len(coords), max(1, len(coords) // VOXELS))[:VOXELS]
        out.update(ss_logits=r["ss_logits"], gs_feats_voxel=voxel.int(), gs_feats=r["gs_features"][voxel])
    print("picture" if picture else "caption", "voxels", len(coords), "gaussians", len(g.opacity), "stored", len(index), flush=True)
    return out


@torch.no_grad()
def golden(folder, picture, caption):
    model, tokens = evaluate.Model(folder, "cpu"), W.tokenizer()
    vocabulary = json.loads((pathlib.Path(folder) / "tokenizer/vocab.json").read_text())
    if vocabulary != tokens.id:
        raise SystemExit(f"{folder}: the tokenizer is not the one of ops/nano/world.py")
    world, words = shapes.make_batch([picture, caption], "cpu")
    rgba = fastsdf.render(shapes.select(world, slice(0, 1)), torch.tensor([.4]), torch.tensor([.35]), W.IMG)
    pixels = (W.crop(rgba, W.IMG) * 255).round().to(torch.uint8)
    x = W.normalise(pixels.float() / 255)
    condition, t, norm = model.vit.condition(x), torch.tensor([640.]), model.params["slat_normalization"]
    r = trellis.generate(model.networks, model.params, condition, torch.zeros_like(condition), 1)
    out = {"image_u8_hwc": pixels[0].permute(1, 2, 0), "dino_x_prenorm": model.vit(x), "cond": condition, **record(r, norm, True), "ss_flow_t": t,
           "ss_flow_v": model.networks["sparse_structure_flow_model"](r["ss_noise"], t, condition),
           "slat_flow_v": model.networks["slat_flow_model"](trellis.Sparse.of(r["coords"], r["slat_noise"]), t, condition).feats}
    ids, empty = torch.tensor([tokens(words[1])]), torch.tensor([tokens("")])
    read, unread = model.text(ids), model.text(empty)
    said = record(trellis.generate(model.networks, model.params, read, unread, 1), norm, False)
    out.update({"text.ids": ids.int(), "text.neg_ids": empty.int(), "text.cond": read, "text.neg_cond": unread, **{"text." + k: v for k, v in said.items()}})
    return {k: v.contiguous().clone() for k, v in out.items()}, words


def main():
    from safetensors.torch import save_file
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--picture", type=int, default=4, help="number of the object whose picture it is")
    parser.add_argument("--caption", type=int, default=2, help="number of the object whose caption it is")
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    tensors, words = golden(a.model, a.picture, a.caption)
    save_file(tensors, a.out, metadata={"picture": words[0], "caption": words[1],
                                        "note": "gaussian_index lists the stored Gaussians, gs_feats_voxel the voxels stored in gs_feats"})
    print(a.out, a.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
