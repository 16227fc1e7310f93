"""Writes what transformers calls the modules of the golden models, and which weights its Trainer decays: `modules.json`.

    python modules.py transformers4      (in an environment with transformers 4)
    python modules.py transformers5      (in one with transformers 5; each run replaces its own part of the file)

Also the fields of the config classes of PEFT and of the families, and which of them are floats: `fields.json`.
"""

import dataclasses
import json
import sys
from pathlib import Path

import peft
import torch
import transformers as t
from transformers.trainer_pt_utils import get_parameter_names

HERE = Path(__file__).resolve().parent
MODELS = {
    "vit": "ViTForImageClassification",
    "vit-mae": "ViTForImageClassification",
    "deit": "DeiTForImageClassification",
    "deit-teacher": "DeiTForImageClassificationWithTeacher",
    "dinov2": "Dinov2ForImageClassification",
    "dinov2-registers": "Dinov2WithRegistersForImageClassification",
    "dinov3": "DINOv3ViTModel",
    "dinov3-gated": "DINOv3ViTModel",
    "clip": "CLIPForImageClassification",
    "siglip": "SiglipForImageClassification",
    "beit": "BeitForImageClassification",
    "beit-shared": "BeitForImageClassification",
}
CONFIGS = {
    "vit": ["ViTConfig", "ViTMAEConfig"],
    "deit": ["DeiTConfig"],
    "dinov2": ["Dinov2Config"],
    "dinov2_with_registers": ["Dinov2WithRegistersConfig"],
    "dinov3_vit": ["DINOv3ViTConfig"],
    "clip": ["CLIPConfig", "CLIPVisionConfig"],
    "siglip": ["SiglipConfig", "SiglipVisionConfig"],
    "beit": ["BeitConfig"],
}


def modules_of(name: str, class_name: str) -> dict:
    config = json.loads((HERE / "models" / name / "config.json").read_text())
    kind = getattr(t, class_name)
    # transformers 5 wants floats here to be floats.
    fields = {key: float(value) if key == "layer_scale_init_value" else value for key, value in config.items() if key != "model_type"}
    model = kind(kind.config_class.from_dict(fields))
    layers = [key for key, module in model.named_modules() if isinstance(module, torch.nn.Linear)]
    kept = {key for key, _ in model.named_parameters()}
    names = get_parameter_names(model, [torch.nn.LayerNorm])
    return {"layers": sorted(layers), "decayed": sorted(key for key in names if "bias" not in key and key in kept)}


def plain(value):
    """A default as JSON has it."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return {str(key): plain(each) for key, each in value.items()} if isinstance(value, dict) else None


def fields_of(class_name: str) -> dict:
    """The fields of a config class and, where the class says so (transformers 5), those whose value must be a float."""
    kind = getattr(t, class_name)
    types: dict = {}
    for each in kind.__mro__:
        for key, annotation in getattr(each, "__annotations__", {}).items():
            types.setdefault(key, annotation)
    nested = ("text_config", "vision_config", "transformers_version", "id2label", "label2id")
    fields = [key for key in sorted(kind().to_dict()) if key not in nested]
    return {"fields": fields, "floats": [key for key in fields if types.get(key) is float or str(types.get(key)) == "float | None"]}


def main() -> None:
    version = sys.argv[1]
    assert t.__version__.startswith(version[-1]), t.__version__
    path = HERE / "modules.json"
    golden = json.loads(path.read_text()) if path.exists() else {}
    golden[version] = {"version": t.__version__, "models": {name: modules_of(name, kind) for name, kind in MODELS.items()}}
    path.write_text(json.dumps(dict(sorted(golden.items())), separators=(",", ":")) + "\n")

    path = HERE / "fields.json"
    golden = json.loads(path.read_text()) if path.exists() else {}
    golden[version] = {"version": t.__version__, "configs": {name: {kind: fields_of(kind) for kind in kinds} for name, kinds in CONFIGS.items()}}
    golden["peft"] = {
        "version": peft.__version__,
        "types": sorted(each.value for each in peft.PeftType),
        "lora": {field.name: plain(getattr(peft.LoraConfig(), field.name)) for field in dataclasses.fields(peft.LoraConfig)},
    }
    path.write_text(json.dumps(dict(sorted(golden.items())), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
