"""What attention costs on this GPU over shapes that were seen and that were not, by each of torch's kernels.

    python ops/gpu/attention.py            one JSON line a row: milliseconds of the first call and of later ones

The latent flow attends over as many tokens as the object has (a new number each task), with guidance as a batch of two, and
to a condition of fixed length; the Gaussian decoder within windows of some ten voxels. A kernel that builds a plan for each
shape pays for it in the first call. `cudnn in classes` names a class's size as the longest sequence and tells the real lengths
by cumulative sums, so that one plan serves the class.
"""
import json
import random
import statistics
import time

import torch

ops = torch.ops.aten
HEADS, WIDTH = 16, 64
CONDITION = 1374
CLASS = 1024


def timed(work):
    torch.cuda.synchronize()
    begun = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return 1000 * (time.perf_counter() - begun)


def steady(work, runs=20):
    """Median of the device's time a call, launches of a batch of calls together."""
    times = []
    for _ in range(5):
        begin, end = torch.cuda.Event(True), torch.cuda.Event(True)
        begin.record()
        for _ in range(runs):
            work()
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end) / runs)
    return statistics.median(times)


def heads(batch, tokens, dtype=torch.float16):
    qkv = torch.randn(batch, tokens, 3, HEADS, WIDTH, device="cuda", dtype=dtype)
    return qkv.unbind(2)


def sums(batch, tokens):
    return torch.arange(0, batch + 1, device="cuda", dtype=torch.int32) * tokens


def chosen(q, k, v):
    return torch.nn.functional.scaled_dot_product_attention(*(x.transpose(1, 2) for x in (q, k, v))).transpose(1, 2)


def flash(q, k, v):
    return ops._flash_attention_forward(q, k, v, None, None, q.size(1), k.size(1), 0.0, False, False)[0]


def efficient(q, k, v):
    return ops._efficient_attention_forward(q, k, v, None, None, None, None, None, 0.0, 0)[0]


def cudnn_classes(q, k, v, wide=CLASS):
    up = lambda n: (n + wide - 1) // wide * wide
    flat = [x.flatten(0, 1) for x in (q, k, v)]
    out = ops._cudnn_attention_forward(*flat, None, sums(q.size(0), q.size(1)), sums(k.size(0), k.size(1)), up(q.size(1)),
                                       up(k.size(1)), False)[0]
    return out.view_as(q) if out.numel() == q.numel() else out


KINDS = {"as torch chooses": chosen, "flash": flash, "memory-efficient": efficient, "cudnn in classes": cudnn_classes}


def exact(q, k, v):
    q, k, v = (x.transpose(1, 2).double() for x in (q, k, v))
    return ((q @ k.transpose(-1, -2) / WIDTH ** 0.5).softmax(-1) @ v).transpose(1, 2)


def line(**row):
    print(json.dumps({key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}), flush=True)


def dense(what, batch, sizes, keys=None):
    for name, kind in KINDS.items():
        try:
            q, k, v = heads(batch, 700)
            first_ever = timed(lambda: kind(q, k, v))
            error = float((kind(q, k, v).double() - exact(q, k, v)).norm() / exact(q, k, v).norm())
            firsts, later = [], {}
            for tokens in sizes:
                q, k, v = heads(batch, tokens)
                if keys:
                    _, k, v = heads(batch, keys)
                firsts.append(timed(lambda: kind(q, k, v)))
                later[tokens] = round(steady(lambda: kind(q, k, v)), 4)
            line(what=what, kernel=name, batch=batch, first_ever_ms=first_ever, error=error, first_ms=[round(f, 2) for f in firsts],
                 later_ms=later)
        except Exception as thrown:
            line(what=what, kernel=name, batch=batch, error=str(thrown).split("\n")[0][:300])


def windows():
    """Of a decoder: 12 heads of 64, windows of 8 x 8 x 8 that hold 1 to 150 voxels."""
    for voxels in (5000, 12000, 25000):
        for dtype in (torch.float16, torch.float32):
            lengths, left = [], voxels
            while left > 0:
                lengths.append(min(left, random.randint(1, 150)))
                left -= lengths[-1]
            starts = torch.tensor([0] + lengths, device="cuda").cumsum(0).to(torch.int32)
            qkv = torch.randn(voxels, 3, 12, 64, device="cuda", dtype=dtype)
            q, k, v = qkv.unbind(1)
            longest = max(lengths)
            kinds = {"memory-efficient": lambda: ops._efficient_attention_forward(
                q[None], k[None], v[None], None, starts, starts, longest, longest, 0.0, 0)[0][0]}
            if dtype == torch.float16:
                kinds["flash"] = lambda: ops._flash_attention_forward(q, k, v, starts, starts, longest, longest, 0.0, False,
                                                                      False)[0]
            for name, kind in kinds.items():
                first = timed(kind)
                got, at, worst = kind(), 0, 0.0
                for length in lengths[:5]:
                    part = [x[None, at:at + length] for x in (q, k, v)]
                    want = exact(*part)[0]
                    worst = max(worst, float((got[at:at + length].double() - want).norm() / want.norm()))
                    at += length
                line(what="windows", kernel=name, dtype=str(dtype)[6:], voxels=voxels, windows=len(lengths), error=worst, first_ms=first,
                     later_ms=steady(kind))


def main():
    random.seed(7)
    line(card=torch.cuda.get_device_name(), torch=torch.__version__, cudnn=torch.backends.cudnn.version())
    sizes = [random.randint(900, 6000) for _ in range(4)] + [1400, 2900, 5200]
    dense("self", 2, sizes)
    dense("self", 1, sizes)
    dense("cross", 1, sizes, keys=CONDITION)
    dense("structure", 2, [4096])
    windows()


if __name__ == "__main__":
    main()
