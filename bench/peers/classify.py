"""One image through transformers' pipeline, as a process that is started for it. Prints its answer.

    python classify.py MODEL_FOLDER PICTURE [--threads N]
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
