"""Writes neighbors.json: what the weighted vote of nearest neighbours over a transformers model's features is in PyTorch.

Run after make.py, whose models and images it reads: .venv/bin/python test/golden/neighbors.py
The formula is that of Wu et al., 2018 (arXiv:1805.01978) as DINO evaluates (Caron et al., 2021, arXiv:2104.14294): cosine
similarity, the k nearest, each voting for its label with exp(similarity / temperature).
"""
import json
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModel

torch.set_num_threads(1)
here = Path(__file__).parent
BANK = 11
pixels = torch.from_numpy(np.fromfile(here / "images.bin", dtype=np.uint8).reshape(16, 32, 32, 3).copy())
truth = json.loads((here / "vit.json").read_text())["images"]["truth"]
CLASSES = 5


def vote(bank, labels, queries, k, temperature):
    similarity = queries @ bank.T
    near, index = similarity.topk(min(k, bank.shape[0]), dim=1)
    weights = (near / temperature).exp()
    votes = torch.zeros(queries.shape[0], CLASSES).scatter_add_(1, labels[index], weights)
    return votes / votes.sum(1, keepdim=True)


answers = {}
for name, tokens in (("vit", 1), ("deit", 1), ("deit-teacher", 2)):
    config = json.loads((here / "models" / name / "preprocessor_config.json").read_text())
    mean, std = (torch.tensor(config[key]).view(1, 3, 1, 1) for key in ("image_mean", "image_std"))
    values = (pixels.permute(0, 3, 1, 2).float() * config.get("rescale_factor", 1 / 255) - mean) / std
    model = AutoModel.from_pretrained(here / "models" / name, add_pooling_layer=False).eval()
    with torch.no_grad():
        hidden = model(pixel_values=values).last_hidden_state[:, :tokens].flatten(1)
    unit = torch.nn.functional.normalize(hidden, dim=1)
    labels = torch.tensor(truth[:BANK])
    answers[name] = [
        {"neighbors": k, "temperature": t, "probabilities": vote(unit[:BANK], labels, unit[BANK:], k, t).tolist()}
        for k, t in ((1, 0.07), (3, 0.07), (20, 0.07), (5, 0.5))
    ]
(here / "neighbors.json").write_text(json.dumps({"bank": BANK, "answers": answers}) + "\n")
