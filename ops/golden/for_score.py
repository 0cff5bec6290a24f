"""What a validator's scoring makes of prompt pictures, for tests/golden/pillow/for_score.json: of each picture in
tests/golden/pillow the hash of its RGB, four bands composed over white, anything else converted.

    python ops/golden/for_score.py > tests/golden/pillow/for_score.json

Needs Pillow (13.0 was used). Left out is what Pillow does not open, and 16-bit grey, which it clips.
"""
import base64
import hashlib
import io
import json
import pathlib

from PIL import Image

PILLOW = pathlib.Path(__file__).parents[2] / "tests/golden/pillow"


def colours(data):
    picture = Image.open(io.BytesIO(data))
    if picture.mode.startswith(("I", "F")):
        raise OSError("16 bits")
    if len(picture.getbands()) == 4:
        white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(white, picture.convert("RGBA"))
    return picture.convert("RGB").tobytes()


def main():
    files = {f"decode/{path.name}": path.read_bytes() for path in (PILLOW / "decode").iterdir()
             if not path.name.endswith((".rgba.png", ".json"))}
    files |= {name: base64.b64decode(row["file"]) for name, row in json.loads((PILLOW / "forms.json").read_text()).items()}
    hashes = {}
    for name, data in sorted(files.items()):
        try:
            hashes[name] = hashlib.sha256(colours(data)).hexdigest()
        except OSError:
            continue
    print(json.dumps(hashes, indent=0))


if __name__ == "__main__":
    main()
