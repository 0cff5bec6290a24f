"""Which objects a prompt of the rehearsal may mean beside its own: the lists `also` of captions.json.

    python ops/rehearsal/variants.py       print captions.json anew, with them

Words leave open how high a table is and how a donut lies. A result that shows another object of the same caption is right,
and the rehearsal's validator must not refuse it. Of the first sixteen objects after the 64 held out that have the caption,
those are taken, fewest first, with which each of the sixteen would be accepted: scores 0.6 by one of the list. Most
captions need no more than their own object. The score is that of miner/rehearsal/truth.cpp, between two strips of
truth.py. Takes some minutes; needs torch, numpy, pillow and g++. Then run truth.py, for the new objects' strips.
"""
import json

import numpy as np
from PIL import Image

import truth
from make import HERE, shapes

FIRST, COUNT, ACCEPTED = 64, 16, .6
FRAME, ANOTHER_COLOUR = 64, .4


def framed(square):
    """As in miner/rehearsal/likeness.cpp: the square box about what is more than half opaque, 64 pixels a side."""
    rows, columns = ((np.asarray(square)[..., 3] >= 128).any(axis).nonzero()[0] for axis in (1, 0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    side = max(bottom - top, right - left)
    left, top = left - (side - (right - left)) // 2, top - (side - (bottom - top)) // 2
    box = square.crop((left, top, left + side, top + side))
    return np.asarray(box.resize((FRAME, FRAME), Image.BOX)).astype(float) / 255


def views(number):
    strip, side = truth.strip(number, truth.compiled()), truth.SIDE
    return [framed(strip.crop((side * i, 0, side * (i + 1), side))) for i in range(truth.VIEWS)]


def agreement(a, b):
    colour = np.clip(1 - np.abs(a[..., :3] - b[..., :3]).mean(-1) / ANOTHER_COLOUR, 0, 1)
    return (np.minimum(a[..., 3], b[..., 3]) * colour).sum() / np.maximum(a[..., 3], b[..., 3]).sum()


def score(a, b):
    return np.sort([agreement(x, y) for x, y in zip(a, b)])[:truth.VIEWS // 2].mean()


def covering(own, others):
    """Numbers of others without which some of them would be refused."""
    numbers = [own, *others]
    seen = [views(n) for n in numbers]
    table = np.array([[score(a, b) for b in seen] for a in seen])
    chosen = [0]
    while (open_ := (table[chosen].max(0) < ACCEPTED).nonzero()[0]).size:
        chosen.append(max(range(len(numbers)), key=lambda k: ((table[k, open_] >= ACCEPTED).sum(), table[k, open_].mean())))
    return [numbers[k] for k in chosen[1:]]


def main():
    rows = json.loads((HERE / "captions.json").read_text())
    others, number = {row["caption"]: [] for row in rows}, FIRST
    while any(len(found) < COUNT for found in others.values()):
        found = others.get(shapes.make(number)[1], [number] * COUNT)
        if len(found) < COUNT:
            found.append(number)
        number += 1
    for row in rows:
        row.pop("also", None)
        if also := covering(row["object"], others[row["caption"]]):
            row["also"] = also
    print("[\n  " + ",\n  ".join(json.dumps(row) for row in rows) + "\n]")


if __name__ == "__main__":
    main()
