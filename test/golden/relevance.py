"""Writes relevance.json: gradient-weighted attention rolled out (Chefer, Gur and Wolf, CVPR 2021) through transformers' own networks.

    python relevance.py      after make.py and make_families.py

For the first image and one label of each model: R = 1 + A, layer by layer, where A is the mean over the heads of max(0, attention times
its gradient). What the head reads is the class token (vit) or all tokens evenly (dinov2); its row of R, less the least of the patches,
by the greatest.
"""

import json
from pathlib import Path

import numpy as np
import torch
import transformers

HERE = Path(__file__).resolve().parent
LABEL, SIZE = 2, 32

found = {}
for name, reads in {"vit": "class", "dinov2": "all"}.items():
    folder = HERE / "models" / name
    model = transformers.AutoModelForImageClassification.from_pretrained(folder, attn_implementation="eager").eval()
    preprocessor = json.loads((folder / "preprocessor_config.json").read_text())
    image = np.frombuffer((HERE / "images.bin").read_bytes(), np.uint8)[: SIZE * SIZE * 3].reshape(SIZE, SIZE, 3)
    scaled = (image / 255 - np.array(preprocessor["image_mean"])) / np.array(preprocessor["image_std"])
    pixels = torch.tensor(scaled.transpose(2, 0, 1)[None], dtype=torch.float32)
    outputs = model(pixel_values=pixels, output_attentions=True)
    grads = torch.autograd.grad(outputs.logits[0, LABEL], outputs.attentions)
    tokens = outputs.attentions[0].shape[-1]
    relevance = torch.eye(tokens)
    for attention, grad in zip(outputs.attentions, grads):
        relevance = relevance + (attention * grad).clamp(min=0)[0].mean(0) @ relevance
    row = relevance[0] if reads == "class" else relevance.mean(0)
    patches = row[tokens - (SIZE // model.config.patch_size) ** 2 :]
    patches = patches - patches.min()
    found[name] = dict(label=LABEL, values=(patches / patches.max()).tolist())
(HERE / "relevance.json").write_text(json.dumps(found) + "\n")
