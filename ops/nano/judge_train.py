"""Train and measure the judge on what judge_data.py gathered.

    python ops/nano/judge_train.py --data DIR --out DIR --seconds 180

The encoders are frozen: each picture's tokens are computed once and kept on the GPU. A step takes some objects with all
their results and all that these are asked for by: its own pictures and caption, and those of the objects that it is
mistaken for; and as many perfect results, which are the objects' own views, asked for by other objects, most of them of the
same template. Loss: squared error of the score, the same of quality (against the result's own object) and of alignment, and
how results of one condition are ranked. What scores best on a tenth of the objects, averaged over steps, is kept;
evaluation.json is on objects 64 to 127, which neither training nor that choice saw.
"""
import argparse
import copy
import json
import math
import pathlib
import time

import numpy as np
import torch
import torch.nn.functional as F

import judge as J
import world as W
from judge_data import EVALUATED, PICTURES

SPARE = 10                      # each so manieth object chooses among the steps


class Data:
    """All results and conditions on the device, as tokens of the encoders."""

    def __init__(self, folder, device):
        vit, text = J.encoders(device)
        known = json.loads((folder / "objects.json").read_text())
        self.number = {row["object"]: i for i, row in enumerate(known)}          # place of an object among the conditions
        self.pictures = tokens_of(vit, np.memmap(folder / "pictures", np.uint8, "r").reshape(-1, J.SIDE, J.SIDE, 3), device)
        tokenizer = W.tokenizer()
        ids = torch.tensor([tokenizer(row["caption"]) for row in known], device=device)
        with torch.no_grad():
            self.words = torch.cat([text(part).half() for part in ids.split(256)])
        rows, views = [], []
        for file in sorted(folder.glob("part*.jsonl")):
            part = [json.loads(line) for line in file.read_text().splitlines() if line.endswith("}")]
            if part:
                pixels = np.memmap(file.with_suffix(".views"), np.uint8, "r")[:len(part) * J.VIEWS * J.SIDE ** 2 * 3]
                views.append(tokens_of(vit, pixels.reshape(-1, J.SIDE, J.SIDE, 3), device))
                rows += part
        self.views = torch.cat(views).unflatten(0, (-1, J.VIEWS))                # [N, V, L, C]
        self.rows = rows
        self.frames = torch.tensor([row["frames"] for row in rows], device=device)
        self.own = torch.tensor([row["truth"][str(row["object"])] for row in rows], device=device)
        self.good = torch.tensor([row["what"] == "good" for row in rows], device=device)
        self.perfect = self.read_perfect(folder, vit, text, tokenizer)
        self.of = {}
        for i, row in enumerate(rows):
            self.of.setdefault(row["object"], []).append(i)

    def read_perfect(self, folder, vit, text, tokenizer):
        device, parts = self.frames.device, []
        for file in sorted(folder.glob("perfect*.pt")):
            d = torch.load(file)
            d["views"], d["pictures"] = (tokens_of(vit, d[k].flatten(0, 1).numpy(), device).unflatten(0, (len(d[k]), -1)) for k in ("views", "pictures"))
            with torch.no_grad():
                d["words"] = text(torch.tensor([tokenizer(c) for c in d.pop("captions")], device=device)).half()
            parts.append({k: v.to(device) for k, v in d.items()})
        return {k: torch.cat([p[k] for p in parts]) for k in parts[0]} if parts else None

    def objects(self, part):
        spare = lambda n: n % SPARE == 0
        return [n for n in self.of if (n in EVALUATED) == (part == "evaluation")
                and (part == "evaluation" or spare(n) == (part == "choice"))]

    def pairs(self, objects):
        """-> results [N] used, and of each pair: which of them, which picture (-1: words), which object asked for, truth."""
        used = [i for n in objects for i in self.of[n]]
        pairs = []
        for at, i in enumerate(used):
            row = self.rows[i]
            for about, truth in row["truth"].items():
                asked = self.number[int(about)]
                own = int(about) == row["object"]
                pictures = range(PICTURES) if own else [i % PICTURES]
                pairs += [(at, asked * PICTURES + k, asked, truth, own) for k in pictures] + [(at, -1, asked, truth, own)] * (2 if own else 1)
        return used, pairs


@torch.no_grad()
def tokens_of(vit, pixels, device, at_once=512):
    return torch.cat([J.look(vit, torch.from_numpy(pixels[i:i + at_once].copy()).to(device)).half() for i in range(0, len(pixels), at_once)])


def forward(judge, data, objects):
    """-> logits of the total, quality and match, truths, and more, of every pair."""
    device = data.frames.device
    used, pairs = data.pairs(objects)
    at, picture, asked, truth, own = (torch.tensor(column, device=device) for column in zip(*pairs))
    index = torch.tensor(used, device=device)
    views = judge.views(seen := judge.see(judge.pool(data.views[index].flatten(0, 1).float()), data.frames[index]))
    quality = judge.quality(seen).mean(1)
    by_picture, by_words = picture >= 0, picture < 0
    conditions = torch.empty(len(at), seen.shape[-1], device=device)
    for where, values, embed, tokens in ((by_picture, picture, lambda t: judge.by_picture(judge.pool(t)), data.pictures),
                                         (by_words, asked, judge.by_words, data.words)):
        unique, back = values[where].unique(return_inverse=True)
        conditions[where] = embed(tokens[unique].float())[back]
    match, _ = judge.match(views[at], conditions)
    return {"total": judge.add(quality[at], match), "quality": quality[at], "match": match, "truth": truth.float(), "own": own,
            "own_truth": data.own[index][at].float(), "good": data.good[index][at], "at": index[at], "asked": asked, "picture": picture}


def true_score(a, b):
    """As miner::truth_score, of framed views u8 [B, V, S, S, 4] -> [B]: the mean of the worse half of the views' agreements."""
    a, b = a.float() / 255, b.float() / 255
    colour = (1 - (a[..., :3] - b[..., :3]).abs().sum(-1) / (.4 * 3)).clamp_min(0)
    right = (torch.minimum(a[..., 3], b[..., 3]) * colour).sum((2, 3))
    agreement = right / torch.maximum(a[..., 3], b[..., 3]).sum((2, 3)).clamp_min(1e-6)
    return agreement.sort(1).values[:, :agreement.shape[1] // 2].mean(1)


def perfect_loss(judge, data, count=128, alike=4, others=2):
    """Perfect results asked for by their own object, by some of the same template and by some others."""
    p, device = data.perfect, data.frames.device
    n = len(p["template"])
    shown = torch.randint(n, (count,), device=device)
    same = (p["template"][shown, None] == p["template"]).float()
    about = torch.cat([shown[:, None], torch.multinomial(same, alike, replacement=True), torch.randint(n, (count, others), device=device)], 1).flatten()
    at = torch.arange(count, device=device).repeat_interleave(1 + alike + others)
    truth = torch.cat([true_score(p["framed"][shown[at[part]]], p["framed"][about[part]]) for part in torch.arange(len(at), device=device).split(256)])
    seen = judge.see(judge.pool(p["views"][shown].flatten(0, 1).float()), p["frames"][shown])
    by_picture = torch.rand(len(at), device=device) < .6
    conditions = torch.empty(len(at), seen.shape[-1], device=device)
    which = torch.randint(p["pictures"].shape[1], (len(at),), device=device)
    conditions[by_picture] = judge.by_picture(judge.pool(p["pictures"][about, which][by_picture].float()))
    conditions[~by_picture] = judge.by_words(p["words"][about[~by_picture]].float())
    match, _ = judge.match(judge.views(seen)[at], conditions)
    total = judge.add(judge.quality(seen).mean(1)[at], match)
    return (total.sigmoid() - truth).square().mean() + .2 * (match.sigmoid() - truth).square().mean()


def ranking(r, draws=20000):
    """Of pairs of results of one condition: the better one shall score higher."""
    key = r["asked"] * 1000 + r["picture"] + 1
    order = key.argsort(stable=True)
    n = len(order)
    a = torch.randint(n - 1, (draws,), device=key.device)
    b = (a + torch.randint(1, 24, (draws,), device=key.device)).clamp_max(n - 1)
    a, b = order[a], order[b]
    difference = r["truth"][a] - r["truth"][b]
    use = (key[a] == key[b]) & (difference.abs() > .02)
    if not use.any():
        return r["total"].sum() * 0
    margin = (r["total"][a] - r["total"][b]) * difference.sign()
    return (F.softplus(-4 * margin) * use * difference.abs().clamp_max(.3)).sum() / use.sum()


def loss_of(r):
    weight = torch.where(r["own"], torch.where(r["good"], 2., 1.), .7)
    mean = lambda x: (x * weight).sum() / weight.sum()
    total = mean((r["total"].sigmoid() - r["truth"]).square())
    quality = (r["quality"].sigmoid() - r["own_truth"]).square().mean()
    match = mean((r["match"].sigmoid() - r["truth"]).square())
    return total + .3 * quality + .2 * match + .05 * ranking(r), total.detach()


def train(data, seconds, device, at_once=48, rate=2e-3, drop=.15, perfect_share=.5):
    judge = J.Judge(**J.ARGS).to(device)
    objects, spare = data.objects("training") or data.objects("choice"), data.objects("choice")
    optimiser = torch.optim.AdamW(judge.parameters(), lr=rate, weight_decay=.05)
    average, best, best_error = copy.deepcopy(judge), copy.deepcopy(judge), math.inf
    began, step, checked, log = time.time(), 0, 0., []
    rng = np.random.default_rng(0)
    while (share := (time.time() - began) / seconds) < 1:
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 50) * (.02 + .98 * .5 * (1 + math.cos(math.pi * share)))
        judge.train()
        judge.drop = drop
        loss, total = loss_of(forward(judge, data, [objects[i] for i in rng.choice(len(objects), min(at_once, len(objects)), replace=False)]))
        if data.perfect:
            loss = loss + perfect_share * (1 - share / 2) * perfect_loss(judge, data)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(judge.parameters(), 1.)
        optimiser.step()
        step += 1
        log.append(total)
        with torch.no_grad():
            keep = min(.995, step / (step + 10))
            for a, b in zip(average.parameters(), judge.parameters()):
                a.lerp_(b, 1 - keep)
        if time.time() - began - checked > seconds / 40:
            checked = time.time() - began
            told = measure(average, data, spare or objects)
            error = told["all"]["rms"] + told["good"]["rms"]
            print(f"step {step} {checked:.0f} s: rms {torch.stack(log).mean().sqrt():.4f}, on spare objects {told['all']['rms']:.4f}, "
                  f"good results {told['good']['rms']:.4f}", flush=True)
            log.clear()
            if error < best_error:
                best, best_error = copy.deepcopy(average), error
    print(f"{step} steps; {best_error:.4f}", flush=True)
    return best if math.isfinite(best_error) else average, {"steps": step, "objects": len(objects), "spare": len(spare), "results": len(data.rows),
                                                           "spare_error": best_error}


# ------------------------------------------------------------------------------------------------ measuring

def numbers(got, want):
    if len(got) < 2:
        return {"count": len(got)}
    error = got - want
    return {"count": len(got), "rms": float(error.square().mean().sqrt()), "bias": float(error.mean()), "mean_truth": float(want.mean()),
            "rms_of_mean": float((want - want.mean()).square().mean().sqrt()),
            "correlation": float(torch.corrcoef(torch.stack([got, want]))[0, 1]), "right_about_0.6": float(((got >= .6) == (want >= .6)).float().mean()),
            "accepted_truly": float((want >= .6).float().mean())}


@torch.no_grad()
def measure(judge, data, objects, at_once=48):
    """Numbers of all pairs, of good and spoiled results, of those asked for and others, by kind of condition; and how often
    the better one of two good results of one condition is told, of those that differ by 0.02."""
    judge.eval()
    parts = [forward(judge, data, objects[i:i + at_once]) for i in range(0, len(objects), at_once)]
    r = {k: torch.cat([p[k] for p in parts]).cpu() for k in parts[0]}
    got, want, words = r["total"].sigmoid(), r["truth"], r["picture"] < 0
    kinds = {"all": torch.ones_like(words), "good": r["own"] & r["good"], "good by picture": r["own"] & r["good"] & ~words,
             "good by words": r["own"] & r["good"] & words, "spoiled": r["own"] & ~r["good"], "of other objects": ~r["own"] & r["good"],
             "of other objects by picture": ~r["own"] & r["good"] & ~words, "of other objects by words": ~r["own"] & r["good"] & words}
    result = {name: numbers(got[mask], want[mask]) for name, mask in kinds.items()}
    for name, mask in (("good", r["good"]), ("any", torch.ones_like(words))):
        right = total = chosen = chance = best = sets = 0
        for kind in (0, -1):
            some = mask & r["own"] & (words if kind else ~words)
            for asked in r["asked"][some].unique():
                here = some & (r["asked"] == asked)
                if not kind:
                    here &= r["picture"] == asked * PICTURES
                at = {int(i): (g, w) for i, g, w in zip(r["at"][here], got[here].tolist(), want[here].tolist())}
                g, w = (torch.tensor(v) for v in zip(*at.values())) if at else (torch.zeros(0),) * 2
                if len(g) < 2:
                    continue
                d, e = w[:, None] - w, g[:, None] - g
                right += ((d > .02) & (e > 0)).sum().item()
                total += (d > .02).sum().item()
                chosen, chance, best, sets = chosen + w[g.argmax()].item(), chance + w.mean().item(), best + w.max().item(), sets + 1
        result[f"ranking, {name}"] = {"pairs": total, "right": right / max(total, 1), "sets": sets, "truth_of_chosen": chosen / max(sets, 1),
                                      "truth_of_any": chance / max(sets, 1), "truth_of_best": best / max(sets, 1)}
    return result


def by_ways(judge, data, objects):
    """Mean truth and prediction for each way of spoiling."""
    with torch.no_grad():
        r = forward(judge.eval(), data, objects)
    ways = {}
    for i, got, want, own in zip(r["at"].tolist(), r["total"].sigmoid().tolist(), r["truth"].tolist(), r["own"].tolist()):
        if own:
            ways.setdefault(data.rows[i]["what"].split("+")[0], []).append((got, want))
    return {way: {"count": len(v), "predicted": float(np.mean([g for g, _ in v])), "truth": float(np.mean([w for _, w in v])),
                  "rms": float(np.sqrt(np.mean([(g - w) ** 2 for g, w in v])))} for way, v in sorted(ways.items())}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--seeds", type=int, default=1, help="trainings, one after the other, of which the best is kept")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    a = parser.parse_args()
    began = time.time()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    data = Data(a.data, a.device)
    print(f"{len(data.rows)} results, {len(data.of)} objects, tokens after {time.time() - began:.0f} s", flush=True)
    best = None
    for seed in range(a.seeds):
        torch.manual_seed(seed)
        judge, told = train(data, a.seconds / a.seeds, a.device)
        if best is None or told["spare_error"] < best[1]["spare_error"]:
            best = judge, told
    judge, told = best
    J.save(judge, a.out)
    judge = J.load(a.out).to(a.device)                                # rounded as stored
    evaluated = data.objects("evaluation")
    result = {"training": told, "parameters": sum(p.numel() for p in judge.parameters()), "seconds": a.seconds,
              "total": {"of_quality": judge.total.weight[0, 0].item(), "of_match": judge.total.weight[0, 1].item(), "bias": judge.total.bias.item()}}
    if evaluated:
        result.update(evaluation=measure(judge, data, evaluated), by_ways=by_ways(judge, data, evaluated))
    (a.out / "evaluation.json").write_text(json.dumps(result, indent=1))
    print(json.dumps(result.get("evaluation", {}), indent=1), flush=True)


if __name__ == "__main__":
    main()
