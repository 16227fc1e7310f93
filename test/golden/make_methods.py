"""Writes the golden numbers of the fine-tuning methods and their variants: methods.json, and where each one starts in methods/.

    python make_methods.py      after make.py, whose models and images it takes

Of each curve: `method`, the options as ViTune's config has them, and what make.py records. What a method adds to the model starts in
methods/CURVE.safetensors, by ViTune's names; all else starts as in the model.
"""

import json
import re
import shutil
from typing import Callable, NamedTuple

import numpy as np
import peft
import torch
import transformers
from make import BATCH, HERE, LABELS, MAX_GRAD_NORM, STEPS, WARMUP_STEPS, Curve, load, make_batches, make_images, pixel_values, train
from safetensors.torch import save_file

from bottleneck_adapter import add_adapters


class Variant(NamedTuple):
    model: str
    method: dict
    rate: float
    weight_decay: float = 0.01


LORA = {"type": "lora", "rank": 4, "alpha": 8, "targetModules": ["query", "value"]}
ALL_LINEAR = ["query", "key", "value", "dense"]
VARIANTS = {
    "head-mlp": Variant("vit", {"type": "head", "hidden": 24}, 1e-2),
    "head-mlp-distilled": Variant("deit-teacher", {"type": "head", "hidden": 16}, 1e-2),
    "partial": Variant("vit", {"type": "partial", "blocks": 1}, 2e-3),
    "partial-modules": Variant("vit", {"type": "partial", "blocks": 0, "modules": ["layer.0.attention", "layernorm*", "bias"]}, 2e-3),
    "partial-stem": Variant("deit", {"type": "partial", "blocks": 2, "modules": ["embeddings.*_token", "patch_embeddings"]}, 1e-3),
    # So strong a decay that the losses tell whether it goes by each layer's own rate.
    "layer-decay": Variant("vit", {"type": "full", "layerDecay": 0.5}, 2e-3, weight_decay=2.0),
    "layer-decay-deit": Variant("deit", {"type": "full", "layerDecay": 0.75}, 2e-3),
    "adapter-pfeiffer": Variant("vit", {"type": "adapter", "reductionFactor": 6}, 5e-3),
    "adapter-houlsby": Variant("vit", {"type": "adapter", "placement": "houlsby", "bottleneck": 6, "activation": "gelu"}, 5e-3),
    "adapter-houlsby-silu": Variant("deit", {"type": "adapter", "placement": "houlsby", "bottleneck": 4, "activation": "silu"}, 5e-3),
    "rslora": Variant("vit", LORA | {"useRslora": True}, 1e-2),
    "dora": Variant("vit", LORA | {"useDora": True}, 1e-2),
    "dora-rslora-deit": Variant("deit", LORA | {"useDora": True, "useRslora": True}, 5e-3),
    "lora-layers": Variant("vit", LORA | {"layersToTransform": [0, 2]}, 1e-2),
    "dora-all-linear": Variant("vit", LORA | {"targetModules": ["all-linear"], "useDora": True, "layersToTransform": [1]}, 1e-2),
}


def depth_of(name: str, blocks: int) -> int:
    """As BEiT and MAE number parameters for layer-wise decay: 0 before the blocks, i + 1 in block i, `blocks` + 1 after them."""
    block = re.search(r"\.encoder\.layer\.(\d+)\.", name)
    if block:
        return int(block[1]) + 1
    return 0 if ".embeddings." in name else blocks + 1


def matches(name: str, pattern: str) -> bool:
    """Whether parts of the name between dots, following one another, are those of the pattern; * is anything within a part."""
    return re.search(rf"(^|\.){re.escape(pattern).replace(re.escape('*'), '[^.]*')}(\.|$)", name) is not None


def freeze(model: torch.nn.Module, trains: Callable[[str], bool]) -> torch.nn.Module:
    for name, tensor in model.named_parameters():
        tensor.requires_grad_(trains(name))
    return model


def is_head(name: str) -> bool:
    return re.match(r"(cls_|distillation_)?classifier\.", name) is not None


def mlp(width: int, hidden: int) -> torch.nn.Sequential:
    return torch.nn.Sequential(torch.nn.Linear(width, hidden), torch.nn.GELU(), torch.nn.Dropout(0.0), torch.nn.Linear(hidden, len(LABELS)))


def prepared(name: str, method: dict) -> torch.nn.Module:
    """The model as the method trains it: the same start every time it is called."""
    model = load(name)
    blocks = model.config.num_hidden_layers
    torch.manual_seed(5)
    if method["type"] == "head":
        for head in [child for child, _ in model.named_children() if "classifier" in child]:
            setattr(model, head, mlp(model.config.hidden_size, method["hidden"]))
        return freeze(model, is_head)
    if method["type"] == "partial":
        first, modules = blocks + 1 - method["blocks"], method.get("modules", [])
        return freeze(model, lambda key: depth_of(key, blocks) >= first or any(matches(key, pattern) for pattern in modules))
    if method["type"] == "adapter":
        width = method.get("bottleneck") or model.config.hidden_size // method["reductionFactor"]
        added = add_adapters(model, method.get("placement", "pfeiffer"), width, method.get("activation", "relu"))
        freeze(model, is_head)
        for adapter in added:
            adapter.requires_grad_(True)
        return model
    if method["type"] == "lora":
        layers = method.get("layersToTransform")
        config = peft.LoraConfig(
            r=method["rank"],
            lora_alpha=method["alpha"],
            lora_dropout=0.0,
            target_modules=ALL_LINEAR if method["targetModules"] == ["all-linear"] else method["targetModules"],
            layers_to_transform=layers,
            use_rslora=method.get("useRslora", False),
            use_dora=method.get("useDora", False),
            modules_to_save=["classifier"],
        )
        return peft.get_peft_model(model, config)
    return model


def added_weights(model: torch.nn.Module, method: dict) -> dict[str, torch.Tensor]:
    """What the method added to the model, by ViTune's names."""
    if method["type"] == "lora":
        state = peft.get_peft_model_state_dict(model)
        return {name.removeprefix("base_model.model."): tensor.clone() for name, tensor in state.items() if ".lora_" in name}
    part = {"adapter": "_adapter.adapter_", "head": "classifier."}.get(method["type"])
    return {name: tensor.clone() for name, tensor in model.state_dict().items() if part and part in name}


def curve_of(key: str, images: np.ndarray, truth: list[int]) -> dict:
    name, method, rate, weight_decay = VARIANTS[key]
    curve = Curve(method["type"], rate, weight_decay=weight_decay)
    batches = make_batches(1)
    pixels, labels = pixel_values(name, images), torch.tensor(truth)

    def scale(parameter: str) -> float:
        blocks = load_blocks[name]
        return method.get("layerDecay", 1.0) ** (blocks + 1 - depth_of(parameter, blocks))

    model = prepared(name, method)
    trainable = sum(tensor.numel() for tensor in model.parameters() if tensor.requires_grad)
    start = added_weights(model, method)
    if start:
        save_file(start, HERE / "methods" / f"{key}.safetensors")
    single = train(model, pixels, labels, batches, curve, scale)
    double = train(prepared(name, method).double(), pixels.double(), labels, batches, curve, scale)
    noise = {
        part: float(np.max(np.abs(np.array(single[part]) - np.array(double[part])) / np.abs(np.array(double[part]))))
        for part in ("loss", "gradientNorm")
    }
    print(f"{key:22s}loss {single['loss'][0]:.4f} -> {single['loss'][-1]:.4f}, off float64 by {noise['loss']:.1e} (loss), {noise['gradientNorm']:.1e} (norm)")
    return {
        "model": name,
        "method": method,
        "learningRate": rate,
        "weightDecay": weight_decay,
        "trainableParameters": trainable,
        "batches": batches,
        "steps": {part: single[part] for part in ("loss", "learningRate", "gradientNorm")},
        "relativeNoise": noise,
        "finalLogits": single["finalLogits"],
        "decayed": single["decayed"],
    }


load_blocks = {name: load(name).config.num_hidden_layers for name in {variant.model for variant in VARIANTS.values()}}


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.utils.logging.disable_progress_bar()
    shutil.rmtree(HERE / "methods", ignore_errors=True)
    (HERE / "methods").mkdir()
    images, truth = make_images()
    golden = {
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
        "labels": LABELS,
        "training": {"steps": STEPS, "warmupSteps": WARMUP_STEPS, "batchSize": BATCH, "lrSchedulerType": "cosine", "maxGradNorm": MAX_GRAD_NORM},
        "truth": truth,
        "curves": {key: curve_of(key, images, truth) for key in VARIANTS},
    }
    (HERE / "methods.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
