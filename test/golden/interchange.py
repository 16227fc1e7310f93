"""Writes adapters as PEFT makes them beyond plain LoRA, and what they answer: `interchange/` beside this file.

    python interchange.py      (versions: requirements.txt; the base is models/vit, the images are images.bin of make.py)
"""

import json
import shutil

import numpy as np
import peft
import torch
import transformers

from make import HERE, load, pixel_values, save_adapter

VARIANTS = {
    # Ranks and strengths that differ from layer to layer, scaled by alpha / sqrt(rank).
    "rslora-patterns": dict(
        r=4,
        lora_alpha=6,
        use_rslora=True,
        target_modules=["query", "value", "intermediate.dense"],
        rank_pattern={"layer.1.attention.attention.query": 2},
        alpha_pattern={"intermediate.dense": 3},
    ),
    "dora-all-linear": dict(r=2, lora_alpha=4, use_dora=True, target_modules="all-linear", exclude_modules=["classifier"]),
    # Also adapts the convolution that makes the patches.
    "lora-projection": dict(r=3, lora_alpha=3, target_modules=["projection", "key"]),
}


def main() -> None:
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    folder = HERE / "interchange"
    shutil.rmtree(folder, ignore_errors=True)
    images = np.frombuffer((HERE / "images.bin").read_bytes(), dtype=np.uint8).reshape(-1, 32, 32, 3)
    answers = {}
    for name, options in VARIANTS.items():
        torch.manual_seed(8)
        # Random A and B, so that an adapter that is left out or scaled otherwise shows.
        config = peft.LoraConfig(lora_dropout=0.0, modules_to_save=["classifier"], init_lora_weights=False, **options)
        model = peft.get_peft_model(load("vit"), config).eval()
        with torch.no_grad():
            for key, tensor in model.named_parameters():
                if "modules_to_save" in key:
                    tensor.add_(0.1 * torch.randn(tensor.shape))
                elif "lora_magnitude_vector" in key:
                    tensor.mul_(1 + 0.1 * torch.randn(tensor.shape))
                elif "lora_" in key:
                    tensor.mul_(0.5)
            answers[name] = model(pixel_values("vit", images)).logits.tolist()
        save_adapter(model, "vit", folder / name)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}
    (folder / "logits.json").write_text(json.dumps({"versions": versions, "logits": answers}) + "\n")


if __name__ == "__main__":
    main()
