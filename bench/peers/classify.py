"""Classifies one image with the pipeline of transformers in a fresh process and prints the result.

    python classify.py MODEL_FOLDER IMAGE [--threads N]
"""

import argparse

import torch
from transformers import pipeline


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("image")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(pipeline("image-classification", model=args.model, device="cpu")(args.image))


if __name__ == "__main__":
    main()
