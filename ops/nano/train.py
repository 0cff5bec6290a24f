"""Train the embedded model, on a GPU or on a CPU, within a budget of wall-clock time.

    python ops/nano/train.py --out DIR --seconds 90,45,60,780 [--stages ...] [--scale 1]

Stages: `occupancy` decoder, `gaussians` decoder, `encoders` of pictures and captions against simple targets, and `flows`
with the encoders. Each writes DIR/STAGE.pt, the flows also on the way (DIR/flows.pt, for a run that is cut short),
and the last makes the model folder DIR/model. What lies in DIR is trained further. --scale multiplies batches and the number of objects; a CPU wants about 0.05.
"""
import argparse
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
# glibc: keep freed memory, or most of the time on a CPU goes to page faults
TUNE = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000",
        "MALLOC_TOP_PAD_": "268435456"}
if __name__ == "__main__" and os.environ.get("MALLOC_MMAP_MAX_") != "0":
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **TUNE})

import math
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

sys.path[:0] = [str(HERE), str(HERE.parent / "reference")]
import export
import fastsdf
import networks
import shapes
import trellis
import world as W
from optimiser import Average, Optimiser

COMPONENTS = 48            # of the structure latent, that the encoders' heads predict
HEAD = [len(shapes.TEMPLATES), COMPONENTS, 3 * shapes.K]
trellis.SubmanifoldConv.forward = lambda s, x: x.with_feats(networks.SparseConv.apply(x.feats, s.weight, s.bias, trellis.neighbours(x)))


class Run:
    """What all stages share."""

    def __init__(self, out, device, scale, objects):
        self.out, self.device, self.scale = out, device, scale
        self.tokenizer = W.tokenizer()
        began = time.time()
        self.objects = W.Objects(1000, max(2000, int(objects * scale)), self.tokenizer).to(device)
        self.empty = torch.tensor([self.tokenizer("")], device=device)
        print(f"{self.objects.count} objects in {time.time() - began:.0f} s", flush=True)

    def amp(self):
        return torch.autocast(self.device, torch.bfloat16)

    def batch(self, n):
        return max(1, round(n * self.scale))

    def load(self, stage):
        return torch.load(self.out / f"{stage}.pt", map_location=self.device)

    def save(self, stage, **state):
        torch.save(state, self.out / f"{stage}.tmp")
        os.replace(self.out / f"{stage}.tmp", self.out / f"{stage}.pt")

    def resumed(self, stage, decoder):
        """On the device, as an earlier run left it if there was one."""
        if (self.out / f"{stage}.pt").exists():
            decoder.load_state_dict(self.load(stage)["decoder"])
        return decoder.to(self.device)

    def latent(self, world):
        """Normalised structure latent."""
        return (W.structure(world) - self.mean) / self.std

    def measure_latent(self):
        if (self.out / "occupancy.pt").exists():
            self.mean, self.std = (self.load("occupancy")[k] for k in ("mean", "std"))
            return
        z = torch.cat([W.structure(self.objects.pick(100)[0]) for _ in range(10)])
        self.mean, self.std = (f(z, (0, 2, 3, 4))[:, None, None, None] for f in (torch.mean, torch.std))


# ------------------------------------------------------------------------------------------------ decoders

def occupancy(run, seconds):
    """Latent with noise -> voxels."""
    decoder = run.resumed("occupancy", networks.new("ss_dec")).to(memory_format=torch.channels_last_3d)
    optimiser, more, B, dims = Optimiser([([decoder], 3e-3, None)], seconds), True, run.batch(16), (1, 2, 3, 4)
    while more:
        world = run.objects.pick(B)[0]
        z, occupied = run.latent(world), W.occupancy(world)[:, None].float()
        noisy = z + torch.randn_like(z) * torch.rand(B, 1, 1, 1, 1, device=run.device) * .2
        with run.amp():
            logits = decoder(noisy.contiguous(memory_format=torch.channels_last_3d)).float()
        p = logits.sigmoid()
        dice = 1 - (2 * (p * occupied).sum(dims) + 1) / (p.sum(dims) + occupied.sum(dims) + 1)
        more = optimiser.step(F.binary_cross_entropy_with_logits(logits, occupied) * 10 + dice.mean())
        if optimiser.n % 200 == 0 or not more:
            hit, there = logits > 0, occupied > 0
            print(f"occupancy {optimiser.n} {optimiser.spent():.0f} s IoU {((hit & there).sum() / (hit | there).sum()).item():.4f}", flush=True)
    run.save("occupancy", decoder=decoder.state_dict(), mean=run.mean, std=run.std)


def gaussian_targets(world, x, slot, pick, k):
    """Points on the surface near each picked voxel and their colours: [P, k, 3] both."""
    h = 1 / W.RES
    centre, b = (x.coords[pick, 1:] + .5) / W.RES - .5, x.coords[pick, 0]
    p = torch.zeros(len(x.lengths), int(slot.max()) + 1, k, 3, device=centre.device)
    p[b, slot[pick]] = centre[:, None] + (trellis.hammersley(k).to(centre.device) - .5) * h
    p = p.flatten(1, 2)
    for _ in range(2):
        p = p - fastsdf.distance(world, p)[0][..., None] * shapes.normal(world, p, fastsdf.distance)
    color = fastsdf.distance(world, p)[1].unflatten(1, (-1, k))[b, slot[pick]]
    point = p.unflatten(1, (-1, k))[b, slot[pick]] - centre[:, None]
    return centre[:, None] + point.clamp(-.72 * h, .72 * h), color


def gaussians(run, seconds):
    """Structured latent with noise -> Gaussians on the known surface."""
    decoder, h = run.resumed("gaussians", networks.new("slat_dec_gs")), 1 / W.RES
    mean, std = W.norm(run.device)
    identity = torch.tensor([1., 0, 0, 0], device=run.device)
    optimiser, more = Optimiser([([decoder], 2e-3, 2e-3)], seconds, warm=20), True
    while more:
        world = run.objects.pick(run.batch(4))[0]
        x, slot = W.surface(world, W.occupancy(world))
        pick = torch.randperm(len(x.coords), device=run.device)[:run.batch(16000)].sort()[0]   # the loss looks at some voxels
        target, color = gaussian_targets(world, x, slot, pick, decoder.rep["num_gaussians"])
        noise = torch.rand(len(x.lengths), device=run.device)[x.coords[:, 0], None] * .2 * torch.randn_like(x.feats)
        with run.amp():
            y = networks.gaussian_hidden(decoder, x.with_feats((x.feats + noise) * std + mean))
            f = decoder.out_layer(trellis.layer_norm(y[pick], 1e-5))
        g = decoder.gaussians(trellis.Sparse(x.coords[pick], f, x.lengths, {}), f)
        off, paint = (g.xyz - target.flatten(0, 1)) / h, .5 + .28209479 * g.sh_dc - color.flatten(0, 1)
        more = optimiser.step(off.square().mean() * 4 + paint.square().mean() * 8 + (g.scale.log() - math.log(.30 * h)).square().mean() * .5
                              + (torch.logit(g.opacity, 1e-6) - 3.).square().mean() * .05 + (g.rotation - identity).square().mean())
        if optimiser.n % 100 == 0 or not more:
            print(f"gaussians {optimiser.n} {optimiser.spent():.0f} s position error {off.norm(dim=1).mean().item():.3f} voxel, "
                  f"colour {paint.abs().mean().item():.4f}", flush=True)
    run.save("gaussians", decoder=decoder.state_dict())


# ------------------------------------------------------------------------------------------------ encoders

class Conditioning:
    """The two encoders and, for training, linear heads that predict template, shape and colours from their mean tokens."""

    def __init__(self, run):
        self.run = run
        self.vit, self.text = networks.new_vit().to(run.device), networks.new_text(len(run.tokenizer.id)).to(run.device)
        self.heads = nn.ModuleDict({k: nn.Linear(networks.COND, sum(HEAD)) for k in ("picture", "text", "all")}).to(run.device)
        z = torch.cat([run.latent(run.objects.pick(100)[0]).flatten(1) for _ in range(12)])
        self.centre = z.mean(0)
        z -= self.centre
        values, vectors = torch.linalg.eigh((z @ z.t()).double().cpu())
        values, vectors = (v.float().to(run.device) for v in (values[-COMPONENTS:], vectors[:, -COMPONENTS:]))
        self.basis = z.t() @ vectors / values * len(z) ** .5
        self.weight, self.share = values.sqrt() / values.sqrt().mean(), values / values.sum()

    def modules(self):
        return {"vit": self.vit, "text": self.text, "heads": self.heads}

    def see(self, world):
        return self.vit.condition(W.normalise(W.augment(W.pictures(world))))

    def targets(self, world, z, label):
        there = (world["kind"] >= 0).repeat_interleave(3, 1).float()
        return (z.flatten(1) - self.centre) @ self.basis, world["color"].flatten(1), there, label

    def loss(self, tokens, target, picture):
        """-> loss, [template known, shape unexplained, colour error]."""
        shape, color, mask, label = target
        total, say = 0., None
        for head, mean in (("picture", tokens[:, :5].mean(1)), ("all", tokens.mean(1))) if picture else (("text", tokens.mean(1)),):
            kind, parts, col = self.heads[head](mean).float().split(HEAD, 1)
            c = ((col - color).square() * mask).sum() / mask.sum()
            total = total + F.cross_entropy(kind, label) + ((parts - shape).square() * self.weight).mean() + 10 * c
            if say is None:
                say = torch.stack([(kind.argmax(1) == label).float().mean(), ((parts.detach() - shape).square() * self.share).sum(1).mean(), c.detach()])
        return total, say


def encoders(run, seconds):
    c, B, more, log = Conditioning(run), run.batch(192), True, []
    optimiser = Optimiser([(c.modules().values(), 1e-3, 2.5e-3)], seconds, fall=.3)
    while more:
        world, tokens, label = run.objects.pick(B)
        target = c.targets(world, run.latent(world), label)
        with run.amp():
            seen, say = c.loss(c.see(world), target, True)
            read, said = c.loss(c.text(tokens), target, False)
        more = optimiser.step(seen + read)
        log.append(torch.cat([say, said]))
        if optimiser.n % 200 == 0 or not more:
            m = torch.stack(log[-50:]).mean(0).tolist()
            print(f"encoders {optimiser.n} {optimiser.spent():.0f} s template, shape, colour: picture {m[0]:.3f} {m[1]:.3f} {m[2]:.4f} "
                  f"text {m[3]:.3f} {m[4]:.3f} {m[5]:.4f}", flush=True)
    run.save("encoders", **{k: m.state_dict() for k, m in c.modules().items()})


# ------------------------------------------------------------------------------------------------ flows

# colour, normal, distance, unused
WEIGHT = [1.5, 1.5, 1.5, 1., 1., 1., .7, .1]


def shifted(n, s, device):
    """Times in 0..1, more of them near 1 the larger s is."""
    u = torch.rand(n, device=device)
    return (s * u / (1 + (s - 1) * u)).clamp_min(1e-3)


class Flows:
    """One step of training for each kind of condition; gradients are accumulated, so that memory stays small."""

    def __init__(self, run, c):
        self.run, self.c = run, c
        self.structure, self.latent = (networks.new_flow(k).to(run.device) for k in ("ss_flow", "slat_flow"))
        self.weight = torch.tensor(WEIGHT, device=run.device)
        self.block = torch.compile(networks.dit_block, dynamic=False) if run.device == "cuda" else networks.dit_block

    def modules(self):
        return {"ss_flow": self.structure, "slat_flow": self.latent, **self.c.modules()}

    def backward(self, picture, n, few, most_voxels=60000):
        """-> detached losses of structure and latent."""
        run, c = self.run, self.c
        world, tokens, label = run.objects.pick(n)
        z = run.latent(world)
        with run.amp():
            full = c.see(world) if picture else c.text(tokens)
            loss = .3 * c.loss(full, c.targets(world, z, label), picture)[0]
            kept = torch.rand(n, 1, 1, device=run.device) > .1
            cond = full * kept if picture else torch.where(kept, full, c.text(run.empty).expand_as(full))
            leaf = cond.detach().requires_grad_()
            t, noise = shifted(n, 4., run.device), torch.randn_like(z)
            tt = t[:, None, None, None, None]
            v = networks.structure_flow(self.structure, (1 - tt) * z + tt * noise, 1000 * t, leaf, self.block)
            structure = (v - (noise - z)).square().mean()
            (1.5 * structure).backward()

            some = shapes.select(world, slice(0, few))
            occupied = W.occupancy(some)
            size = occupied.flatten(1).sum(1)
            take = ((size.cumsum(0) <= most_voxels * max(run.scale, .2)) & (size > 0)).nonzero()[:, 0]
            take = take if len(take) else size.argmin()[None]
            x, _ = W.surface(shapes.select(some, take), occupied[take])
            t, noise = shifted(len(take), 6., run.device), torch.randn_like(x.feats)     # only near 1 does the condition matter
            tv = t[x.coords[:, 0], None]
            v = networks.latent_flow(self.latent, x.with_feats((1 - tv) * x.feats + tv * noise), 1000 * t, leaf[take])
            error = ((v - (noise - x.feats)).square() * self.weight).mean(1)
            lengths = torch.tensor(x.lengths, device=run.device).float()
            latent = (error / lengths[x.coords[:, 0]]).sum() / len(take)                 # each object counts the same
            latent.backward()
        torch.autograd.backward([loss, cond], [None, leaf.grad])
        return [structure.detach(), latent.detach()]


def flows(run, seconds, save_every=60):
    c = Conditioning(run)
    f, before = Flows(run, c), run.load("flows") if (run.out / "flows.pt").exists() else run.load("encoders")
    for key, module in f.modules().items():
        if key in before:
            module.load_state_dict(before[key])
    # Muon's step does not shrink with the gradient, so the trained encoders get a smaller one.
    optimiser = Optimiser([([f.structure, f.latent, c.heads], 1e-3, 2e-3), ([c.vit, c.text], 4e-4, 6e-4)], seconds, warm=100)
    average, more, saved, log = Average(f.modules()), True, time.time(), []
    while more:
        log.append(torch.stack(f.backward(True, run.batch(128), run.batch(8)) + f.backward(False, run.batch(64), run.batch(4))))
        more = optimiser.step()
        average.update()
        if optimiser.n % 100 == 0 or not more:
            m = torch.stack(log[-100:]).mean(0).tolist()
            print(f"flows {optimiser.n} {optimiser.spent():.0f} s structure/latent by picture {m[0]:.4f} {m[1]:.4f} by text {m[2]:.4f} {m[3]:.4f}", flush=True)
        if not more or time.time() - saved > save_every:
            run.save("flows", **average.state())
            saved = time.time()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--seconds", default="90,45,60,780", help="for each stage")
    parser.add_argument("--stages", default="occupancy,gaussians,encoders,flows")
    parser.add_argument("--scale", type=float, default=1.)
    parser.add_argument("--objects", type=int, default=400_000)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    a = parser.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    run = Run(a.out, a.device, a.scale, a.objects)
    torch.set_float32_matmul_precision("high")
    run.measure_latent()
    for stage, seconds in zip(("occupancy", "gaussians", "encoders", "flows"), a.seconds.split(",")):
        if stage in a.stages.split(","):
            globals()[stage](run, float(seconds))
    export.from_run(a.out, run.tokenizer)


if __name__ == "__main__":
    main()
