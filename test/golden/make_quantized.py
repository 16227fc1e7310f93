"""Writes quantized.json: how PyTorch and PEFT train the tiny ViT beside a base whose weights were quantised and put back.

    python make_quantized.py      after make.py, whose models, images and first LoRA values it takes

The codes and scales of NF4 are those of bitsandbytes; the numbers they stand for, and all of int8, are plain torch.
"""

import json

import bitsandbytes
import bitsandbytes.functional as bnb
import peft
import torch
import transformers

from make import CURVES, HERE, adapted, make_batches, make_images, pixel_values, train

BLOCKS = {"nf4": 64, "int8": 64, "nf4-blocks-of-32": 32}


def nf4(weight: torch.Tensor, block: int) -> torch.Tensor:
    """Each number as the level of its code times the scale of its block. (bitsandbytes' own way back has given wrong numbers on some CPUs.)"""
    packed, state = bnb.quantize_4bit(weight.contiguous(), blocksize=block, quant_type="nf4", compress_statistics=False)
    packed = packed.flatten().long()
    levels = state.code[torch.stack([packed >> 4, packed & 15], dim=1).flatten()]
    return (levels.reshape(-1, block) * state.absmax[:, None]).reshape(weight.shape)


def int8(weight: torch.Tensor, block: int) -> torch.Tensor:
    blocks = weight.reshape(-1, block)
    scale = blocks.abs().amax(dim=1, keepdim=True) / 127
    return ((blocks / scale).round().clamp(-127, 127) * scale).reshape(weight.shape)


def quantized(name: str, block: int) -> torch.nn.Module:
    """The model under LoRA, every frozen linear layer but the classifier quantised and put back."""
    model = adapted("vit", "lora")
    for key, module in model.named_modules():
        if isinstance(module, torch.nn.Linear) and "lora_" not in key and "classifier" not in key:
            with torch.no_grad():
                module.weight.copy_((int8 if name.startswith("int8") else nf4)(module.weight, block))
    return model


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.utils.logging.disable_progress_bar()
    images, truth = make_images()
    pixels, labels = pixel_values("vit", images), torch.tensor(truth)
    plain = json.loads((HERE / "vit.json").read_text())["curves"]["lora"]
    curve = CURVES["vit"]["lora"]
    batches = make_batches(1)
    assert batches == plain["batches"]
    golden: dict = {
        "versions": {m.__name__: m.__version__ for m in (torch, transformers, peft, bitsandbytes)},
        # Of the levels of NF4, as bitsandbytes publishes them.
        "levels": bnb.get_4bit_type("nf4", device="cpu").tolist(),
        "curves": {},
    }
    for name, block in BLOCKS.items():
        model = quantized(name, block)
        # One row of one weight, to find a fault in the codes at once.
        key = "vit.encoder.layer.0.attention.attention.query.base_layer.weight"
        row = model.base_model.model.get_parameter(key)[0].tolist()
        result = train(model, pixels, labels, batches, curve)
        apart = max(abs(a - b) / b for a, b in zip(result["loss"], plain["steps"]["loss"]))
        print(f"{name:18s}loss {result['loss'][0]:.4f} -> {result['loss'][-1]:.4f}, off the unquantised curve by {apart:.1e}")
        golden["curves"][name] = {
            "quantization": name.split("-")[0],
            "blockSize": block,
            "firstRow": row,
            "steps": {part: result[part] for part in ("loss", "gradientNorm")},
            "finalLogits": result["finalLogits"],
            "largestDifference": apart,
        }
    (HERE / "quantized.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
