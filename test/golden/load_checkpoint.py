"""Loads a checkpoint that ViTune wrote with plain transformers and PEFT, and prints what it answers, one JSON line.

    python load_checkpoint.py CHECKPOINT PICTURE... [--base FOLDER]
    python load_checkpoint.py CHECKPOINT [--base FOLDER] --pixels FILE.bin    uint8 [N, height, width, 3] at the model's own size

CHECKPOINT is a model folder (config.json, model.safetensors) or a PEFT adapter folder (adapter_config.json,
adapter_model.safetensors and the config.json with its labels); --base is the folder of the model under an adapter, by
default the one that adapter_config.json names. Exits 1 if any weight of the checkpoint was not used.
"""

import argparse
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import peft
import torch
import transformers
from PIL import Image
from safetensors import safe_open
from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageClassification


def load(checkpoint: Path, base: str | None) -> torch.nn.Module:
    if not (checkpoint / "adapter_config.json").exists():
        model, report = AutoModelForImageClassification.from_pretrained(checkpoint, output_loading_info=True)
        wrong = {part: list(keys) for part, keys in report.items() if keys}
        if wrong:
            sys.exit(f"not a whole model: {wrong}")
        return model
    # The checkpoint's own config has the new labels; the head of the base may have another size and is replaced below.
    config = AutoConfig.from_pretrained(checkpoint)
    base = base or json.loads((checkpoint / "adapter_config.json").read_text(encoding="utf8"))["base_model_name_or_path"]
    model = AutoModelForImageClassification.from_pretrained(base, config=config, ignore_mismatched_sizes=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*missing adapter keys.*")
        model = peft.PeftModel.from_pretrained(model, str(checkpoint))
    check_used(model, checkpoint)
    return model


# Names of one and the same module: transformers 4.x (and all files on the hub), and transformers 5.x.
RENAMED = [
    ("encoder.layer.", "layers."),
    ("attention.attention.query", "attention.q_proj"),
    ("attention.attention.key", "attention.k_proj"),
    ("attention.attention.value", "attention.v_proj"),
    ("attention.output.dense", "attention.o_proj"),
    ("intermediate.dense", "mlp.fc1"),
    ("output.dense", "mlp.fc2"),
]


def current_name(name: str) -> str:
    for old, new in RENAMED:
        name = name.replace(old, new)
    return name


def check_used(model: peft.PeftModel, checkpoint: Path) -> None:
    """Every tensor of the adapter file must now be in the model: PEFT passes over names that it does not know.

    A file may hold an adapter under the names of both transformers 4.x and 5.x; then one of the two is read.
    """
    loaded = {current_name(name): tensor for name, tensor in peft.get_peft_model_state_dict(model).items()}
    with safe_open(checkpoint / "adapter_model.safetensors", "pt") as file:
        stored = {name: file.get_tensor(name) for name in file.keys()}
    wrong = [name for name, tensor in stored.items() if not torch.equal(loaded.get(current_name(name), torch.empty(0)).float(), tensor.float())]
    missing = sorted(set(loaded) - {current_name(name) for name in stored})
    if wrong or missing:
        sys.exit(f"adapter not loaded as written: unused or differing {wrong}, missing {missing}")


def pixel_values(checkpoint: Path, config: transformers.PretrainedConfig, args: argparse.Namespace) -> torch.Tensor:
    processor = AutoImageProcessor.from_pretrained(checkpoint, use_fast=False)
    if args.pixels:
        size = config.image_size if isinstance(config.image_size, (list, tuple)) else (config.image_size, config.image_size)
        images = list(np.fromfile(args.pixels, dtype=np.uint8).reshape(-1, *size, 3))
        return processor(images, do_resize=False, do_center_crop=False, return_tensors="pt", input_data_format="channels_last")["pixel_values"]
    images = [Image.open(path).convert("RGB") for path in args.images]
    return processor(images, return_tensors="pt")["pixel_values"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("images", nargs="*")
    parser.add_argument("--base")
    parser.add_argument("--pixels")
    args = parser.parse_args()
    model = load(args.checkpoint, args.base).eval()
    with torch.no_grad():
        logits = model(pixel_values(args.checkpoint, model.config, args)).logits
    labels = [model.config.id2label[i] for i in range(model.config.num_labels)]
    print(json.dumps({
        "transformers": transformers.__version__,
        "peft": peft.__version__,
        "labels": labels,
        "logits": logits.tolist(),
        "predictions": [labels[i] for i in logits.argmax(-1)],
    }))


if __name__ == "__main__":
    main()
