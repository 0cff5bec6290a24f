"""Writes seeds for the fuzz targets, a folder each, from the data of the tests: fuzz_seeds.py FOLDER."""

import base64
import gzip
import json
import struct
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"
LARGEST = 600_000  # metadata; whatever is larger teaches a fuzzer nothing


def vectors(name):
    return json.loads((TESTS / "vectors" / name).read_text())


def texts(value):
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


def recorded(name):
    digits = gzip.decompress((TESTS / "vectors" / "chain" / name).read_bytes()).decode().strip()
    return bytes.fromhex(digits.removeprefix("0x"))


def ply_forms(little):
    """A PLY of floats as text, in big endian, and with a list in front."""
    head, body = little.split(b"end_header\n", 1)
    values = [struct.unpack_from("<f", body, at)[0] for at in range(0, len(body) // 4 * 4, 4)]
    columns = head.count(b"property float")
    lines = "\n".join(" ".join(f"{v:.7g}" for v in values[i:i + columns]) for i in range(0, len(values), columns))
    yield head.replace(b"binary_little_endian", b"ascii") + b"end_header\n" + lines.encode() + b"\n"
    yield head.replace(b"little", b"big") + b"end_header\n" + struct.pack(f">{len(values)}f", *values)
    face = b"element face 1\nproperty list uchar int indices\nelement vertex"
    yield head.replace(b"element vertex", face) + b"end_header\n\1\0\0\0\0" + body


def seeds():
    keyfile = vectors("keyfile.json")
    for entry in keyfile["plain"]:
        yield "keyfile", base64.b64decode(entry["content_base64"])
    for entry in keyfile["encrypted"]:
        yield "keyfile", base64.b64decode(entry["file_base64"])
    for entry in vectors("keyfile_v11.json")["files"]:
        yield "keyfile", entry["plain"].encode()
        for odd in ('"cryptoType":1.0', '"cryptoType":"1"', '"cryptoType":257', '"meta":{"a":[[1]]}', '"publicKey":1',
                    '"secretPhrase":null', '"ss58Address":"12bzRJfh7arnnfPPUZHeJUaE62QLEwhK48QnH9LXeK2m1iZU"'):
            yield "keyfile", (entry["plain"].rstrip()[:-1] + "," + odd + "}").encode()
    for text in texts(vectors("ss58.json")):
        if 40 <= len(text) <= 60:
            yield "ss58", text.encode()
    for text in texts(vectors("synapses.json")):
        if text.startswith("{"):
            yield "message", text.encode()
    for response in vectors("dendrite.json")["responses"]:
        if response.get("body_text"):
            yield "message", response["body_text"].encode()
    for number in range(0, 1200, 7):  # types of the runtime, each with some bytes
        yield "scale", number.to_bytes(2, "little") + bytes(range(number % 64))
    for pattern in ("gsplat/*.ply", "spz/*"):
        for file in (TESTS / "golden").glob(pattern):
            if file.is_file():
                yield "splat", file.read_bytes()
                if file.suffix == ".ply" and file.stat().st_size < 4_000:
                    yield from (("splat", form) for form in ply_forms(file.read_bytes()))
    line = {"input": "a.png", "kind": "picture", "input_sha256": "a" * 64, "seed": 7, "batch_seed": 7, "settings": "0",
            "outcome": "passed", "attempts": 1, "ms": 5, "device": "cpu", "version": "1", "score": 0.5, "file": "a.spz",
            "gaussians": 9, "bytes": 9, "sha256": "b" * 64}
    for text in ("picture,prompt,name,seed\na.png,,x,7\n,\"a, \"\"red\"\"\nchair\",../y,\n", "# list\r\na.png\n\na chair\n",
                 json.dumps(line), json.dumps({**line, "kind": "prompt", "error": "why", "file": "../a"})):
        yield "batch", text.encode()
    for text in ("a\x1b[2J\n", "Grüße \u202e\u2028 \U0001f680 \U000e0041", "\x9b漢字e\u0301"):
        yield "escape", text.encode()
        yield "escape", text.encode("latin-1", "ignore")
    for file in (TESTS / "golden" / "pillow").rglob("*"):
        if file.suffix in (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"):
            yield "picture", file.read_bytes()
    for form in json.loads((TESTS / "golden" / "pillow" / "forms.json").read_text()).values():
        yield "picture", base64.b64decode(form["file"])
    for file in (TESTS / "golden").rglob("*.safetensors"):
        yield "safetensors", file.read_bytes()
    for request in ('{"jsonrpc":"2.0","id":1,"result":null}',
                    '{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"no"}}',
                    '{"jsonrpc":"2.0","method":"chain_newHead","params":{"subscription":"a","result":{"number":"0x1"}}}'):
        yield "rpc_message", request.encode()


def main(folder):
    counts = {}
    for target, content in seeds():
        if len(content) > LARGEST:
            continue
        counts[target] = counts.get(target, 0) + 1
        path = folder / target / f"{counts[target]:04d}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for version in ("v14", "v15"):
        name = "metadata_v14.hex.gz" if version == "v14" else "metadata_v15_opaque.hex.gz"
        path = folder / "metadata" / version
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(recorded(name))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
