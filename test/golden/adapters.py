"""Writes adapters of every kind that PEFT makes on the golden models, and what they answer once loaded again: `adapters/`.

    python adapters.py transformers4      (in an environment with transformers 4)
    python adapters.py transformers5      (in one with transformers 5; each run replaces its own folder)

The images are the first four of images.bin. A and B are random, so that an adapter that is left out or scaled otherwise shows.
"""

import json
import shutil
import sys
import warnings
from pathlib import Path

import numpy as np
import peft
import torch
import transformers as t

HERE = Path(__file__).resolve().parent
COUNT, SIZE, LABELS = 4, 32, 5
SAVED = dict(modules_to_save=["classifier"])


def variants(old: bool) -> dict:
    """Adapters of ViT, with names of transformers 4 or 5."""
    query, value, key = ("query", "value", "key") if old else ("q_proj", "v_proj", "k_proj")
    block = "vit.encoder.layer" if old else "vit.layers"
    attention = "attention.attention" if old else "attention"
    mlp = ("intermediate.dense", "output.dense") if old else ("fc1", "fc2")
    both = dict(target_modules=[query, value], r=2, **SAVED)
    return {
        "alpha-regex": dict(both, lora_alpha=4, alpha_pattern={rf"^{block}\.[01]\.{attention}\.{query}": 16, f"2.{attention}.{value}": 1}),
        "rank-regex": dict(both, lora_alpha=3, use_rslora=True, rank_pattern={rf".*\.{value}": 3, rf"(?:.+)0\..*{query}": 1}),
        "bias-all": dict(both, bias="all"),
        "bias-lora-only": dict(both, bias="lora_only"),
        "pissa": dict(both, lora_alpha=3, init_lora_weights="pissa"),
        "pissa-dora": dict(both, init_lora_weights="pissa", use_dora=True, target_modules=[query, *mlp]),
        "olora": dict(both, lora_alpha=3, init_lora_weights="olora", target_modules=[key, *mlp]),
        "olora-rslora": dict(both, lora_alpha=2, init_lora_weights="OLoRA", use_rslora=True),
        "orthogonal": dict(both, init_lora_weights="orthogonal"),
        "gaussian": dict(both, init_lora_weights="gaussian"),
        "head": dict(r=2, target_modules=[query, "classifier"]),
        "head-alone": dict(r=2, target_modules=["classifier"], lora_alpha=5, use_dora=True),
        "target-regex": dict(r=2, target_modules=rf".*\.(0|2)\..*{query}|.*{value}", **SAVED),
        "excluded": dict(r=2, target_modules="all-linear", exclude_modules=rf".*\.1\..*|classifier", **SAVED),
        "excluded-list": dict(r=2, target_modules="all-linear", exclude_modules=["classifier", mlp[1]]),
        "layers": dict(both, layers_to_transform=[0, 2], layers_pattern="layer" if old else "layers"),
        "layer": dict(both, layers_to_transform=1),
        "fan-in-fan-out": dict(both, fan_in_fan_out=True),
        "lora-bias": dict(both, lora_alpha=5, lora_bias=True),
        "norms-saved": dict(r=2, target_modules=[query], modules_to_save=["classifier", "layernorm_before", "vit.layernorm"]),
        "minimal": dict(both, lora_dropout=0.3, runtime_config=peft.LoraRuntimeConfig(), task_type="FEATURE_EXTRACTION"),
    }


FAMILIES = {
    "deit-teacher": ("DeiTForImageClassificationWithTeacher", ["cls_classifier", "distillation_classifier"]),
    "dinov2": ("Dinov2ForImageClassification", ["classifier"]),
    "dinov2-registers": ("Dinov2WithRegistersForImageClassification", ["classifier"]),
    "clip": ("CLIPForImageClassification", ["classifier"]),
    "siglip": ("SiglipForImageClassification", ["classifier"]),
    "beit": ("BeitForImageClassification", ["classifier"]),
}


def load(name: str, class_name: str) -> torch.nn.Module:
    torch.manual_seed(5)
    return getattr(t, class_name).from_pretrained(HERE / "models" / name, num_labels=LABELS, ignore_mismatched_sizes=True, dtype=torch.float32)


def pixel_values(name: str) -> torch.Tensor:
    images = np.fromfile(HERE / "images.bin", dtype=np.uint8).reshape(-1, SIZE, SIZE, 3)[:COUNT]
    spec = json.loads((HERE / "models" / name / "preprocessor_config.json").read_text())
    normal = (images.astype(np.float64) / 255 - np.array(spec["image_mean"])) / np.array(spec["image_std"])
    return torch.from_numpy(normal.transpose(0, 3, 1, 2).astype(np.float32))


def make(folder: Path, name: str, class_name: str, options: dict) -> list:
    torch.manual_seed(8)
    model = peft.get_peft_model(load(name, class_name), peft.LoraConfig(**options)).eval()
    with torch.no_grad():
        for key, tensor in model.named_parameters():
            if "modules_to_save" in key or "lora_" in key or (options.get("bias", "none") != "none" and tensor.requires_grad):
                tensor.add_(0.2 * torch.randn(tensor.shape))
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    config = folder / "adapter_config.json"
    written = {**json.loads(config.read_text()), "base_model_name_or_path": f"../../../models/{name}"}
    for field in ("target_modules", "exclude_modules", "modules_to_save"):
        # Sets have an order of their own each time.
        if isinstance(written[field], list):
            written[field].sort()
    config.write_text(json.dumps(written, indent=1) + "\n")
    loaded = peft.PeftModel.from_pretrained(load(name, class_name), folder).eval()
    with torch.no_grad():
        return loaded.get_base_model()(pixel_values(name)).logits.tolist()


def main() -> None:
    version = sys.argv[1]
    assert t.__version__.startswith(version[-1]), t.__version__
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    t.utils.logging.set_verbosity_error()
    t.utils.logging.disable_progress_bar()
    folder = HERE / "adapters" / version
    shutil.rmtree(folder, ignore_errors=True)
    answers = {}
    for name, options in variants(version.endswith("4")).items():
        answers[name] = make(folder / name, "vit", "ViTForImageClassification", options)
    for name, (class_name, saved) in FAMILIES.items():
        options = dict(r=2, lora_alpha=3, use_dora=True, target_modules="all-linear", modules_to_save=saved)
        answers[name] = make(folder / name, name, class_name, options)
    versions = {"torch": torch.__version__, "transformers": t.__version__, "peft": peft.__version__}
    rounded = json.loads(json.dumps(answers), parse_float=lambda text: float(f"{float(text):.8g}"))
    (folder / "logits.json").write_text(json.dumps({"versions": versions, "logits": rounded}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
