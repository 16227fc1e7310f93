"""Writes onnx/: small random networks as PyTorch's exporters write them, and what PyTorch says of the stored images.

    python test/golden/make_onnx.py
"""

import json
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from timm.models.resnet import Bottleneck, ResNet
from transformers import ViTConfig, ViTModel

here = Path(__file__).parent
folder = here / "onnx"
side = 32
mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
images = torch.from_numpy(np.fromfile(here / "images.bin", np.uint8).reshape(-1, side, side, 3).copy())


def normalised(images):
    return ((images / 255.0 - torch.tensor(mean)) / torch.tensor(std)).permute(0, 3, 1, 2).contiguous()


def resnet():
    """A ResNet-50 in all but its size, its norms as if they had seen data."""
    torch.manual_seed(0)
    model = ResNet(Bottleneck, [1, 2, 1, 1], num_classes=7, channels=(2, 4, 4, 6), stem_width=4)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)
    return model.eval()


class FromBytes(torch.nn.Module):
    """A network as TensorFlow's exporter may write one: bytes [batch, height, width, 3] in, a feature map out."""

    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, images):
        x = (images.to(torch.float32) / 255.0 - torch.tensor(mean)) / torch.tensor(std)
        return self.body.forward_features(x.permute(0, 3, 1, 2))


class OneByOne(torch.nn.Module):
    """A network that has the batch of 1 in its sizes."""

    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, images):
        return self.body.fc(self.body.forward_features(images).mean((2, 3)).reshape(1, -1))


def export(name, model, example, opset=None, batch=True, input="input", output="output", legacy=False):
    path = folder / f"{name}.onnx"
    options = {"input_names": [input], "output_names": [output], "opset_version": opset, "external_data": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if legacy:
            torch.onnx.export(model, (example,), path, dynamo=False, dynamic_axes={input: {0: "batch"}} if batch else None, **options)
        else:
            torch.onnx.export(model, (example,), path, dynamic_shapes=({0: torch.export.Dim("batch")},) if batch else None, verbose=False, **options)
    # What the exporter says of where it ran, with paths, is of no use here.
    written = onnx.load(path)
    for node in written.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in [*written.graph.value_info, *written.graph.input, *written.graph.output]:
        del value.metadata_props[:]
    del written.graph.value_info[:]
    onnx.save(written, path)
    return path


@torch.no_grad()
def main():
    folder.mkdir(exist_ok=True)
    body = resnet()
    x = normalised(images)
    maps = body.forward_features(x)
    pooled = maps.mean((2, 3))
    export("resnet", body, x[:2])
    export("resnet-opset-11", body, x[:2], opset=11, legacy=True)
    export("resnet-one", OneByOne(body), x[:1], batch=False)
    export("resnet-bytes", FromBytes(body), images[:2])
    export("resnet-half", resnet().half(), x[:2].half())

    # Written over, the file of the weights would grow.
    (folder / "resnet-beside.onnx.data").unlink(missing_ok=True)
    path = export("resnet-beside", body, x[:2])
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="resnet-beside.onnx.data", size_threshold=2048)
    (folder / "resnet-beside.onnx.data").chmod(0o644)

    torch.manual_seed(1)
    config = ViTConfig(image_size=side, patch_size=8, hidden_size=16, num_attention_heads=2, num_hidden_layers=1, intermediate_size=32)
    vit = ViTModel(config, add_pooling_layer=False).eval()

    class Tokens(torch.nn.Module):
        def forward(self, pixels):
            return vit(pixels).last_hidden_state

    export("vit", Tokens(), x[:2], input="pixel_values", output="last_hidden_state")
    stored = {
        "pooled": pooled,
        "half": resnet().half().forward_features(x.half()).float().mean((2, 3)),
        "logits": body(x),
        "inner": body.maxpool(body.act1(body.bn1(body.conv1(x)))).mean((2, 3)),
        "firstToken": vit(x).last_hidden_state[:, 0],
    }
    (folder / "features.json").write_text(json.dumps({name: [[round(v, 6) for v in row] for row in value.tolist()] for name, value in stored.items()}) + "\n")


main()
