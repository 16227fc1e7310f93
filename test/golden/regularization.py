"""Writes the golden numbers of regularisation: mixup, CutMix, drop path, the moving average of weights, and RandAugment's operations.

    python regularization.py      needs what make.py has made (versions: requirements.txt; what each file is: README.md)
"""

import json

import numpy as np
import torch
import torchvision
from make import BATCH, HERE, LABELS, MAX_GRAD_NORM, PICTURES, SIZE, STEPS, WARMUP_STEPS, load, make_images, pixel_values
from PIL import Image
from torch.nn.functional import cross_entropy, one_hot
from torch_ema import ExponentialMovingAverage
from torchvision.transforms import InterpolationMode, RandAugment
from torchvision.transforms.autoaugment import _apply_op
from transformers import Trainer, get_cosine_schedule_with_warmup
from transformers.models.vit.modeling_vit import ViTLayer

RATE = 1e-3
WEIGHT_DECAY = 0.01
DROP_PATH = 0.4
# Below it the warm-up of the decay rules for twelve steps, above it for eight.
EMA_DECAY = 0.6
FILL = 128


def draws() -> list[dict]:
    """For each step the indices of its images, and how they are mixed: shares, partners in the batch, CutMix's boxes."""
    rng = np.random.Generator(np.random.PCG64(23))
    steps = []
    for i in range(STEPS):
        left, top = (int(v) for v in rng.integers(0, SIZE - 8, 2))
        width, height = int(rng.integers(4, SIZE - left + 1)), int(rng.integers(4, SIZE - top + 1))
        steps.append({
            "batch": [int(v) for v in rng.choice(PICTURES, BATCH, replace=False)],
            "partners": [int(v) for v in rng.permutation(BATCH)],
            "lambda": float(rng.beta(0.8, 0.8)),
            "region": {"left": left, "top": top, "width": width, "height": height},
            # Of attention and MLP in the second and the third block: rates 0.2, 0.2, 0.4, 0.4; the first block's rate is 0.
            "masks": [[int(v) for v in rng.random(BATCH) >= rate] for rate in (0.2, 0.2, 0.4, 0.4)],
        })
    return steps


def mixed(kind: str, step: dict, images: np.ndarray, truth: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, float]:
    """Pixels of bytes that are mixed and rounded, pixels that are mixed unrounded, targets, and the share kept."""
    own, partner = images[step["batch"]].astype(np.float64), images[step["batch"]][step["partners"]].astype(np.float64)
    share = step["lambda"]
    if kind == "mixup":
        exact = share * own + (1 - share) * partner
    else:
        box = step["region"]
        area = (slice(None), slice(box["top"], box["top"] + box["height"]), slice(box["left"], box["left"] + box["width"]))
        exact = own.copy()
        exact[area] = partner[area]
        share = 1 - box["width"] * box["height"] / SIZE**2
    rounded = np.floor(exact + 0.5).astype(np.uint8)
    labels = one_hot(truth[step["batch"]], len(LABELS)).float()
    targets = share * labels + (1 - share) * labels[step["partners"]]
    return pixel_values("vit", rounded), pixel_values("vit", exact), targets, share


def drop_path(model: torch.nn.Module, masks: dict[int, list[torch.Tensor]]) -> None:
    """Every layer's two residual branches, multiplied by the layer's masks, [batch] each, as timm's DropPath does."""

    def forward(self, hidden, *_, **__):
        attention, mlp = masks[self.index]
        attended = self.attention(self.layernorm_before(hidden))
        attended = attended[0] if isinstance(attended, tuple) else attended
        hidden = hidden + attended * attention[:, None, None].to(hidden)
        outer = self.output.dense(self.intermediate(self.layernorm_after(hidden)))
        return hidden + outer * mlp[:, None, None].to(hidden)

    for i, layer in enumerate(model.vit.encoder.layer):
        assert type(layer) is ViTLayer
        layer.index = i
        layer.forward = forward.__get__(layer)


def curve(kind: str, steps: list[dict], images: np.ndarray, truth: torch.Tensor, dtype: torch.dtype) -> dict:
    model = load("vit").to(dtype).train()
    decayed = set(Trainer.get_decay_parameter_names(None, model))
    named = list(model.named_parameters())
    groups = [
        {"params": [tensor for key, tensor in named if key in decayed], "weight_decay": WEIGHT_DECAY},
        {"params": [tensor for key, tensor in named if key not in decayed], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.999), eps=1e-8)
    schedule = get_cosine_schedule_with_warmup(optimizer, WARMUP_STEPS, STEPS)
    average = ExponentialMovingAverage(model.parameters(), decay=EMA_DECAY) if kind == "ema" else None
    masks: dict[int, list[torch.Tensor]] = {}
    if kind == "dropPath":
        drop_path(model, masks)
    everything = pixel_values("vit", images).to(dtype)
    record: dict = {"loss": []}
    for step in steps:
        if kind in ("mixup", "cutmix"):
            pixels, exact, targets, share = mixed(kind, step, images, truth)
            record.setdefault("share", []).append(share)
            record.setdefault("targets", []).append(targets.tolist())
            with torch.no_grad():
                record.setdefault("lossUnrounded", []).append(cross_entropy(model(exact.to(dtype)).logits, targets.to(dtype)).item())
        else:
            pixels, targets = everything[step["batch"]], one_hot(truth[step["batch"]], len(LABELS)).float()
        ones = torch.ones(BATCH)
        rates = (0.2, 0.2, 0.4, 0.4)
        scaled = [torch.tensor(mask) / (1 - rate) for mask, rate in zip(step["masks"], rates)]
        masks.update({0: [ones, ones], 1: scaled[:2], 2: scaled[2:]})
        loss = cross_entropy(model(pixels.to(dtype)).logits, targets.to(dtype))
        loss.backward()
        torch.nn.utils.clip_grad_norm_([tensor for _, tensor in named], MAX_GRAD_NORM)
        record["loss"].append(loss.item())
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        if average:
            average.update()
            with torch.no_grad(), average.average_parameters():
                logits = model(everything).logits
                record.setdefault("averageLoss", []).append(cross_entropy(logits, truth).item())
                record["averageLogits"] = logits.tolist()
                record["averageBias"] = model.classifier.bias.tolist()
    return record


def make_rand_augment() -> list[dict]:
    """All of RandAugment's operations on one image; the results' bytes lie end to end in randaugment.bin, after the image's own."""
    height, width = 20, 28
    y, x = np.mgrid[0:height, 0:width]
    rng = np.random.Generator(np.random.PCG64(5))
    waves = np.stack([110 + 70 * np.sin(x / 4 + y / 9), 140 + 60 * np.cos(y / 3), 40 + 5 * x + 2 * y], axis=-1)
    image = Image.fromarray(np.clip(waves + rng.normal(0, 8, waves.shape), 12, 240).astype(np.uint8))
    space = RandAugment()._augmentation_space(31, (height, width))
    results, data = [], np.asarray(image).tobytes()
    for name, (magnitudes, signed) in space.items():
        for magnitude in (0, 9, 17, 30) if magnitudes.ndim else (9,):
            for sign in (1, -1) if signed and magnitude else (1,):
                strength = sign * float(magnitudes[magnitude] if magnitudes.ndim else 0.0)
                changed = _apply_op(image, name, strength, InterpolationMode.BILINEAR, [FILL] * 3)
                results.append({"operation": name, "magnitude": magnitude, "negative": sign < 0})
                data += np.asarray(changed).tobytes()
    (HERE / "randaugment.bin").write_bytes(data)
    return {"height": height, "width": width, "results": results}


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    images, labels = make_images()
    truth, steps = torch.tensor(labels), draws()
    curves = {}
    for kind in ("mixup", "cutmix", "dropPath", "ema"):
        curves[kind] = curve(kind, steps, images, truth, torch.float32)
        double = curve(kind, steps, images, truth, torch.float64)
        noise = max(abs(a / b - 1) for a, b in zip(curves[kind]["loss"], double["loss"]))
        curves[kind]["relativeNoise"] = noise
        rounding = [abs(a / b - 1) for a, b in zip(curves[kind].get("lossUnrounded", []), curves[kind]["loss"])]
        print(f"{kind:10s}loss {curves[kind]['loss'][0]:.4f} -> {curves[kind]['loss'][-1]:.4f}, off float64 by {noise:.1e}, by the bytes' rounding {max(rounding, default=0):.1e}")
    golden = {
        "versions": {"torch": torch.__version__, "torchvision": torchvision.__version__},
        "training": {"learningRate": RATE, "weightDecay": WEIGHT_DECAY, "warmupSteps": WARMUP_STEPS, "maxGradNorm": MAX_GRAD_NORM, "dropPath": DROP_PATH, "emaDecay": EMA_DECAY},
        "steps": steps,
        "curves": curves,
        "randAugment": make_rand_augment(),
    }
    (HERE / "regularization.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
