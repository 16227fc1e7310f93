"""Writes a ViT as a Hugging Face folder: the model that both sides of the benchmark train. Its head is random, its body too unless a folder is given.

    python make_model.py FOLDER ti|s|b|SOURCE_FOLDER [--labels N]
"""

import argparse

import torch
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

# Width and heads of the ViTs of "Training data-efficient image transformers" (Touvron and others, 2021), all of 12 blocks.
SIZES = {"ti": (192, 3), "s": (384, 6), "b": (768, 12)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("model")
    parser.add_argument("--labels", type=int, default=10)
    args = parser.parse_args()
    torch.manual_seed(1)
    names = {str(i): f"class {i}" for i in range(args.labels)}
    labels = {"id2label": names, "label2id": {name: int(i) for i, name in names.items()}}
    if args.model in SIZES:
        width, heads = SIZES[args.model]
        config = ViTConfig(
            image_size=224,
            patch_size=16,
            num_hidden_layers=12,
            hidden_size=width,
            num_attention_heads=heads,
            intermediate_size=4 * width,
            **labels,
        )
        model, processor = ViTForImageClassification(config), ViTImageProcessor()
    else:
        model = ViTForImageClassification.from_pretrained(args.model, ignore_mismatched_sizes=True, torch_dtype=torch.float32, **labels)
        processor = ViTImageProcessor.from_pretrained(args.model)
    model.save_pretrained(args.folder)
    processor.save_pretrained(args.folder)


if __name__ == "__main__":
    main()
