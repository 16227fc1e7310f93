"""What the image processors of transformers (4 or 5, whichever is installed) and timm make of images of odd sizes.

Writes processors/VERSION.json (defaults of each class; name and configuration of each case) and processors/VERSION.bin
(for each case and image the float16 values [3, 12, 12] at a grid of pixels). Usage: python processors.py
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import timm.data
import transformers
from PIL import Image

HERE = Path(__file__).parent / "processors"
MAJOR = transformers.__version__.split(".")[0]
SIDE = 12
SIZES = [(97, 61), (61, 98), (427, 640), (20, 31)]
CLASSES = (
    "ViT DeiT Beit CLIP Bit Siglip ConvNext EfficientNet MobileNetV1 MobileNetV2 MobileViT Levit PoolFormer Pvt DINOv3ViT"
).split()
FIELDS = (
    "do_resize size resample do_center_crop crop_size crop_pct do_rescale rescale_factor do_normalize image_mean "
    "image_std do_flip_channel_order rescale_offset include_top"
).split()
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}


def wave(height: int, width: int) -> Image.Image:
    """Slanted triangle waves, other ones in each channel; the test computes the same in whole numbers."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    place = (x * (5 + c) + y * (3 + 2 * c) + (x * y) // 16 + 40 * c) % 510
    return Image.fromarray(np.minimum(place, 510 - place).astype(np.uint8))


def cases() -> list[dict]:
    found = []
    for name in CLASSES:
        kinds = ["Fast"] if name == "DINOv3ViT" else ["", "Fast"]
        found += [{"image_processor_type": f"{name}ImageProcessor{kind}"} for kind in kinds]
    both = {**IMAGENET, "resample": 3}
    of = lambda name, **fields: found.append({"image_processor_type": f"{name}ImageProcessor", **fields})
    for resample in (0, 2, 3):
        of("ViT", size={"height": 37, "width": 37}, resample=resample)
    of("ViT", size=41, do_normalize=False)
    of("ViT", size=[41, 41], do_rescale=False, do_normalize=False)
    of("ViT", size=33, rescale_factor=1 / 127.5, image_mean=1.0, image_std=1.0)
    of("ViT", size=33, do_flip_channel_order=True, include_top=True, rescale_offset=True, crop_pct=0.5)
    of("DeiT", size=47, crop_size=32, **both)
    of("DeiT", size={"height": 47, "width": 51}, crop_size={"height": 33, "width": 32}, **both)
    of("DeiT", size={"height": 24, "width": 25}, crop_size=32, **both)
    of("Beit", size=40, crop_size=33, do_center_crop=True, **both)
    of("Beit", size=40, crop_size=33, do_center_crop=False, **both)
    for name in ("CLIP", "Bit"):
        of(name, size=37, crop_size=32, **both)
        of(name, size={"shortest_edge": 37}, crop_size={"height": 37, "width": 37}, **both)
        of(name, size={"height": 40, "width": 43}, crop_size=32, **both)
        of(name, size=24, crop_size=37, **both)
    found.append({"feature_extractor_type": "CLIPFeatureExtractor", "size": 37, "crop_size": 32, **both})
    of("Siglip", size={"height": 37, "width": 37}, resample=3)
    for crop_pct in (0.875, 0.95, 1.0):
        of("ConvNext", size={"shortest_edge": 37}, crop_pct=crop_pct, **both)
    of("ConvNext", size=40, **both)
    of("ConvNext", size={"shortest_edge": 384}, resample=3)
    of("EfficientNet", size=47, crop_size=33, do_center_crop=True, **both)
    of("EfficientNet", size=47, include_top=False, rescale_offset=True, rescale_factor=1 / 127.5, **both)
    of("EfficientNet", size=47, include_top=True, rescale_offset=True, rescale_factor=1 / 127.5, do_normalize=False, **both)
    for name in ("MobileNetV1", "MobileNetV2"):
        of(name, size={"shortest_edge": 37}, crop_size=32, resample=2)
    of("MobileViT", size=37, crop_size=32, resample=2)
    of("MobileViT", size=37, crop_size=32, resample=2, do_flip_channel_order=False)
    of("Levit", size=32, crop_size=32)
    of("Levit", size={"height": 40, "width": 43}, crop_size=32)
    of("PoolFormer", size=32, crop_size=32, crop_pct=0.9)
    of("PoolFormer", size={"height": 32, "width": 32}, crop_size=32, crop_pct=0.95)
    of("PoolFormer", size={"height": 32, "width": 36}, crop_size=32, crop_pct=0.95)
    of("PoolFormer", size=40, crop_size=32, crop_pct=None)
    of("Pvt", size=37, resample=2)
    found.append({"image_processor_type": "DINOv3ViTImageProcessorFast", "size": {"height": 37, "width": 37}, "resample": 3})
    for mode in (None, "center", "squash", "border"):
        for pct in (None, 0.9, 1.0):
            pretrained = {"input_size": [3, 33, 33], "crop_mode": mode, "crop_pct": pct}
            found.append({"timm": {key: value for key, value in pretrained.items() if value is not None}})
    found.append({"timm": {"input_size": [3, 32, 32], "interpolation": "bilinear", "mean": [0.5] * 3, "std": [0.5] * 3}})
    found.append({"timm": {}})
    return found


def values(config: dict, images: list[Image.Image]) -> list[np.ndarray]:
    if "timm" in config:
        transform = timm.data.create_transform(**timm.data.resolve_data_config(pretrained_cfg={"x": 0, **config["timm"]}))
        return [transform(image).numpy() for image in images]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "preprocessor_config.json").write_text(json.dumps(config))
        processor = transformers.AutoImageProcessor.from_pretrained(folder)
        return [processor(image, return_tensors="pt")["pixel_values"][0].numpy() for image in images]


def grid(pixels: np.ndarray) -> np.ndarray:
    _, height, width = pixels.shape
    at = lambda length: (np.arange(SIDE) * 2 + 1) * length // (2 * SIDE)
    return pixels[:, at(height)][:, :, at(width)].astype(np.float16)


def main() -> None:
    HERE.mkdir(exist_ok=True)
    images = [wave(*size) for size in SIZES]
    defaults = {}
    for name in CLASSES:
        for kind in ("", "Fast"):
            made = getattr(transformers, f"{name}ImageProcessor{kind}", None)
            if made is None or "Dummy" in str(type(made)):
                continue
            known = json.loads(made().to_json_string())
            defaults[name + kind] = {field: known[field] for field in FIELDS if known.get(field) is not None}
    entries, bytes_of = [], []
    for config in cases():
        outputs = values(config, images)
        entries.append({"config": config, "sizes": [list(pixels.shape[1:]) for pixels in outputs]})
        bytes_of += [grid(pixels).tobytes() for pixels in outputs]
    text = {"versions": {"transformers": transformers.__version__, "timm": timm.__version__}, "sizes": SIZES}
    listed = ",\n".join(json.dumps(entry) for entry in entries)
    classes = ",\n".join(f"{json.dumps(name)}: {json.dumps(fields)}" for name, fields in defaults.items())
    head = json.dumps(text)[:-1]
    (HERE / f"{MAJOR}.json").write_text(f'{head},\n"defaults": {{\n{classes}\n}},\n"cases": [\n{listed}\n]}}\n')
    (HERE / f"{MAJOR}.bin").write_bytes(b"".join(bytes_of))
    print(MAJOR, len(entries), "cases", file=sys.stderr)


main()
