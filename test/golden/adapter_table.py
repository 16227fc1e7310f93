"""Writes LoRA adapters of every family for ViTune to load, one for each set of target modules that its class has:

    python adapter_table.py FOLDER      (in an environment with transformers 4, and in one with 5, each into its own folder)

Then `node --import tsx test/golden/adapterTable.ts FOLDER` prints how far ViTune's logits are from those that PEFT's own
load gives. The images are the first four of images.bin; A, B and the head are random.
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
from adapters import COUNT, LABELS, SIZE, pixel_values
from PIL import Image
from safetensors.torch import load_file

HERE = Path(__file__).resolve().parent
# The class of each model, and the modules of its head.
CLASSES = {
    "vit": ("ViTForImageClassification", ["classifier"]),
    "vit-mae": ("ViTForImageClassification", ["classifier"]),
    "deit": ("DeiTForImageClassification", ["classifier"]),
    "deit-teacher": ("DeiTForImageClassificationWithTeacher", ["cls_classifier", "distillation_classifier"]),
    "dinov2": ("Dinov2ForImageClassification", ["classifier"]),
    "dinov2-registers": ("Dinov2WithRegistersForImageClassification", ["classifier"]),
    "dinov3": ("DINOv3ViTForImageClassification", ["classifier"]),
    "clip": ("CLIPForImageClassification", ["classifier"]),
    "siglip": ("SiglipForImageClassification", ["classifier"]),
    "beit": ("BeitForImageClassification", ["classifier"]),
    "beit-shared": ("BeitForImageClassification", ["classifier"]),
    "timm-vit": ("TimmWrapperForImageClassification", ["head"]),
    "timm-deit-distilled": ("TimmWrapperForImageClassification", ["head", "head_dist"]),
}


def target_sets(model: torch.nn.Module, head: list[str]) -> dict[str, list[str] | str]:
    """Each last name of a linear layer, each pair of last names that PEFT would tell apart, all of them, one block by a pattern."""
    linear = [name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)]
    inner = [name for name in linear if name.split(".")[-1] not in head]
    sets: dict[str, list[str] | str] = {last: [last] for last in sorted({name.split(".")[-1] for name in inner})}
    pairs = {".".join(name.split(".")[-2:]) for name in inner}
    sets.update({pair: [pair] for pair in sorted(pairs) if not pair.split(".")[0].isdigit()})
    sets["all-linear"] = "all-linear"
    sets["pattern"] = rf".*\.1\..*{inner[0].split('.')[-1]}"
    return sets


def copy_base(name: str, folder: Path) -> None:
    """The golden model, with a preprocessor that leaves the images as they are, and floats where transformers 5 insists on them."""
    shutil.copytree(HERE / "models" / name, folder, dirs_exist_ok=True)
    square = {"height": SIZE, "width": SIZE}
    changes = {"preprocessor_config.json": {"size": square, "crop_size": square, "do_center_crop": False}}
    if name.startswith("timm"):
        config = json.loads((folder / "config.json").read_text())
        config["pretrained_cfg"]["crop_pct"] = 1.0
        (folder / "config.json").write_text(json.dumps(config))
    else:
        config = json.loads((folder / "config.json").read_text())
        changes["config.json"] = {key: float(value) for key, value in config.items() if key == "layer_scale_init_value"}
        for file, fields in changes.items():
            given = json.loads((folder / file).read_text())
            (folder / file).write_text(json.dumps({**given, **fields}))


def pixels_of(base: Path) -> torch.Tensor:
    if not base.name.startswith("timm"):
        return pixel_values(base.name)
    given = json.loads((base / "config.json").read_text())["pretrained_cfg"]
    images = torch.from_numpy(golden_images().transpose(0, 3, 1, 2).astype(np.float32) / 255)
    mean, std = (torch.tensor(given[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    return (images - mean) / std


def golden_images() -> np.ndarray:
    return np.fromfile(HERE / "images.bin", dtype=np.uint8).reshape(-1, SIZE, SIZE, 3)[:COUNT]


def load(base: Path, class_name: str) -> torch.nn.Module:
    torch.manual_seed(5)
    if class_name.startswith("Timm"):
        return timm_load(base)
    return getattr(t, class_name).from_pretrained(base, num_labels=LABELS, ignore_mismatched_sizes=True, dtype=torch.float32)


def timm_load(base: Path) -> torch.nn.Module:
    """The folder has timm's own names; the class of transformers wraps a network that timm makes."""
    config = json.loads((base / "config.json").read_text())
    arguments = {key: value for key, value in config["model_args"].items() if key != "num_classes"}
    wrapper = t.TimmWrapperForImageClassification(
        t.TimmWrapperConfig(architecture=config["architecture"], model_args=arguments, num_labels=config["num_classes"])
    )
    wrapper.timm_model.load_state_dict(load_file(base / "model.safetensors"))
    return wrapper


def make(folder: Path, base: Path, class_name: str, head: list[str], targets: list[str] | str) -> list:
    torch.manual_seed(8)
    config = peft.LoraConfig(r=2, lora_alpha=3, target_modules=targets, modules_to_save=head)
    model = peft.get_peft_model(load(base, class_name), config).eval()
    with torch.no_grad():
        for key, tensor in model.named_parameters():
            if "modules_to_save" in key or "lora_" in key:
                tensor.add_(0.2 * torch.randn(tensor.shape))
    model.save_pretrained(folder)
    file = folder / "adapter_config.json"
    written = {**json.loads(file.read_text()), "base_model_name_or_path": str(base)}
    file.write_text(json.dumps(written, indent=1) + "\n")
    loaded = peft.PeftModel.from_pretrained(load(base, class_name), folder).eval()
    with torch.no_grad():
        return loaded.get_base_model()(pixels_of(base)).logits.tolist()


def main() -> None:
    target = Path(sys.argv[1])
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    t.utils.logging.set_verbosity_error()
    t.utils.logging.disable_progress_bar()
    (target / "images").mkdir(parents=True, exist_ok=True)
    for index, image in enumerate(golden_images()):
        Image.fromarray(image).save(target / "images" / f"{index}.png")
    versions = {"torch": torch.__version__, "transformers": t.__version__, "peft": peft.__version__}
    print(versions)
    for name, (class_name, head) in CLASSES.items():
        if not hasattr(t, class_name):
            print(f"{name}: transformers {t.__version__} has no {class_name}")
            continue
        base = (target / "models" / name).resolve()
        copy_base(name, base)
        for what, targets in target_sets(load(base, class_name), head).items():
            folder = target / "adapters" / name / what
            logits = make(folder, base, class_name, head, targets)
            (folder / "answers.json").write_text(json.dumps({"versions": versions, "logits": logits}))
        print(name)


if __name__ == "__main__":
    main()
