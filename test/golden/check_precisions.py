"""Loads the exports that precisions.ts wrote, and compares what they answer with what ViTune's ONNX Runtime does.

    python check_precisions.py FOLDER

Prints for each precision how many exports were loaded and the greatest difference of a logit, with all images at once
and one by one; exits 1 where one cannot be loaded, is not valid ONNX, or differs by more than 1e-3.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

LARGEST = 1e-3

images = np.fromfile(Path(__file__).parent / "images.bin", np.uint8).reshape(16, 32, 32, 3)
found: dict[str, list[float]] = {}
for folder in sorted(Path(sys.argv[1]).iterdir()):
    precision = next(
        each for each in ("int8-weights", "int8", "int4", "fp16", "fp32") if folder.name.endswith(f"-{each}")
    )
    file = str(folder / "model.onnx")
    onnx.checker.check_model(file)
    session = onnxruntime.InferenceSession(file)
    wanted = np.array(json.loads((folder / "logits.json").read_text())).reshape(16, -1)
    together = session.run(["logits"], {"images": images})[0]
    alone = np.concatenate([session.run(["logits"], {"images": images[i : i + 1]})[0] for i in range(16)])
    difference = max(float(np.abs(each - wanted).max()) for each in (together, alone))
    found.setdefault(precision, []).append(difference)
for precision, differences in found.items():
    print(f"{precision}: {len(differences)} exports, {max(differences):.1e}")
sys.exit(any(max(each) > LARGEST for each in found.values()))
