"""The judge of the toy world: heads on the embedded model's frozen encoders, that predict what the rehearsal's validator
gives to splats, from four of their views and from the picture or the caption that was asked for.

    python ops/nano/judge.py golden --out tests/golden/nano/judge.safetensors      needs pillow
    python ops/nano/judge.py random FOLDER                                         untrained weights

generator/score/judge_network.hpp is the same forward pass; `golden` stores what comes of a perfect rocket's views, asked
for by a picture of the rehearsal and by its caption. How the judge is trained: judge_train.py, on what judge_data.py
gathers.
"""
import argparse
import json
import math
import pathlib
import sys

import torch
import torch.nn.functional as F
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "reference")]
import trellis

STEP, SIDE = 4, 224                    # every fourth of the validator's 15 views
VIEWS, FRAME = (14 + STEP) // STEP, 5
ARGS = dict(channels=192, registers=4, text_channels=192, queries=4, width=128, heads=8, quality_width=64, match_width=96,
            step=STEP, side=SIDE)
MODEL = ROOT / "generator/nano/model"


class Judge(nn.Module):
    def __init__(self, channels, registers, text_channels, queries, width, heads, quality_width, match_width, **_):
        super().__init__()
        self.registers, self.heads, self.drop = registers, heads, 0.
        self.queries = nn.Parameter(torch.randn(queries, channels))
        self.embedding = nn.Parameter(torch.randn(VIEWS, width) * .02)
        self.look, self.frame = nn.Linear((4 + queries) * channels, width), nn.Linear(FRAME, width)
        self.view, self.picture = nn.Linear(width, width), nn.Linear(width, width)
        self.words1, self.words2 = nn.Linear(3 * text_channels, width), nn.Linear(width, width)
        self.quality1, self.quality2 = nn.Linear(2 * width, quality_width), nn.Linear(quality_width, 1)
        self.match1, self.match2 = nn.Linear(VIEWS * heads + 3 * width, match_width), nn.Linear(match_width, 1)
        self.total = nn.Linear(2, 1)
        with torch.no_grad():
            self.total.weight.copy_(torch.tensor([[.5, .5]]))
            self.total.bias.zero_()

    def pool(self, tokens):
        """[B, 1 + R + P, C] -> [B, (4 + Q) C]: class token, mean of registers, mean and maximum of patches, gathered by queries."""
        registers, patches = tokens[:, 1:1 + self.registers], tokens[:, 1 + self.registers:]
        weight = (patches @ self.queries.t() / math.sqrt(tokens.shape[-1])).softmax(1)
        pooled = torch.cat([tokens[:, 0], registers.mean(1), patches.mean(1), patches.amax(1), (weight.transpose(1, 2) @ patches).flatten(1)], 1)
        return F.dropout(pooled, self.drop, self.training)

    def by_picture(self, pooled):
        return self.picture(F.gelu(self.look(pooled)))

    def by_words(self, tokens):
        pooled = torch.cat([tokens.mean(1), tokens.amax(1), tokens[:, -1]], 1)
        return self.words2(F.gelu(self.words1(F.dropout(pooled, self.drop, self.training))))

    def see(self, pooled, frames):
        """pooled [B * V, ...], frames [B, V, 5] -> [B, V, W]."""
        return F.gelu(self.look(pooled).unflatten(0, (-1, VIEWS)) + self.frame(frames) + self.embedding)

    def quality(self, seen):
        """-> logits [B, V]; their mean is the quality's."""
        both = torch.cat([seen, seen.mean(1, keepdim=True).expand_as(seen)], -1)
        return self.quality2(F.gelu(self.quality1(F.dropout(both, self.drop, self.training))))[..., 0]

    def by_heads(self, embedding):
        parts = embedding.unflatten(-1, (self.heads, -1))
        return parts / parts.norm(dim=-1, keepdim=True).clamp_min(1e-6)

    def views(self, seen):
        return self.by_heads(self.view(seen))

    def match(self, views, asked):
        """views [B, V, H, W / H], asked [B, W] -> logit [B], cosines [B, V, H]."""
        asked = self.by_heads(asked)
        cosines = (views * asked[:, None]).sum(-1)
        mean, wanted = views.mean(1).flatten(1), asked.flatten(1)
        x = torch.cat([cosines.flatten(1), wanted, mean, wanted * mean], 1)
        return self.match2(F.gelu(self.match1(F.dropout(x, self.drop, self.training))))[:, 0], cosines

    def add(self, quality, match):
        """Both logits [B] -> the score's logit."""
        return self.total(torch.stack([quality, match], 1))[:, 0]


def encoders(device="cpu", model=MODEL):
    """-> picture encoder, text encoder; weights as stored, arithmetic in fp32."""
    from safetensors.torch import load_file

    def encoder(cls, name):
        m = cls(**json.loads((model / f"ckpts/{name}.json").read_text())["args"])
        m.load_state_dict({k: v.float() for k, v in load_file(str(model / f"ckpts/{name}.safetensors")).items()})
        return m.to(device).eval().requires_grad_(False)
    return encoder(trellis.DinoV2, "dinov2_nano_reg"), encoder(trellis.ClipText, "clip_nano")


def look(encoder, pixels):
    """u8 [B, S, S, 3] -> tokens [B, L, C]."""
    mean, std = (torch.tensor(v, device=pixels.device).view(1, 3, 1, 1) for v in (trellis.IMAGENET_MEAN, trellis.IMAGENET_STD))
    return encoder.condition((pixels.permute(0, 3, 1, 2).float() / 255 - mean) / std)


def save(judge, folder):
    from safetensors.torch import save_file
    folder.mkdir(parents=True, exist_ok=True)
    save_file({k: v.detach().half().cpu().contiguous() for k, v in judge.state_dict().items()}, str(folder / "judge.safetensors"))
    (folder / "judge.safetensors").chmod(0o644)
    (folder / "judge.json").write_text(json.dumps({"name": "Judge", "args": ARGS}, indent=1))


def load(folder=MODEL / "ckpts"):
    from safetensors.torch import load_file
    judge = Judge(**json.loads((folder / "judge.json").read_text())["args"])
    judge.load_state_dict({k: v.float() for k, v in load_file(str(folder / "judge.safetensors")).items()})
    return judge.eval()


# ------------------------------------------------------------------------------------------------ golden

def for_judge(rgb):
    """RGB u8 array on white -> the encoder's picture u8 [224, 224, 3], frame; judge_input.hpp."""
    import numpy as np
    import recipe
    from PIL import Image
    there = rgb.min(-1) < 250
    if not there.any():
        return np.zeros((SIDE, SIDE, 3), np.uint8), [0.] * FRAME
    (rows, columns), (h, w) = np.nonzero(there), there.shape
    rgba = np.concatenate([rgb * there[..., None], there[..., None] * np.uint8(255)], -1).astype(np.uint8)
    frame = [columns.min() / w, rows.min() / h, (columns.max() + 1) / w, (rows.max() + 1) / h, there.sum() / (w * h)]
    return recipe.prepare(Image.fromarray(rgba, "RGBA"), SIDE), frame


@torch.no_grad()
def golden(entry, out):
    """entry: of ops/rehearsal/manifest.json. Everything in fp32 on a CPU."""
    import judge_data
    import numpy as np
    import shapes
    import world
    from PIL import Image
    from safetensors.torch import save_file
    judge, (vit, text) = load(), encoders()
    views = judge_data.validator_pictures(judge_data.centred(shapes.make_batch([entry["object"]], "cpu")[0]))
    picture = Image.open(ROOT / "ops/rehearsal" / entry["file"]).convert("RGBA")
    picture = np.asarray(Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB"))
    prepared, frames = zip(*(for_judge(v.numpy()) for v in views))
    bytes_of = lambda arrays: torch.from_numpy(np.stack(arrays).copy())
    frames = torch.tensor([frames], dtype=torch.float32)
    seen = judge.see(judge.pool(look(vit, bytes_of(prepared))), frames)
    quality = judge.quality(seen)
    result = dict(views=views, frames=frames[0], quality_of_view=quality[0])
    for kind, asked in (("picture", judge.by_picture(judge.pool(look(vit, bytes_of([for_judge(picture)[0]]))))),
                        ("words", judge.by_words(text(torch.tensor([world.tokenizer()(entry["caption"])]))))):
        match, cosines = judge.match(judge.views(seen), asked)
        result.update({f"{kind}.match": match, f"{kind}.cosine_of_view": cosines[0].mean(-1), f"{kind}.total": judge.add(quality.mean(1), match)})
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in result.items()}, str(out))
    out.chmod(0o644)
    print({k: round(torch.sigmoid(v).item(), 4) for k, v in result.items() if k.endswith(("match", "total"))})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("golden")
    command.add_argument("--out", type=pathlib.Path, required=True)
    command.add_argument("--picture", default="05_orange_rocket.png", help="one that ops/rehearsal/manifest.json lists")
    commands.add_parser("random").add_argument("folder", type=pathlib.Path)
    a = parser.parse_args()
    if a.command == "golden":
        entries = json.loads((ROOT / "ops/rehearsal/manifest.json").read_text())["pictures"]
        golden(next(e for e in entries if e["file"] == a.picture), a.out)
    else:
        torch.manual_seed(1)
        save(Judge(**ARGS), a.folder)


if __name__ == "__main__":
    main()
