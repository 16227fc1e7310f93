"""The peer's side of the benchmark: PyTorch and PEFT fine-tune a ViT with LoRA on the CPU. Prints one JSON line.

    python vit_lora.py MODEL_FOLDER [--precision fp32|bf16] [--seconds S] [--threads N] [--batch N] [--rank N] [--compile]

A training step does the same as one of transformers' Trainer: forward, cross-entropy, backward, clipping by global norm, AdamW.
The images are ready in memory as normalised floats, so only the model is measured. Figures are medians over windows
of about two seconds; memory is the process's peak, and its peak before the model exists. torch.compile is off
by default: on two cores it made the training step no faster (17.5 images/s against 18.6 to 19.2).
"""

import argparse
import json
import statistics
import time
from typing import Callable

import peft
import torch
import transformers
from memory import peak_rss_mb
from transformers import ViTForImageClassification

WINDOW_SECONDS = 2.0


def images_per_second(step: Callable[[], object], batch: int, seconds: float) -> float:
    for _ in range(3):
        step()
    windows = []
    end = time.perf_counter() + seconds
    while not windows or time.perf_counter() < end:
        steps, begin = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - begin) < WINDOW_SECONDS:
            step()
            steps += 1
        windows.append(steps * batch / elapsed)
    return statistics.median(windows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--compile", action="store_true")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    before = peak_rss_mb()
    model = ViTForImageClassification.from_pretrained(args.model)
    config = peft.LoraConfig(r=args.rank, lora_alpha=2 * args.rank, target_modules=["query", "value"], modules_to_save=["classifier"])
    model = peft.get_peft_model(model, config)
    if args.compile:
        model = torch.compile(model)
    size = model.config.image_size
    pixels = torch.randn(args.batch, 3, size, size)
    labels = torch.randint(model.config.num_labels, (args.batch,))
    trainable = [tensor for tensor in model.parameters() if tensor.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=1e-3, weight_decay=0.01)
    autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.precision == "bf16")

    def train() -> None:
        with autocast:
            logits = model(pixel_values=pixels).logits
        torch.nn.functional.cross_entropy(logits.float(), labels).backward()
        torch.nn.utils.clip_grad_norm_(trainable, 1.0)
        optimizer.step()
        optimizer.zero_grad()

    def forward() -> None:
        with torch.inference_mode(), autocast:
            model(pixel_values=pixels)

    model.train()
    training = images_per_second(train, args.batch, args.seconds)
    model.eval()
    forward_only = images_per_second(forward, args.batch, args.seconds)
    print(json.dumps({
        "side": "PyTorch + PEFT",
        "precision": args.precision + (", torch.compile" if args.compile else ""),
        "images_per_second": training,
        "forward_images_per_second": forward_only,
        "peak_rss_mb": peak_rss_mb(),
        "rss_before_model_mb": before,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
    }))


if __name__ == "__main__":
    main()
