"""Writes how timm's own classes train with PatchDropout: `patch-dropout.json`, in the form of make.py's files, and in
`kept` the patches that each image of each step keeps.

    python patch_dropout.py      (after make_families.py)
"""

import json
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import timm
import torch
from timm.layers import PatchDropout, PatchDropoutWithIndices

import make
import make_families
from timm_curves import Wrapped

HERE = Path(__file__).resolve().parent
RATE, PATCHES, KEPT = 0.6, 16, 6
# A class token; registers before the mean; a norm after the choice; no class token; rotary positions of two kinds.
NAMES = ("timm-vit", "timm-reg4-gap", "timm-clip", "timm-siglip", "timm-dinov3-plus", "timm-eva02-clip")
CURVE = make.Curve("full", 1e-3)


@contextmanager
def chosen(orders: list[torch.Tensor]):
    """timm keeps the patches with the least of normal numbers: here those numbers are the places in an order."""
    at = iter(orders)
    with patch("timm.layers.patch_dropout.torch.randn", lambda *_, **__: torch.argsort(next(at), dim=1).float()):
        yield


def curve_of(name: str, pixels: torch.Tensor, labels: torch.Tensor) -> dict:
    batches = make.make_batches(1)
    generator = torch.Generator().manual_seed(11)
    orders = [torch.stack([torch.randperm(PATCHES, generator=generator) for _ in batch]) for batch in batches]
    model = make_families.load(name)
    is_eva = hasattr(model, "rope")
    model.patch_drop = (PatchDropoutWithIndices if is_eva else PatchDropout)(RATE, model.num_prefix_tokens, ordered=True)
    with chosen(orders):
        record = make.train(Wrapped(model), pixels, labels, batches, CURVE)
    print(name, f"loss {record['loss'][0]:.4f} -> {record['loss'][-1]:.4f}")
    return {
        "method": "full",
        "learningRate": CURVE.rate,
        "weightDecay": CURVE.weight_decay,
        "batches": batches,
        "kept": [order[:, :KEPT].sort(dim=1)[0].tolist() for order in orders],
        "steps": {part: record[part] for part in ("loss", "learningRate", "gradientNorm")},
    }


def main() -> None:
    torch.set_num_threads(1)
    images, truth = make.make_images()
    golden = {"versions": {"torch": torch.__version__, "timm": timm.__version__}, "rate": RATE}
    golden["curves"] = {
        name: curve_of(name, make_families.pixel_values(name, images), torch.tensor(truth)) for name in NAMES
    }
    (HERE / "patch-dropout.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
