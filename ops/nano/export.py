"""Write a model folder in the layout of the published TRELLIS checkpoints.

    python ops/nano/export.py DIR        DIR/model from DIR/*.pt, as train.py leaves them
"""
import json
import pathlib
import sys

import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "reference")]
import networks
import world as W

STEPS = {"structure": (8, .5), "latent": (6, 0.)}      # sampler steps and guidance


def sampler(steps, guidance):
    return {"name": "FlowEulerGuidanceIntervalSampler", "args": {"sigma_min": 1e-5},
            "params": {"steps": steps, "cfg_strength": guidance, "cfg_interval": [0.0, 1.0], "rescale_t": 3.0}}


def export(folder, states, tokenizer):
    """states: {file name in ckpts: state dict}; weights are stored in fp16."""
    from safetensors.torch import save_file
    specs = {**networks.CONFIG, "dinov2_nano_reg": ("DinoVisionTransformer", networks.VIT),
             "clip_nano": ("CLIPTextModel", dict(vocab_size=len(tokenizer.id), **networks.TEXT))}
    for sub in ("ckpts", "tokenizer"):
        (folder / sub).mkdir(parents=True, exist_ok=True)
    for name, (cls, args) in specs.items():
        save_file({k: v.detach().half().cpu().contiguous() for k, v in states[name].items()}, folder / f"ckpts/{name}.safetensors")
        (folder / f"ckpts/{name}.json").write_text(json.dumps({"name": cls, "args": args}, indent=1))
    (folder / "tokenizer/vocab.json").write_text(json.dumps(tokenizer.id, ensure_ascii=False))
    (folder / "tokenizer/merges.txt").write_text("#version: 0.2\n" + "".join(" ".join(m) + "\n" for m in tokenizer.merges))
    common = {"models": {"sparse_structure_flow_model": "ckpts/ss_flow", "sparse_structure_decoder": "ckpts/ss_dec",
                         "slat_flow_model": "ckpts/slat_flow", "slat_decoder_gs": "ckpts/slat_dec_gs"},
              "sparse_structure_sampler": sampler(*STEPS["structure"]), "slat_sampler": sampler(*STEPS["latent"]), "slat_normalization": W.NORM}
    for file, name, encoder in (("pipeline", "TrellisImageTo3DPipeline", {"image_cond_model": "ckpts/dinov2_nano_reg"}),
                                ("text_pipeline", "TrellisTextTo3DPipeline", {"text_cond_model": "ckpts/clip_nano"})):
        (folder / f"{file}.json").write_text(json.dumps({"name": name, "args": {**common, **encoder}}, indent=1))
    print("exported", sum(f.stat().st_size for f in (folder / "ckpts").iterdir()) // 1024, "KiB", flush=True)


def from_run(out, tokenizer):
    load = lambda stage: torch.load(out / f"{stage}.pt", map_location="cpu")
    if not all((out / f"{stage}.pt").exists() for stage in ("occupancy", "gaussians", "flows")):
        return
    flows = load("flows")
    export(out / "model", {"ss_dec": load("occupancy")["decoder"], "slat_dec_gs": load("gaussians")["decoder"], "ss_flow": flows["ss_flow"],
                           "slat_flow": flows["slat_flow"], "dinov2_nano_reg": flows["vit"], "clip_nano": flows["text"]}, tokenizer)


if __name__ == "__main__":
    from_run(pathlib.Path(sys.argv[1]), W.tokenizer())
