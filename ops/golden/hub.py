"""Small random encoders as transformers saves them, and what they answer, for tests/golden/hub.

    python ops/golden/hub.py

Writes dinov2/ (Dinov2WithRegistersModel) and clip/ (the whole CLIPModel, of which only the text tower is wanted) with
config.json and model.safetensors under the hub's own tensor names, and golden.safetensors. Needs torch and transformers
(5.24 was used).
"""
import pathlib

import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, Dinov2WithRegistersConfig, Dinov2WithRegistersModel

ROOT = pathlib.Path(__file__).parents[2] / "tests/golden/hub"
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def shaken(model):
    """Initial weights leave biases at zero and scales at one, where an exchange of names would not show."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return model.eval()


@torch.no_grad()
def main():
    torch.manual_seed(5)
    golden = {}

    dino = shaken(Dinov2WithRegistersModel(Dinov2WithRegistersConfig(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=3, mlp_ratio=2, image_size=21, patch_size=7,
        num_register_tokens=3)))
    dino.save_pretrained(ROOT / "dinov2")
    picture = torch.randint(0, 256, (21, 21, 3), dtype=torch.uint8)
    mean, deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, DEVIATION))
    x = (picture.permute(2, 0, 1)[None].float() / 255 - mean) / deviation
    golden["image_u8_hwc"] = picture
    golden["dino_x_prenorm"] = dino(x, output_hidden_states=True).hidden_states[-1]

    size = dict(hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3)
    clip = shaken(CLIPModel(CLIPConfig(text_config=dict(size, vocab_size=50, max_position_embeddings=16),
                                       vision_config=dict(size, image_size=8, patch_size=4), projection_dim=8)))
    clip.save_pretrained(ROOT / "clip")
    golden["ids"] = torch.randint(0, 50, (2, 16))
    golden["last_hidden_state"] = clip.text_model(input_ids=golden["ids"]).last_hidden_state
    save_file({k: v.contiguous() for k, v in golden.items()}, ROOT / "golden.safetensors")


if __name__ == "__main__":
    main()
