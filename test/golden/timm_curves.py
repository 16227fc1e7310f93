"""Writes how timm's own classes train: `timm-curves.json`, in the form of make.py's files, and the adapter of the LoRA curve.

    python timm_curves.py      (after make_families.py)
"""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import peft
import timm
import torch
import transformers
from safetensors.torch import save_file

import make
import make_families

HERE = Path(__file__).resolve().parent
CURVES = {
    "timm-siglip": {"full": make.Curve("full", 1e-3)},
    "timm-dinov3-plus": {"full": make.Curve("full", 1e-3)},
    # Its query, key and value are layers of their own, so that PEFT adapts the same ones.
    "timm-eva02-clip": {"full": make.Curve("full", 1e-3), "lora": make.Curve("lora", 1e-2)},
}


class Wrapped(torch.nn.Module):
    """A network that answers as the classes of transformers do."""

    def __init__(self, model: torch.nn.Module):
        super().__init__()
        self.timm_model = model

    def forward(self, pixels: torch.Tensor) -> SimpleNamespace:
        return SimpleNamespace(logits=self.timm_model(pixels))


def adapted(name: str, method: str) -> torch.nn.Module:
    model = make_families.load(name)
    if method == "full":
        return Wrapped(model)
    torch.manual_seed(5)
    config = peft.LoraConfig(r=make.LORA_RANK, lora_alpha=make.LORA_ALPHA, lora_dropout=0.0, target_modules=["q_proj", "v_proj"], modules_to_save=["head"])
    return Wrapped(peft.get_peft_model(model, config))


def curve_of(name: str, key: str, images: np.ndarray, truth: list[int]) -> dict:
    curve = CURVES[name][key]
    batches = make.make_batches(curve.micro_batches)
    pixels, labels = make_families.pixel_values(name, images), torch.tensor(truth)
    model = adapted(name, curve.method)
    trainable = sum(tensor.numel() for tensor in model.parameters() if tensor.requires_grad)
    if curve.method == "lora":
        folder = HERE / "curves" / f"{name}-{key}-initial"
        folder.mkdir(exist_ok=True)
        state = peft.get_peft_model_state_dict(model.timm_model)
        save_file({name: tensor.contiguous() for name, tensor in state.items()}, folder / "adapter_model.safetensors")
    record = make.train(model, pixels, labels, batches, curve)
    print(name, key, f"loss {record['loss'][0]:.4f} -> {record['loss'][-1]:.4f}")
    return {
        "method": curve.method,
        "learningRate": curve.rate,
        "weightDecay": curve.weight_decay,
        "trainableParameters": trainable,
        "batches": batches,
        "steps": {part: record[part] for part in ("loss", "learningRate", "gradientNorm")},
        "finalLogits": record["finalLogits"],
        "decayed": record["decayed"],
    }


def main() -> None:
    torch.set_num_threads(1)
    images, truth = make.make_images()
    golden = {"versions": {"torch": torch.__version__, "timm": timm.__version__, "peft": peft.__version__, "transformers": transformers.__version__}}
    golden["curves"] = {name: {key: curve_of(name, key, images, truth) for key in curves} for name, curves in CURVES.items()}
    (HERE / "timm-curves.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
