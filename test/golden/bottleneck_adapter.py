"""Bottleneck adapters in a transformers ViT or DeiT, as ViTune trains and names them: x + up(f(down(x))) on what a sublayer gives.

    add_adapters(model, "pfeiffer", bottleneck=12, activation="relu")
    model.load_state_dict(weights, strict=False)    # of adapter_model.safetensors, less the prefix "base_model.model."

Houlsby et al., 2019 (arXiv:1902.00751): after the attention and after the MLP of each block; Pfeiffer et al., 2021
(arXiv:2005.00247): after the MLP alone. PEFT has no such adapters; the words for the layers are AdapterHub's.
"""

import torch
from torch import nn

ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU}


class BottleneckAdapter(nn.Module):
    def __init__(self, width: int, bottleneck: int, activation: str) -> None:
        super().__init__()
        self.adapter_down = nn.Linear(width, bottleneck)
        self.activation = ACTIVATIONS[activation]()
        self.adapter_up = nn.Linear(bottleneck, width)
        for zero in (self.adapter_down.bias, self.adapter_up.weight, self.adapter_up.bias):
            nn.init.zeros_(zero)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.adapter_up(self.activation(self.adapter_down(x)))


def add_adapters(model: nn.Module, placement: str, bottleneck: int, activation: str) -> list[nn.Module]:
    """Puts the adapters into every block of `model` and returns them; nothing else of the model changes."""
    added = []
    for block in getattr(model, model.base_model_prefix).encoder.layer:
        places = {"output_adapter": block.output.dense}
        if placement == "houlsby":
            places = {"attention_adapter": block.attention.output.dense} | places
        for name, sublayer in places.items():
            adapter = BottleneckAdapter(model.config.hidden_size, bottleneck, activation)
            # A module of the block under its own name; the sublayer itself keeps the names of its weights.
            setattr(block, name, adapter)
            sublayer.register_forward_hook(lambda _module, _inputs, output, adapter=adapter: adapter(output))
            added.append(adapter)
    return added
