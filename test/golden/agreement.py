"""From file to answer: top-1 agreement of `vitune classify` with transformers or timm on a folder of photos.

Builds small models with random weights and the preprocessing of each class, asks both, and prints per model the share
of equal answers and the largest difference of a probability. Usage:

    python agreement.py PHOTOS dist/trainer/cli.mjs     (in an environment with transformers 4, then 5)
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import timm
import torch
import transformers
from PIL import Image, ImageOps
from safetensors.torch import save_file

SMALL = {"hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "num_labels": 8, "initializer_range": 0.2}
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
MAJOR = transformers.__version__.split(".")[0]


def vision(name: str, patch: int, side: int):
    tower = {key: SMALL[key] for key in ("hidden_size", "num_hidden_layers", "num_attention_heads")}
    config = getattr(transformers, f"{name}Config")(
        vision_config={**tower, "intermediate_size": 128, "image_size": side, "patch_size": patch, "initializer_factor": 8.0},
        num_labels=8,
    )
    return getattr(transformers, f"{name}ForImageClassification")(config)


def plain(name: str, **fields):
    config = getattr(transformers, f"{name}Config")(**SMALL, intermediate_size=128, **fields)
    return getattr(transformers, f"{name}ForImageClassification")(config)


def models() -> list[tuple[str, object, dict | None, str]]:
    """Name, model, content of the file, name of the file."""
    own, combined = "preprocessor_config.json", "processor_config.json"
    vit = lambda: plain("ViT", image_size=96, patch_size=16)
    dino = lambda side: plain("Dinov2", image_size=side, patch_size=14)
    clip = lambda: vision("CLIP", 16, 96)
    kind = lambda name, **fields: {"image_processor_type": f"{name}ImageProcessor", **fields}
    both = {**IMAGENET, "resample": 3}
    return [
        ("ViT", vit(), kind("ViT", size=96), own),
        ("DeiT", plain("DeiT", image_size=96, patch_size=16), kind("DeiT", size=110, crop_size=96, **both), own),
        ("BEiT", plain("Beit", image_size=96, patch_size=16, use_relative_position_bias=True), kind("Beit", size=104, crop_size=96, do_center_crop=True, **both), own),
        ("CLIP, size a number", clip(), {"feature_extractor_type": "CLIPFeatureExtractor", "size": 96, "crop_size": 96}, own),
        ("CLIP, processor_config.json", clip(), {"image_processor": kind("CLIP", size={"shortest_edge": 96}, crop_size={"height": 96, "width": 96})}, combined),
        ("SigLIP", vision("Siglip", 16, 96), kind("Siglip", size={"height": 96, "width": 96}), own),
        ("DINOv2 at 518, crop 224", dino(518), kind("Bit", size={"shortest_edge": 256}, crop_size={"height": 224, "width": 224}, **both), own),
        ("DINOv2, only a type", dino(224), kind("Bit"), own),
        ("ViT, only a type", plain("ViT", image_size=224, patch_size=16), kind("ViT"), own),
        ("DeiT, only a type", plain("DeiT", image_size=224, patch_size=16), kind("DeiT"), own),
        ("ViT with ConvNext's crop_pct", vit(), kind("ConvNext", size={"shortest_edge": 96}, crop_pct=0.8, **both), own),
        ("ViT with EfficientNet's offset", vit(), kind("EfficientNet", size=96, rescale_offset=True, include_top=True, rescale_factor=1 / 127.5, **both), own),
        ("ViT with PoolFormer's crop_pct", vit(), kind("PoolFormer", size=96, crop_size=96, crop_pct=0.8), own),
        ("ViT with LeViT's", vit(), kind("Levit", size=96, crop_size=96), own),
        ("ViT of 32 with 4 of patch, far reduction", plain("ViT", image_size=32, patch_size=4), kind("ViT", size=32, resample=2), own),
    ]  # fmt: skip


def timm_models() -> list[tuple[str, dict]]:
    return [(f"timm, crop_mode {mode}, crop_pct {pct}", {"crop_mode": mode, "crop_pct": pct}) for mode in ("center", "squash", "border") for pct in (0.8, 1.0)]


def ask_vitune(cli: str, folder: Path, photos: list[Path], classes: int) -> list[dict[str, float]]:
    command = ["node", cli, "classify", *map(str, photos), "--checkpoint", str(folder), "--top", str(classes), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    by_path = {Path(line["path"]).name: line for line in lines if line.get("type") == "answer" or "path" in line}
    return [by_path[photo.name] for photo in photos]


def report(name: str, wanted: torch.Tensor, answers: list[dict], labels: list[str]) -> None:
    rows = [{p["label"]: p["probability"] for p in answer["predictions"]} for answer in answers]
    ours = torch.tensor([[row[label] for label in labels] for row in rows])
    equal = (ours.argmax(1) == wanted.argmax(1)).float().mean().item()
    classes = len(wanted.argmax(1).unique())
    print(f"{name}: {equal:.1%} equal, at most {(ours - wanted).abs().max():.4f} apart, {classes} classes answered", flush=True)


def main() -> None:
    folder, cli = Path(sys.argv[1]), sys.argv[2]
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    chosen = found[:: max(1, len(found) // 200)][:200]
    images = [ImageOps.exif_transpose(Image.open(path)).convert("RGB") for path in chosen]
    print(f"transformers {transformers.__version__}, timm {timm.__version__}, {len(images)} photos")
    with tempfile.TemporaryDirectory() as root:
        photos = []
        for i, path in enumerate(chosen):
            photos.append(Path(root) / f"{i}{path.suffix}")
            photos[-1].write_bytes(path.read_bytes())
        for i, (name, model, content, file) in enumerate(models()):
            torch.manual_seed(i)
            model.apply(model._init_weights)
            torch.nn.init.normal_(model.classifier.weight if hasattr(model, "classifier") else model.cls_classifier.weight, std=2.0)
            target = Path(root) / f"model {i}"
            model.eval().save_pretrained(target)
            (target / file).write_text(json.dumps(content))
            processor = transformers.AutoImageProcessor.from_pretrained(target)
            with torch.no_grad():
                logits = [model(**processor(image, return_tensors="pt")).logits[0] for image in images]
            labels = [model.config.id2label[j] for j in range(8)]
            report(name, torch.stack(logits).softmax(1), ask_vitune(cli, target, photos, 8), labels)
        for i, (name, fields) in enumerate(timm_models()):
            torch.manual_seed(i)
            made = timm.create_model("vit_tiny_patch16_224", num_classes=8, img_size=96).eval()
            for weight in made.parameters():
                if weight.ndim > 1:
                    torch.nn.init.normal_(weight, std=0.1)
            torch.nn.init.normal_(made.head.weight, std=2.0)
            target = Path(root) / f"timm {i}"
            target.mkdir()
            cfg = {"input_size": [3, 96, 96], "interpolation": "bicubic", "mean": [0.5] * 3, "std": [0.5] * 3, **fields}
            save_file(made.state_dict(), target / "model.safetensors")
            labels = [f"class {j}" for j in range(8)]
            config = {"architecture": "vit_tiny_patch16_224", "num_classes": 8, "model_args": {"img_size": 96}, "pretrained_cfg": cfg, "label_names": labels}
            (target / "config.json").write_text(json.dumps(config))
            transform = timm.data.create_transform(**timm.data.resolve_data_config(pretrained_cfg=cfg))
            with torch.no_grad():
                logits = [made(transform(image)[None])[0] for image in images]
            report(name, torch.stack(logits).softmax(1), ask_vitune(cli, target, photos, 8), labels)


main()
