"""Writes seeds for the fuzz targets, a folder each, from the data of the tests, and the words in them: fuzz_seeds.py FOLDER.

FOLDER/TARGET/ has the seeds, FOLDER/TARGET.dict the words, as libFuzzer's -dict reads them: names that a parser knows are
found by no mutation of bytes in an hour.
"""

import base64
import gzip
import json
import re
import struct
import sys
import tomllib
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"
LARGEST = 600_000  # metadata; whatever is larger teaches a fuzzer nothing
TOML = ('"""', "'''", "[[", "]]", "inf", "nan", "1979-05-27T07:32:00.5Z", "0x", "0o7", "\\\\u00e9", "\\\\U0001f680", "1_000")


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


def small_ply():
    """Two Gaussians, as TRELLIS lays them out."""
    names = ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2",
             "rot_0", "rot_1", "rot_2", "rot_3"]
    head = "ply\nformat binary_little_endian 1.0\nelement vertex 2\n" + "".join(f"property float {name}\n" for name in names)
    values = [0.1, -0.2, 0.3, 0, 0, 0, 0.5, 0.1, -0.5, 2, -4, -4, -4, 1, 0, 0, 0]
    return (head + "end_header\n").encode() + struct.pack("<34f", *values, *(-v for v in values))


def small_metadata(version):
    """A runtime of one pallet with every kind of type, in less than a thousandth of a real one's bytes."""
    def text(words):
        return bytes([len(words) << 2]) + words.encode()

    def some(*parts):
        return bytes([len(parts) << 2]) + b"".join(parts)

    def type_id(number):
        return bytes([number << 2])

    docs, none = some(), b"\0"
    field = b"\1" + text("a") + type_id(0) + b"\1" + text("u8") + docs
    definitions = [b"\5\3", b"\0" + some(field), b"\1" + some(text("on") + some(field) + b"\1" + docs), b"\2" + type_id(0),
                   b"\3" + struct.pack("<I", 4) + type_id(0), b"\4" + some(type_id(0), type_id(1)), b"\6" + type_id(0),
                   b"\7" + type_id(0) + type_id(0)]
    parameters = some(*(text(name) + b"\1" + type_id(2) for name in ("Address", "Call", "Signature", "Extra")))
    types = some(*(type_id(number) + some(text("t")) + parameters + definition + docs
                   for number, definition in enumerate(definitions)))
    items = some(text("Plain") + b"\1" + b"\0" + type_id(0) + some(b"\7") + docs,
                 text("Map") + b"\0\1" + some(b"\6", b"\2") + type_id(5) + type_id(3) + some() + docs)
    constants = some(text("Depth") + type_id(0) + some(b"\7") + docs)
    pallet = text("Pallet") + b"\1" + text("Pallet") + items + b"\1" + type_id(2) + none + constants + none + b"\7"
    extensions = some(text("CheckNonce") + type_id(6) + type_id(0))
    head = b"meta" + bytes([version]) + types
    if version == 14:
        return head + some(pallet) + type_id(1) + b"\4" + extensions + type_id(0)
    method = text("ask") + some(text("whom") + type_id(0)) + type_id(5) + docs
    return (head + some(pallet + docs) + b"\4" + type_id(2) * 4 + extensions + type_id(0) +
            some(text("Api") + some(method) + docs) + type_id(2) * 3 + some(text("more") + type_id(0) + some(b"\7")))


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
    ply = small_ply()
    for form in (ply, *ply_forms(ply)):
        yield "splat", form
    for told, body in ((b"1600\0" + b"30", ply), (b"0\0", b'{"error": "load\\ning"}'), (b"\0soon", b'{"reason": "stopping"}'),
                       (b"\0", b'{"created": 1, "data": [{"b64_json": "UE5H"}]}'),
                       (b"\0", b'{"data": [{"b64_json": "data:image/png;base64,UE\\r\\n5H\\n"}]}')):
        yield "answers", told + b"\0" + body
    line = {"input": "a.png", "kind": "picture", "input_sha256": "a" * 64, "seed": 7, "batch_seed": 7, "settings": "0",
            "outcome": "passed", "attempts": 1, "ms": 5, "device": "cpu", "version": "1", "score": 0.5, "file": "a.spz",
            "gaussians": 9, "bytes": 9, "sha256": "b" * 64}
    for text in ("picture,prompt,name,seed\na.png,,x,7\n,\"a, \"\"red\"\"\nchair\",../y,\n", "# list\r\na.png\n\na chair\n",
                 json.dumps(line), json.dumps({**line, "listed_in": "list.txt", "weights": "c" * 16}),
                 json.dumps({**line, "kind": "prompt", "error": "why", "file": "../a"})):
        yield "batch", text.encode()
    for text in ("a\x1b[2J\n", "Grüße \u202e\u2028 \U0001f680 \U000e0041", "\x9b漢字e\u0301"):
        yield "escape", text.encode()
        yield "escape", text.encode("latin-1", "ignore")
    for file in (TESTS / "golden" / "pillow").rglob("*"):
        if file.suffix in (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"):
            yield "picture", file.read_bytes()
    for form in json.loads((TESTS / "golden" / "pillow" / "forms.json").read_text()).values():
        yield "picture", base64.b64decode(form["file"])
        yield "exif", base64.b64decode(form["file"])
    for file in (TESTS / "golden").rglob("*.safetensors"):
        yield "safetensors", file.read_bytes()
    for request in ('{"jsonrpc":"2.0","id":1,"result":null}',
                    '{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"no"}}',
                    '{"jsonrpc":"2.0","method":"chain_newHead","params":{"subscription":"a","result":{"number":"0x1"}}}'):
        yield "rpc_message", request.encode()


def web_seeds():
    """Forms, addresses, heads, frames."""
    form = (b"--b\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\na red chair\r\n"
            b"--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n"
            b"Content-Type: image/png\r\n\r\n\x89PNG\r\n\r\n--b--\r\n")
    for boundary in (b"b", b'"b"', b"b; charset=utf-8"):
        yield "multipart", b"multipart/form-data; boundary=" + boundary + b"\n" + form
    for text in ("https://user.example:8443/a/b?c=%20#d", "http://[::1]:80/", "HTTP://1.2.3.4", "//other/x", "../up?q",
                 "host.example:443", "[2001:db8::1]:9944", "wss://user:pass%40word@node.example:443/rpc?key=0123", "ws://127.0.0.1:9944",
                 "wss://us%r:pass.example:443/", "http://a%2fb/", "/api/tasks/7/input?a=%20&b"):
        yield "url", text.encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    for head in (b"GET /api/now?a=b HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n",
                 b"POST http://a.example/generate HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
                 b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                 answer + b"Content-Length: 2\r\n\r\n{}", answer + b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\na: b\r\n\r\n",
                 answer + b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer-Timing: structure;dur=12.5, latent;dur=20\r\n\r\n",
                 b"HTTP/1.1 301 x\r\nLocation: https://a.example/b\r\nRetry-After: 30\r\n\r\n",
                 b"HTTP/1.1 204\nServer : x\n\n", b"\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        yield "http", head
    # Text, in two pieces with a ping between, a long one, a close with a reason.
    for frames in (b"\x81\x02{}", b"\x01\x01{\x89\x00\x80\x01}", b"\x81\x7e\x00\xc8" + b"a" * 200,
                   b"\x88\x0a\x03\xf0no key..", b"\x82\x7f\x00\x00\x00\x00\x00\x00\x10\x01" + b"a" * 4097):
        yield "websocket", frames


def signed_seeds():
    """Headers and bodies of both generations of signed requests."""
    def lines(headers, body=b""):
        return "".join(f"{name}: {value}\n" for name, value in headers).encode() + b"\n" + body

    for case in vectors("btauth.json")["cases"]:
        headers = case["headers"]
        yield "signed", lines(headers.items() if isinstance(headers, dict) else headers,
                              base64.b64decode(case["body_base64"]))
    for request in vectors("dendrite.json")["requests"]:
        yield "signed", lines(request["headers"])


def file_seeds():
    """Settings, hub listings, ONNX, vocabularies."""
    # `key = default` for each row of the table, alone and all together.
    rows = re.findall(r"^\| `([\w.]+)` \| `([^`]*)` \|", (TESTS.parent / "ops/docs/settings.md").read_text(), re.M)
    lines = [f"{key} = " + re.sub(r"^(-?[\d.]+(?:e-?\d+)?) .*$", r"\1", value) + "\n" for key, value in rows]  # no units
    assert len(tomllib.loads("".join(lines))) > 5, "settings.md has its rows in another form"
    for line in (*lines, "".join(lines)):
        yield "settings", line.encode()
    yield "settings", b'netuid = 17\n[wallet]\nname = "cold"\nhotkeys = ["a", "b"]\n[gate]\nattempts = 2\n'
    yield "settings", b'[schedule]\nidle = 0.5\n[http]\nlisten = "127.0.0.1:8090"\n[generator]\nseed = 1_000\ndevice = "auto"\n'
    large = {"rfilename": "ckpts/a.safetensors", "size": 9, "lfs": {"sha256": "a" * 64, "size": 9}, "blobId": "b" * 40}
    small = {"rfilename": "pipeline.json", "size": 3, "blobId": "c" * 40}
    yield "hub", json.dumps({"sha": "d" * 40, "siblings": [large, small]}).encode()

    odd = TESTS / "golden" / "odd"
    networks = [odd / "ckpts" / f"{name}.json" for name in ("dinov2_x_reg", "ss_flow", "ss_dec", "slat_flow", "gs_dec")]
    yield "manifest", b"\0".join(file.read_bytes() for file in [odd / "pipeline.json", *networks])
    nano = TESTS.parent / "generator" / "nano" / "model"
    networks = [nano / "ckpts" / f"{name}.json" for name in ("clip_nano", "ss_flow", "ss_dec", "slat_flow", "slat_dec_gs")]
    yield "manifest", b"\0".join(file.read_bytes() for file in [nano / "text_pipeline.json", *networks])

    def field(number, content):  # protobuf, length-delimited
        return bytes([number << 3 | 2, len(content)]) + content

    def tensor(name, sides):
        count = 1
        for side in sides:
            count *= side
        return b"".join(bytes([1 << 3, side]) for side in sides) + b"\x10\x01" + field(8, name) + field(9, bytes(4 * count))

    node = field(1, b"x") + field(1, b"w") + field(1, b"b") + field(2, b"y") + field(4, b"Conv")
    graph = field(1, node) + field(5, tensor(b"w", (1, 1, 1, 1))) + field(5, tensor(b"b", (1,)))
    yield "onnx", b"\x08\x03" + field(7, graph)
    words = {"<|startoftext|>": 0, "<|endoftext|>": 1, "a": 2, "b": 3, "b</w>": 4, "ab</w>": 5}
    for prompt in ("ab b", "<|startoftext|> a\u0301 \U0001f680"):
        yield "tokenizer", json.dumps(words).encode() + b"\0#version: 0.2\na b</w>\n\0" + prompt.encode()


def words(content):
    """Names in a seed that is text; no keys and hashes, which nothing is compared with."""
    if re.search(rb"[^\0\t\r\n -~]", content):
        return set()
    return set(re.findall(r"\b[A-Za-z_][\w.-]{2,24}\b", content.decode(), re.ASCII))


def main(folder):
    counts = {}
    known = {"settings": set(TOML)}
    for target, content in (*seeds(), *web_seeds(), *signed_seeds(), *file_seeds()):
        if len(content) > LARGEST:
            continue
        counts[target] = counts.get(target, 0) + 1
        path = folder / target / f"{counts[target]:04d}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        known.setdefault(target, set()).update(words(content))
    for target, some in known.items():
        if not some:
            continue  # libFuzzer takes no dictionary without a word
        (folder / f"{target}.dict").write_text("".join(f'"{word.replace(chr(34), chr(92) + chr(34))}"\n' for word in sorted(some)))
    for version in ("v14", "v15"):
        name = "metadata_v14.hex.gz" if version == "v14" else "metadata_v15_opaque.hex.gz"
        path = folder / "metadata" / version
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(recorded(name))
        (folder / "metadata" / f"small_{version}").write_bytes(small_metadata(int(version[1:])))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
