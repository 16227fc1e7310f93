"""Makes a small model under every name of timm that ViTune reads, and what timm answers about photos, from file to answer.

    node --import tsx test/golden/timmNames.ts names > names.txt
    python timm_names.py names.txt PHOTOS FOLDER [full]
    node --import tsx test/golden/timmNames.ts compare FOLDER

Two blocks of width 48 in place of the name's own, all else as the name says; with `full` the real size (for a few names). Weights are
random, gains and biases included, and large enough for every part to matter. Photos are prepared by timm's own transform.
"""

import json
import sys
from pathlib import Path

import timm
import torch
from PIL import Image
from timm.models import save_for_hf

LABELS = ["apple", "birch", "cloud", "dune", "ember"]


def randomise(model: torch.nn.Module) -> None:
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for key, tensor in model.named_parameters():
            is_scale = ("norm" in key and key.endswith("weight")) or "gamma" in key
            spread = 0.3 if is_scale or tensor.ndim < 2 or any(part in key for part in ("pos_embed", "token", "latent")) else tensor[0].numel() ** -0.5
            tensor.copy_(float(is_scale) + spread * torch.randn(tensor.shape, generator=generator))


def make(name: str, photos: list[Image.Image], folder: Path, full: bool) -> None:
    patch = timm.create_model(name, depth=1, embed_dim=48, num_heads=2).patch_embed.patch_size[0]
    small = {} if full else dict(depth=2, embed_dim=48, num_heads=2, img_size=(6 * patch, 6 * patch))
    model = timm.create_model(name, num_classes=len(LABELS), **small).eval()
    randomise(model)
    # A size that is not fixed by the model is that of its pretrained_cfg.
    if small:
        model.pretrained_cfg["input_size"] = (3, *small["img_size"])
    save_for_hf(model, str(folder), model_args=small, model_config={"label_names": LABELS}, safe_serialization=True)
    config = json.loads((folder / "config.json").read_text())
    config["label_names"] = LABELS
    (folder / "config.json").write_text(json.dumps(config))
    loaded = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    transform = timm.data.create_transform(**timm.data.resolve_data_config(pretrained_cfg=loaded.pretrained_cfg, model=loaded))
    with torch.no_grad():
        probabilities = loaded(torch.stack([transform(photo) for photo in photos])).softmax(1)
    (folder / "answers.json").write_text(json.dumps(probabilities.tolist()))


def main() -> None:
    names, photos, folder, *rest = sys.argv[1:]
    torch.set_num_threads(1)
    paths = sorted(path for path in Path(photos).rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    chosen = paths[:: max(1, len(paths) // 6)][:6]
    Path(folder, "models").mkdir(parents=True, exist_ok=True)
    Path(folder, "photos.json").write_text(json.dumps([str(path.resolve()) for path in chosen]))
    images = [Image.open(path).convert("RGB") for path in chosen]
    for name in Path(names).read_text().split():
        make(name, images, Path(folder, "models", name), rest == ["full"])
    print("timm", timm.__version__, len(chosen), "photos")


if __name__ == "__main__":
    main()
