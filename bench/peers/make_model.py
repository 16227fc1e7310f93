"""Writes a ViT with random weights as a Hugging Face folder: the model that both sides of the benchmark train.

    python make_model.py FOLDER ti|s|b
"""

import sys

import torch
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

# Width and heads of the ViTs of "Training data-efficient image transformers" (Touvron and others, 2021), all of 12 blocks.
SIZES = {"ti": (192, 3), "s": (384, 6), "b": (768, 12)}


def main() -> None:
    if len(sys.argv) != 3 or sys.argv[2] not in SIZES:
        sys.exit(__doc__)
    folder, (width, heads) = sys.argv[1], SIZES[sys.argv[2]]
    torch.manual_seed(1)
    config = ViTConfig(
        image_size=224,
        patch_size=16,
        num_hidden_layers=12,
        hidden_size=width,
        num_attention_heads=heads,
        intermediate_size=4 * width,
        num_labels=10,
    )
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessor().save_pretrained(folder)


if __name__ == "__main__":
    main()
