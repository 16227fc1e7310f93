"""Loads the exports that exports.ts wrote, and compares what they answer with what ViTune does.

    python check_exports.py FOLDER

A whole model of a class of timm is also loaded by timm itself. Prints for each model and format how many exports were loaded and the greatest difference of a logit; exits 1 where one
cannot be loaded, leaves a weight unused or lacks one, or differs by more than 1e-4.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import peft
import timm
import torch
import transformers as t
from PIL import Image

LARGEST = 1e-4


def load(folder: Path) -> torch.nn.Module:
    config = t.AutoConfig.from_pretrained(folder)
    # DeiT with a teacher has a class of its own; DINOv3 has none with a head.
    kind = getattr(t, config.architectures[0])
    if not (folder / "adapter_config.json").exists():
        model, report = kind.from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
        missing = {part: sorted(keys) for part, keys in report.items() if keys}
        if kind.__name__ == "DINOv3ViTModel" and sorted(report["unexpected_keys"]) == ["classifier.bias", "classifier.weight"]:
            missing.pop("unexpected_keys")
        if missing:
            raise ValueError(f"not a whole model: {missing}")
        return model
    named = json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"]
    base = kind.from_pretrained(folder / named if named == "base" else named, config=config, ignore_mismatched_sizes=True, dtype=torch.float32)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*missing adapter keys.*")
        model = peft.PeftModel.from_pretrained(base, str(folder))
    written = json.loads((folder / "adapter_config.json").read_text())
    count = sum(name.endswith(".lora_A.default") for name, _ in model.named_modules())
    if count == 0 and written["target_modules"] != "dummy-target-modules":
        raise ValueError("no layer is adapted")
    return model.get_base_model()


def answers(folder: Path, images: list[Path]) -> np.ndarray:
    model = load(folder).eval()
    processor = t.AutoImageProcessor.from_pretrained(folder)
    pixels = processor([Image.open(path).convert("RGB") for path in images], return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        output = model(pixels)
    if hasattr(output, "logits"):
        return output.logits.numpy()
    from safetensors import safe_open

    file = folder / ("adapter_model.safetensors" if (folder / "adapter_config.json").exists() else "model.safetensors")
    with safe_open(file, "pt") as tensors:
        names = {name.split("model.")[-1]: name for name in tensors.keys() if "classifier" in name}
        weight, bias = (tensors.get_tensor(names[f"classifier.{part}"]) for part in ("weight", "bias"))
    return (output.last_hidden_state[:, 0] @ weight.T + bias).numpy()


def answers_of_timm(folder: Path, images: list[Path]) -> np.ndarray:
    model = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    transform = timm.data.create_transform(**timm.data.resolve_data_config(model=model))
    with torch.no_grad():
        return model(torch.stack([transform(Image.open(path).convert("RGB")) for path in images])).numpy()


def main() -> None:
    folder = Path(sys.argv[1])
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    t.utils.logging.set_verbosity_error()
    t.utils.logging.disable_progress_bar()
    images = [folder / "images" / f"{i}.png" for i in range(4)]
    print(f"transformers {t.__version__}, peft {peft.__version__}")
    failed = False
    for model in sorted((folder / "exports").iterdir()):
        for format in ("peft", "transformers"):
            results = {}
            for what in sorted(model.iterdir()):
                if not (what / format).exists():
                    continue
                expected = np.array(json.loads((folder / "checkpoints" / model.name / what.name / "answers.json").read_text())["logits"])
                try:
                    results[what.name] = float(np.abs(answers(what / format, images) - expected).max())
                    if json.loads((what / format / "config.json").read_text()).get("model_type") == "timm_wrapper":
                        results[f"{what.name} in timm"] = float(np.abs(answers_of_timm(what / format, images) - expected).max())
                except Exception as error:
                    results[what.name] = f"{type(error).__name__}: {str(error)[:300]}"
            worst = max((value for value in results.values() if isinstance(value, float)), default=0)
            print(f"{model.name} {format}: {len(results)} exports, greatest difference {worst:.1e}")
            for what, value in results.items():
                if not isinstance(value, float) or value > LARGEST:
                    failed = True
                    print(f"  FAILED {what}: {value}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
