"""Times the Python counterpart of every generator stage: eager PyTorch in fp32 on the CPU, and Pillow.

    python ops/bench/reference.py [--model FOLDER] [--picture FILE.png] [--repeats 5] [--out times.json]

Rows carry the names of the C++ benchmarks, so that ops/bench/compare.py can lay both side by side:
    decode                              Pillow's reader
    enhance_standard, enhance_extreme   Pillow's enhancers on the picture
    prepare                             crop, Lanczos, premultiply (Pillow and numpy)
    encode structure occupancy latent gaussians   the networks, from ops/reference/trellis.py
    write                               PLY of what came out, from which the pipelines' library would pack SPZ
    ply_write_500k                      PLY as the published implementation writes it: a tuple a Gaussian
    sign sign_1mb verify                py-sr25519-bindings, as the Bittensor SDK signs; left out when not installed
    metadata_parse metagraph_decode     bt-decode, as the Bittensor SDK reads the chain; left out when not installed
The other rows of the C++ table have no counterpart here. Needs torch, numpy, pillow and safetensors.
"""
import argparse
import gzip
import importlib.metadata
import io
import json
import pathlib
import platform
import statistics
import sys
import time

import numpy as np
import torch
from PIL import Image, __version__ as pillow_version

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "reference")]
import machine
import recipe

try:
    import sr25519
except ImportError:
    sr25519 = None

try:
    import bt_decode
except ImportError:
    bt_decode = None

RECORDINGS = ROOT / "tests/vectors/chain"
PLY_FIELDS = ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1",
              "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"]


def write_ply(columns):
    """[M, 17] float32 -> bytes, row by row through tuples, as TRELLIS's save_ply does."""
    rows = np.empty(len(columns), dtype=[(name, "f4") for name in PLY_FIELDS])
    rows[:] = list(map(tuple, columns))
    head = ["ply", "format binary_little_endian 1.0", f"element vertex {len(rows)}"]
    out = io.BytesIO()
    out.write("\n".join(head + [f"property float {name}" for name in PLY_FIELDS] + ["end_header\n"]).encode())
    out.write(rows.tobytes())
    return out.getbuffer()


class Clock:
    """Milliseconds of each named step: one run to warm up, then `repeats` that count."""

    def __init__(self, repeats):
        self.repeats, self.rows = repeats, {}

    def __call__(self, name, step, repeats=None):
        result, times = step(), []
        for _ in range(repeats or self.repeats):
            start = time.perf_counter()
            step()
            times.append((time.perf_counter() - start) * 1e3)
        self.rows[name] = {"median_ms": round(statistics.median(times), 4), "min_ms": round(min(times), 4),
                           "runs": len(times)}
        print(f"{name:18s} {self.rows[name]['median_ms']:12.3f} ms", file=sys.stderr, flush=True)
        return result


def sign(clock, repeats):
    """A call to a validator, and the consent to the licence with a prompt of 1 MB in it."""
    pair = sr25519.pair_from_seed(bytes(range(32)))
    call, consent = b"1764000000123456789." + b"5" * 180, b"A" * 1_000_000
    signature = clock("sign", lambda: sr25519.sign(pair, call), 100 * repeats)
    clock("sign_1mb", lambda: sr25519.sign(pair, consent), 10 * repeats)
    clock("verify", lambda: sr25519.verify(signature, call, pair[0]), 100 * repeats)


def read_chain(clock, repeats):
    """A runtime's metadata, and everybody on a subnet of 1024 with their stakes."""
    packed = bytes.fromhex(gzip.open(RECORDINGS / "metadata_v15_opaque.hex.gz", "rt").read().strip().removeprefix("0x"))
    calls = json.load(gzip.open(RECORDINGS / "metagraph.json.gz"))["state_call"]
    metadata = clock("metadata_parse", lambda: bt_decode.MetadataV15.decode_from_metadata_option(packed), 10 * repeats)
    types = bt_decode.PortableRegistry.from_metadata_v15(metadata)
    outputs = {f"{api['name']}_{method['name']}": method["output"]
               for api in json.loads(metadata.to_json())["apis"] for method in api["methods"]}
    answers = []
    for name in ("NeuronInfoRuntimeApi_get_neurons_lite", "SubnetInfoRuntimeApi_get_subnet_state"):
        result = next(answer["result"] for call, answer in calls.items() if name in call)
        answers.append((f"scale_info::{outputs[name]}", bytes.fromhex(result.removeprefix("0x"))))
    clock("metagraph_decode", lambda: [bt_decode.decode(kind, types, answer) for kind, answer in answers], repeats)


def measure(args):
    file, model, clock = pathlib.Path(args.picture).read_bytes(), recipe.Model(args.model), Clock(args.repeats)
    picture = clock("decode", lambda: Image.open(io.BytesIO(file)).convert("RGBA"), 10 * args.repeats)
    enhanced = clock("enhance_standard", lambda: recipe.enhance(picture, "standard"), 10 * args.repeats)
    clock("enhance_extreme", lambda: recipe.enhance(picture, "extreme"), 10 * args.repeats)
    pixels = clock("prepare", lambda: recipe.prepare(enhanced, model.picture_size), 10 * args.repeats)
    condition = clock("encode", lambda: model.condition(pixels), 5 * args.repeats)
    noise = model.noise(args.seed)
    dense = clock("structure", lambda: model.structure(condition, noise))
    voxels = clock("occupancy", lambda: model.voxels(dense))
    latent = clock("latent", lambda: model.latent(voxels, condition))
    # A latent of its own for each run: window partitions are kept in it, and a task pays for them once.
    splats = clock("gaussians", lambda: model.gaussians(recipe.trellis.Sparse.of(latent.coords, latent.feats)))
    made = torch.cat([splats.xyz, torch.zeros_like(splats.xyz), splats.sh_dc, splats.opacity[:, None].logit(),
                      splats.scale.log(), splats.rotation], 1).numpy()
    clock("write", lambda: write_ply(made))
    result = {"picture": pathlib.Path(args.picture).name, "picture_size": picture.size, "seed": args.seed,
              "voxels": len(voxels), "gaussians": len(splats.opacity), "rows": clock.rows}
    if args.to_spz:
        return result
    columns = np.random.default_rng(0).standard_normal((500_000, len(PLY_FIELDS)), dtype=np.float32)
    clock("ply_write_500k", lambda: write_ply(columns))
    if sr25519:
        sign(clock, args.repeats)
    if bt_decode:
        read_chain(clock, args.repeats)
    return result


def parse(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=str(ROOT / "generator/nano/model"),
                        help="folder of a checkpoint; the embedded model by default")
    parser.add_argument("--picture", default=str(HERE.parent / "rehearsal/28_orange_crate.png"),
                        help="RGBA picture; of the rehearsal's the one that comes to most voxels by default")
    parser.add_argument("--to-spz", action="store_true", help="only what leads from this picture to its result")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5, help="runs of each network; medians are reported")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", help="JSON file; standard output by default")
    return parser.parse_args(arguments)


def main():
    args = parse()
    torch.set_num_threads(args.threads)
    head = {"machine": machine.describe(), "torch": torch.__version__, "pillow": pillow_version,
            "threads": args.threads,
            "python": platform.python_version(),
            "sr25519": sr25519 and importlib.metadata.version("py-sr25519-bindings"),
            "bt_decode": bt_decode and importlib.metadata.version("bt-decode")}
    text = json.dumps(head | measure(args), indent=1) + "\n"
    if args.out:
        pathlib.Path(args.out).write_text(text)
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
