"""Writes what transformers' activation functions make of some numbers: `activations.json`."""

import json
from pathlib import Path

import torch
from transformers.activations import ACT2FN

X = torch.tensor([-30.0, -12.0, -7.0, -3.0, -1.0, -0.3, 0.0, 0.1, 0.7, 2.0, 5.5, 11.0, 40.0])
values = {}
for name in sorted(ACT2FN):
    try:
        module = ACT2FN[name]
        # Those with weights of their own belong to a model's file.
        if not list(module.parameters()):
            values[name] = module(X).tolist()
    except Exception:
        continue
rounded = json.loads(json.dumps({"x": X.tolist(), "values": values}), parse_float=lambda text: float(f"{float(text):.8g}"))
(Path(__file__).resolve().parent / "activations.json").write_text(json.dumps(rounded, separators=(",", ":")) + "\n")
