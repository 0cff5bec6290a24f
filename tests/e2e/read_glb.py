"""Reads a GLB by pygltflib, holds its JSON against tests/e2e/gaussian_glb.schema.json, and prints what it holds of some Gaussians:

    .venv/bin/python tests/e2e/read_glb.py FILE INDEX...     a line of JSON each: position, rotation, scale, opacity, colour
"""
import json
import pathlib
import struct
import sys

import jsonschema
import pygltflib

COMPONENTS = {5126: ("f", 4), 5123: ("H", 2)}
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
PREFIX = "KHR_gaussian_splatting:"


def main():
    path = pathlib.Path(sys.argv[1])
    raw = path.read_bytes()
    length = struct.unpack_from("<I", raw, 12)[0]
    jsonschema.validate(json.loads(raw[20:20 + length]), json.loads(pathlib.Path(__file__).with_name("gaussian_glb.schema.json").read_text()))

    gltf = pygltflib.GLTF2().load_binary(str(path))
    data = gltf.binary_blob()
    attributes = vars(gltf.meshes[0].primitives[0].attributes)

    def row(name, index):
        accessor = gltf.accessors[attributes[name]]
        view = gltf.bufferViews[accessor.bufferView]
        letter, size = COMPONENTS[accessor.componentType]
        width = WIDTHS[accessor.type]
        assert view.byteOffset + accessor.count * width * size <= len(data)
        return struct.unpack_from(f"<{width}{letter}", data, view.byteOffset + index * width * size)

    counts = {gltf.accessors[index].count for index in attributes.values() if index is not None}
    assert len(counts) == 1, counts
    for index in map(int, sys.argv[2:]):
        print(json.dumps({"count": counts.copy().pop(), "position": row("POSITION", index), "rotation": row(PREFIX + "ROTATION", index),
                          "scale": row(PREFIX + "SCALE", index), "opacity": row(PREFIX + "OPACITY", index)[0],
                          "colour": row(PREFIX + "SH_DEGREE_0_COEF_0", index), "seen": row("COLOR_0", index)}))


main()
