#!/usr/bin/env python3
"""Writes the LPIPS part of the validator's scorer: two published pickles as safetensors, tensor names unchanged.

    .venv/bin/python ops/reference/scorer_weights.py FOLDER [--alexnet FILE.pth] [--layers FILE.pth|FILE.whl]

FOLDER is the scorer's (score.model); FOLDER/lpips/alexnet.safetensors and FOLDER/lpips/lin.safetensors come out, and
FOLDER/weights.lock.json has them from then on, so that `miner weights verify` reads them too. What is not given is
downloaded: AlexNet (244 MB) from download.pytorch.org, the layers with pip (the wheel of lpips 0.1.4). Both are
compared with their digests before they are opened, and opened without running what a pickle may ask for
(weights_only). Needs torch and nothing else.
"""
import argparse
import hashlib
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import urllib.request
import zipfile

import torch

ALEXNET_URL = "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth"
ALEXNET_DIGEST = "7be5be79"  # torchvision names its files by the first digits of their SHA-256
ALEXNET_TENSORS = {f"features.{layer}.{kind}" for layer in (0, 3, 6, 8, 10) for kind in ("weight", "bias")}
WHEEL, IN_WHEEL = "lpips==0.1.4", "lpips/weights/v0.1/alex.pth"
LAYERS_DIGEST = "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0"
LAYERS_TENSORS = {f"lin{layer}.model.1.weight" for layer in range(5)}
DTYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}
LOCK = "weights.lock.json"


def refuse(what):
    sys.exit(f"scorer_weights: {what}")


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def download_alexnet(folder):
    path = folder / "alexnet.pth"
    print(f"fetching {ALEXNET_URL}", flush=True)
    with urllib.request.urlopen(ALEXNET_URL, timeout=60) as answer, open(path, "wb") as file:
        for block in iter(lambda: answer.read(1 << 20), b""):
            file.write(block)
    return path


def download_layers(folder):
    print(f"fetching {WHEEL} with pip", flush=True)
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps",
                    "-d", str(folder), WHEEL], check=True)
    return next(folder.glob("lpips-*.whl"))


def out_of_wheel(path, folder):
    """Of a wheel the pickle in it; anything else is that pickle."""
    if path.suffix != ".whl":
        return path
    with zipfile.ZipFile(path) as wheel:
        return pathlib.Path(wheel.extract(IN_WHEEL, folder))


def load(path, digest, names):
    """The named tensors of a pickle whose digest begins with `digest`."""
    found = sha256(path)
    if not found.startswith(digest):
        refuse(f"{path}: its SHA-256 is {found}, and should begin with {digest}; nothing of it was opened")
    tensors = torch.load(path, map_location="cpu", weights_only=True)
    lacking = sorted(names - tensors.keys())
    if lacking:
        refuse(f"{path}: has no {', '.join(lacking)}")
    return {name: tensors[name].detach().contiguous() for name in sorted(names)}


def write_safetensors(path, tensors):
    """A file whole or not at all."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = bytes(tensor.flatten().view(torch.uint8).tolist())
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


def note(folder, path, source):
    """The lock's entry of a file, as weights/weights_lock.cpp reads it; time 0: it has not been verified yet."""
    lock = folder / LOCK
    files = json.loads(lock.read_text())["files"] if lock.exists() else []
    entry = {"path": path, "source": source, "size": (folder / path).stat().st_size, "sha256": sha256(folder / path),
             "verified_mtime_ns": 0}
    files = [each for each in files if each["path"] != path] + [entry]
    part = folder / (LOCK + ".part")
    part.write_text(json.dumps({"files": files}, separators=(",", ":")) + "\n")
    part.rename(lock)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="the scorer's, as score.model names it")
    parser.add_argument("--alexnet", type=pathlib.Path, help="torchvision's alexnet-owt-7be5be79.pth")
    parser.add_argument("--layers", type=pathlib.Path, help="lpips's alex.pth, or the wheel that it lies in")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        temporary = pathlib.Path(temporary)
        layers = out_of_wheel(given.layers or download_layers(temporary), temporary)
        parts = (
            ("lpips/lin.safetensors", layers, LAYERS_DIGEST, LAYERS_TENSORS,
             f"pypi/lpips@0.1.4:{IN_WHEEL}"),
            ("lpips/alexnet.safetensors", given.alexnet or download_alexnet(temporary), ALEXNET_DIGEST, ALEXNET_TENSORS,
             "pytorch/vision@alexnet:alexnet-owt-7be5be79.pth"),
        )
        for path, pickle, digest, names, source in parts:
            write_safetensors(given.folder / path, load(pickle, digest, names))
            note(given.folder, path, source)
            print(f"{given.folder / path}: {len(names)} tensors")


if __name__ == "__main__":
    main()
