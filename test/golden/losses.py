"""Writes losses.json: how PyTorch trains the tiny model of models/vit with other losses than cross-entropy, and what they come to.

    python losses.py      after make.py, whose models and images it uses (README.md)

`values` holds losses and gradients of random logits, extreme ones among them, computed in float64.
"""

import json

import numpy as np
import torch
import torch.nn.functional as F
from make import BATCH, HERE, MAX_GRAD_NORM, PICTURES, STEPS, WARMUP_STEPS, load, pixel_values
from torch import Tensor
from transformers import Trainer, get_cosine_schedule_with_warmup

# Columns of the head: one task of five labels, or two tasks of three and two.
SINGLE, SEVERAL = [(0, 5)], [(0, 3), (3, 5)]
WEIGHTS = [0.5, 2.0, 1.0, 3.0, 0.25]
GAMMA = 2.0


def cross_entropy(logits: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
    """PyTorch's mean over the images, of probabilities; an image without a target costs nothing."""
    return F.cross_entropy(logits, targets, weight=weights)


def focal(logits: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
    """Lin et al. 2017, equation 5, for softmax; alpha is the weight of the class."""
    each = F.cross_entropy(logits, targets.argmax(-1), reduction="none")
    focused = (1 - logits.softmax(-1).gather(1, targets.argmax(-1, keepdim=True))[:, 0]) ** GAMMA * each
    return (focused if weights is None else weights[targets.argmax(-1)] * focused).mean()


def binary(logits: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, targets, pos_weight=weights)


def binary_focal(logits: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
    """As torchvision.ops.sigmoid_focal_loss, with a weight of its own for each label's presence."""
    each = F.binary_cross_entropy_with_logits(logits, targets, pos_weight=weights, reduction="none")
    p = logits.sigmoid()
    return (each * (1 - (p * targets + (1 - p) * (1 - targets))) ** GAMMA).mean()


LOSSES = {
    "weighted": (cross_entropy, SINGLE, WEIGHTS),
    "focal": (focal, SINGLE, None),
    "focal-weighted": (focal, SINGLE, WEIGHTS),
    "multi-label": (binary, SINGLE, None),
    "multi-label-weighted": (binary, SINGLE, WEIGHTS),
    "multi-label-focal": (binary_focal, SINGLE, None),
    "multi-task": (cross_entropy, SEVERAL, None),
}


def loss_of(key: str, logits: Tensor, targets: Tensor) -> Tensor:
    """The sum over the tasks of the key's loss."""
    loss, spans, weights = LOSSES[key]
    weight = None if weights is None else torch.tensor(weights, dtype=logits.dtype)
    return sum(loss(logits[:, a:b], targets[:, a:b], weight) for a, b in spans)


def targets_of(key: str, count: int, generator: np.random.Generator) -> np.ndarray:
    """Target probabilities [count, 5]: any labels, or one of each task; of two tasks some images answer one only."""
    loss, spans, _ = LOSSES[key]
    if loss in (binary, binary_focal):
        return (generator.random((count, 5)) < 0.4).astype(np.float32)
    targets = np.zeros((count, 5), np.float32)
    for a, b in spans:
        targets[np.arange(count), generator.integers(a, b, count)] = 1
    if len(spans) > 1:
        targets[::5, 3:] = 0
    return targets


def curve_of(key: str, pixels: Tensor, targets: Tensor, batches: list[list[int]], double: bool) -> dict:
    """STEPS steps of `full` as in make.py's curves."""
    model = load("vit").train()
    if double:
        model, pixels, targets = model.double(), pixels.double(), targets.double()
    decayed = set(Trainer.get_decay_parameter_names(None, model))
    named = list(model.named_parameters())
    groups = [{"params": [t for k, t in named if (k in decayed) == decays], "weight_decay": 0.01 * decays} for decays in (True, False)]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
    schedule = get_cosine_schedule_with_warmup(optimizer, WARMUP_STEPS, STEPS)
    losses = []
    for batch in batches:
        loss = loss_of(key, model(pixels[batch]).logits, targets[batch])
        loss.backward()
        losses.append(loss.item())
        torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    return losses


def values_of(key: str, generator: np.random.Generator) -> dict:
    logits = torch.tensor(generator.normal(0, 3, (6, 5)).round(3), requires_grad=True)
    with torch.no_grad():
        logits[0] = torch.tensor([40.0, -40.0, 0.0, 25.0, -25.0])
        logits[1] = 0.0
    targets = torch.tensor(targets_of(key, 6, generator), dtype=torch.float64)
    loss = loss_of(key, logits, targets)
    loss.backward()
    return {"logits": logits.tolist(), "targets": targets.tolist(), "loss": loss.item(), "gradient": logits.grad.tolist()}


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    images = np.fromfile(HERE / "images.bin", np.uint8).reshape(PICTURES, 32, 32, 3)
    pixels = pixel_values("vit", images)
    order = torch.cat([torch.randperm(PICTURES, generator=torch.Generator().manual_seed(3 + i)) for i in range(STEPS * BATCH // PICTURES)])
    batches = order.reshape(STEPS, BATCH).tolist()
    losses = {}
    for key, (loss, spans, weights) in LOSSES.items():
        generator = np.random.Generator(np.random.PCG64(17))
        targets = torch.tensor(targets_of(key, PICTURES, generator))
        single = curve_of(key, pixels, targets, batches, False)
        double = curve_of(key, pixels, targets, batches, True)
        print(f"{key:22s}loss {single[0]:.4f} -> {single[-1]:.4f}, off float64 by {max(abs(a / b - 1) for a, b in zip(single, double)):.1e}")
        losses[key] = {
            "tasks": [b - a for a, b in spans],
            "multiLabel": loss in (binary, binary_focal),
            "weights": weights,
            "focalGamma": GAMMA if loss in (focal, binary_focal) else None,
            "targets": targets.tolist(),
            "loss": single,
            "values": values_of(key, generator),
        }
    settings = {"steps": STEPS, "warmupSteps": WARMUP_STEPS, "batchSize": BATCH, "learningRate": 1e-3, "weightDecay": 0.01, "maxGradNorm": MAX_GRAD_NORM}
    (HERE / "losses.json").write_text(json.dumps({"training": settings, "batches": batches, "losses": losses}) + "\n")


if __name__ == "__main__":
    main()
