"""The published image-large architecture with random weights: writes it as a checkpoint, and times reference/trellis.py on it.

    python ops/gpu/reference.py --make DIR [--small]
    python ops/gpu/reference.py --time DIR --voxels 5000,12000 [--runs 5] [--compiled]

Times are medians of warm runs as JSON lines, for the stages of miner bench. Flows and decoders have fp16
weights under autocast, as the reference is run in practice; the picture encoder is in fp32.
"""
import argparse
import json
import pathlib
import statistics
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "reference"))
import trellis

FLOW = dict(resolution=16, in_channels=8, out_channels=8, model_channels=1024, cond_channels=1024, num_blocks=24, num_heads=16,
            mlp_ratio=4, patch_size=1, pe_mode="ape", qk_rms_norm=True, use_fp16=True)
RADIANCE = {"lr": {"_xyz": 1.0, "_features_dc": 1.0, "_opacity": 1.0, "_scaling": 1.0, "_rotation": 0.1}, "perturb_offset": True,
            "voxel_size": 1.5, "num_gaussians": 32, "2d_filter_kernel_size": 0.1, "3d_filter_kernel_size": 9e-4, "scaling_bias": 4e-3,
            "opacity_bias": 0.1, "scaling_activation": "softplus"}
SPECS = {
    "ss_flow": ("SparseStructureFlowModel", FLOW),
    "ss_dec": ("SparseStructureDecoder", dict(out_channels=1, latent_channels=8, num_res_blocks=2, num_res_blocks_middle=2, channels=[512, 128, 32],
                                              use_fp16=True)),
    "slat_flow": ("SLatFlowModel", {**FLOW, "resolution": 64, "patch_size": 2, "num_io_res_blocks": 2, "io_block_channels": [128]}),
    "slat_dec_gs": ("SLatGaussianDecoder", dict(resolution=64, model_channels=768, latent_channels=8, num_blocks=12, num_heads=12, mlp_ratio=4,
                                                attn_mode="swin", window_size=8, use_fp16=True, representation_config=RADIANCE)),
    "dinov2": ("DinoVisionTransformer", dict(embed_dim=1024, depth=24, num_heads=16, img_size=518, patch_size=14, mlp_ratio=4, num_register_tokens=4)),
}
SMALL = {"model_channels": 48, "cond_channels": 48, "num_blocks": 2, "num_heads": 3, "io_block_channels": [12], "channels": [16, 8, 8], "embed_dim": 48, "depth": 2}


VOXELS = 7500


@torch.no_grad()
def show_an_object(flow, decoder, args, device):
    """Sets the decoder's last bias so that some VOXELS of the grid are active: scattered ones, another number for each seed."""
    logits = []
    for _ in range(2):
        side = args["resolution"]
        latent = torch.randn(1, args["in_channels"], side, side, side, device=device)
        if device == "cuda":
            condition = torch.randn(1, 1374, args["cond_channels"], device=device)
            with torch.autocast(device, torch.float16):
                latent = trellis.sample(lambda x, t, c: flow(x, torch.tensor([t], device=device), c).float(), latent, condition,
                                        torch.zeros_like(condition), 12, 5.0, [.5, 1.0], 3.0)
        logits.append(decoder(latent).float().flatten())
    logits = torch.cat(logits).sort(descending=True).values
    decoder.out_layer[2].bias -= logits[len(logits) * VOXELS // 64 ** 3]


def make(folder, small):
    """Random weights as torch initialises them, in fp16."""
    from safetensors.torch import save_file
    device = "cuda" if torch.cuda.is_available() else "cpu"
    (folder / "ckpts").mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    specs = {name: (cls, {k: SMALL.get(k, v) for k, v in args.items()} if small else args) for name, (cls, args) in SPECS.items()}
    with torch.device(device):
        networks = {name: (trellis.DinoV2 if name == "dinov2" else trellis.CLASSES[cls])(**args) for name, (cls, args) in specs.items()}
    show_an_object(networks["ss_flow"], networks["ss_dec"], specs["ss_flow"][1], device)
    for name, (cls, args) in specs.items():
        weights = {k: v.half().cpu().contiguous() for k, v in networks[name].state_dict().items()}
        save_file(weights, folder / f"ckpts/{name}.safetensors")
        (folder / f"ckpts/{name}.json").write_text(json.dumps({"name": cls, "args": args}))
    sampler = lambda low: {"name": "FlowEulerGuidanceIntervalSampler", "args": {"sigma_min": 1e-5},
                           "params": {"steps": 12, "cfg_strength": 5.0, "cfg_interval": [low, 1.0], "rescale_t": 3.0}}
    models = {"sparse_structure_flow_model": "ss_flow", "sparse_structure_decoder": "ss_dec", "slat_flow_model": "slat_flow", "slat_decoder_gs": "slat_dec_gs"}
    args = {"models": {k: "ckpts/" + v for k, v in models.items()}, "sparse_structure_sampler": sampler(.5), "slat_sampler": sampler(.5),
            "slat_normalization": {"mean": [0.] * 8, "std": [1.] * 8}, "image_cond_model": "ckpts/dinov2"}
    (folder / "pipeline.json").write_text(json.dumps({"name": "TrellisImageTo3DPipeline", "args": args}))


def shell(count, device):
    """`count` voxels nearest to a sphere, as miner bench has them up to ties."""
    r = torch.arange(64, dtype=torch.float64)
    grid = torch.stack(torch.meshgrid(r, r, r, indexing="ij"), -1).reshape(-1, 3)
    away = ((grid - 31.5).norm(dim=1) - 25.6).abs()
    coords = grid[away.argsort(stable=True)[:count].sort()[0]].long()
    return torch.cat([torch.zeros(len(coords), 1, dtype=torch.long), coords], 1).to(device)


class Timer:
    def __init__(self, device, runs):
        self.device, self.runs = device, runs

    def __call__(self, name, stage, voxels, work):
        times = []
        for i in range(self.runs + 2):
            self.wait()
            began = time.perf_counter()
            work()
            self.wait()
            times.append((time.perf_counter() - began) * 1e3)
        print(json.dumps({"what": name, "stage": stage, "voxels": voxels, "ms": round(statistics.median(times[2:]), 2)}), flush=True)

    def wait(self):
        if self.device == "cuda":
            torch.cuda.synchronize()


@torch.no_grad()
def measure(folder, sizes, runs, compiled):
    from safetensors.torch import load_file
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.float16 if device == "cuda" else torch.bfloat16
    networks, params = trellis.load(folder, device)
    flow, decoder, latent_flow, gaussians = (networks[k].to(dtype) for k in (
        "sparse_structure_flow_model", "sparse_structure_decoder", "slat_flow_model", "slat_decoder_gs"))
    for network in (flow, decoder, latent_flow, gaussians):
        for module in network.modules():
            if isinstance(module, torch.nn.LayerNorm):
                module.float()
    encoder = trellis.DinoV2(**json.loads((folder / "ckpts/dinov2.json").read_text())["args"]).to(device).eval()
    encoder.load_state_dict({k: v.float() for k, v in load_file(str(folder / "ckpts/dinov2.safetensors")).items()})
    size = encoder.patch_embed["proj"].kernel_size[0] * round((encoder.pos_embed.shape[1] - 1) ** .5)
    picture = torch.randn(1, 3, size, size, device=device)
    timer, name = Timer(device, runs), "compiled" if compiled else "eager"
    condition = encoder.condition(picture)
    noise = torch.randn(1, 8, flow.res, flow.res, flow.res, device=device)
    call = torch.compile(flow) if compiled else flow
    t1 = lambda t: torch.tensor([t], dtype=torch.float32, device=device)
    structure = lambda: trellis.sample(lambda x, t, c: call(x, t1(t), c).float(), noise, condition, torch.zeros_like(condition),
                                       **params["sparse_structure_sampler"]["params"])
    with torch.autocast(device, dtype):
        timer(name, "structure", 0, structure)
        if compiled:
            return
        timer(name, "occupancy", 0, lambda: trellis.active_voxels(decoder(noise)))
        for count in sizes:
            coords = shell(count, device)
            start = torch.randn(len(coords), 8, device=device)

            def latent():
                base = trellis.Sparse.of(coords, start)
                return trellis.sample(lambda x, t, c: latent_flow(base.with_feats(x), t1(t), c).feats.float(), start, condition,
                                      torch.zeros_like(condition), **params["slat_sampler"]["params"])
            timer(name, "latent", len(coords), latent)
            timer(name, "gaussians", len(coords), lambda: [v.cpu() for v in vars(gaussians(trellis.Sparse.of(coords, start))).values()])
    with torch.autocast(device, enabled=False):
        timer(name, "encode", 0, lambda: encoder.condition(picture))
    if device == "cuda":
        print(json.dumps({"what": name, "peak_gib": round(torch.cuda.max_memory_allocated() / 2 ** 30, 2)}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--make", type=pathlib.Path)
    parser.add_argument("--time", type=pathlib.Path)
    parser.add_argument("--small", action="store_true", help="a few channels, to try the script")
    parser.add_argument("--voxels", default="5000,12000")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--compiled", action="store_true", help="the structure flow by torch.compile, and nothing else")
    a = parser.parse_args()
    if a.make:
        make(a.make, a.small)
    if a.time:
        measure(a.time, [int(v) for v in a.voxels.split(",")], a.runs, a.compiled)


if __name__ == "__main__":
    main()
