"""Writes the golden numbers of the other model families: tiny random models and what transformers (or timm) answers.

    python make_families.py            remakes families.json, dinov2.json, and models/ of the families named here (after make.py, which writes
                                       the images and empties models/ and curves/)
    python make_families.py MODEL…     remakes models/MODEL and its part of families.json

Features are what the classification head reads; a family whose folder has a head has logits too. Both are of the first COUNT images,
at the models' own size and, repeated, at a larger one. Needs timm beside what make.py needs.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import peft
import timm
import torch
import transformers
from safetensors import safe_open
from safetensors.torch import save_file
from timm.models import save_for_hf

import make

HERE = Path(__file__).resolve().parent
LABELS = ["apple", "birch", "cloud", "dune", "ember"]
SIZE, LARGER, COUNT = 32, 48, 4
LABELLED = dict(id2label=dict(enumerate(LABELS)), label2id={label: i for i, label in enumerate(LABELS)})
SIZES = dict(image_size=SIZE, patch_size=8, hidden_size=32, num_attention_heads=2, num_hidden_layers=2)
# Wide enough to differ from the width; the text towers are there only to be left out.
MLP = dict(intermediate_size=48)
TEXT = dict(vocab_size=8, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1, max_position_embeddings=4)
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def dual(name: str):
    config = getattr(transformers, f"{name}Config")
    text = getattr(transformers, f"{name}TextConfig")(**TEXT, bos_token_id=0, eos_token_id=1, pad_token_id=2)
    vision = getattr(transformers, f"{name}VisionConfig")(**SIZES, **MLP)
    extra = dict(projection_dim=4) if name == "CLIP" else {}
    return getattr(transformers, f"{name}Model")(config.from_text_vision_configs(text, vision, **extra))


TIMM_ARGS = dict(img_size=SIZE, patch_size=8, embed_dim=32, depth=2, num_heads=2, mlp_ratio=1.5)


def timm_model(name: str):
    return timm.create_model(name, num_classes=len(LABELS), **TIMM_ARGS)


# Read as transformers' ViT and DeiT; the others by timm's own classes.
PLAIN = ("timm-vit", "timm-deit-distilled")


t = transformers
MODELS = {
    "dinov2": lambda: t.Dinov2ForImageClassification(t.Dinov2Config(**SIZES, **LABELLED, mlp_ratio=2)),
    "dinov2-registers": lambda: t.Dinov2WithRegistersForImageClassification(
        t.Dinov2WithRegistersConfig(**SIZES, **LABELLED, mlp_ratio=2, use_swiglu_ffn=True, num_register_tokens=3)
    ),
    "dinov3": lambda: t.DINOv3ViTModel(t.DINOv3ViTConfig(**SIZES, **MLP, num_register_tokens=3)),
    "dinov3-gated": lambda: t.DINOv3ViTModel(t.DINOv3ViTConfig(**SIZES, **MLP, num_register_tokens=0, use_gated_mlp=True, hidden_act="silu", key_bias=True)),
    "clip": lambda: dual("CLIP"),
    "siglip": lambda: dual("Siglip"),
    "vit-mae": lambda: t.ViTMAEForPreTraining(
        t.ViTMAEConfig(**SIZES, **MLP, mask_ratio=0.0, decoder_hidden_size=8, decoder_num_hidden_layers=1, decoder_num_attention_heads=1, decoder_intermediate_size=8)
    ),
    "beit": lambda: t.BeitForImageClassification(t.BeitConfig(**SIZES, **MLP, **LABELLED, use_relative_position_bias=True)),
    "beit-shared": lambda: t.BeitModel(
        t.BeitConfig(**SIZES, **MLP, use_shared_relative_position_bias=True, use_absolute_position_embeddings=True, use_mean_pooling=False, layer_scale_init_value=0)
    ),
    "timm-vit": lambda: timm_model("vit_tiny_patch16_224"),
    "timm-deit-distilled": lambda: timm_model("deit_tiny_distilled_patch16_224"),
    "timm-dinov2": lambda: timm_model("vit_small_patch14_dinov2"),
    "timm-dinov2-giant": lambda: timm_model("vit_giant_patch14_reg4_dinov2"),
    "timm-deit3": lambda: timm_model("deit3_small_patch16_224"),
    "timm-reg4-gap": lambda: timm_model("vit_medium_patch16_reg4_gap_256"),
    "timm-siglip": lambda: timm_model("vit_base_patch16_siglip_224"),
    "timm-clip": lambda: timm_model("vit_base_patch32_clip_quickgelu_224"),
    "timm-dinov3": lambda: timm_model("vit_small_patch16_dinov3"),
    "timm-dinov3-plus": lambda: timm_model("vit_small_plus_patch16_dinov3_qkvb"),
    "timm-eva02": lambda: timm_model("eva02_tiny_patch14_224"),
    "timm-eva02-clip": lambda: timm_model("eva02_base_patch16_clip_224"),
    "timm-pe": lambda: timm_model("vit_pe_core_tiny_patch16_384"),
}
PROCESSORS = {
    "clip": lambda: t.CLIPImageProcessor(size={"shortest_edge": SIZE}, crop_size={"height": SIZE, "width": SIZE}),
    "siglip": lambda: t.SiglipImageProcessor(size={"height": SIZE, "width": SIZE}),
    "beit": lambda: t.BeitImageProcessor(size={"height": SIZE, "width": SIZE}, do_center_crop=False, image_mean=[0.5] * 3, image_std=[0.5] * 3),
}


def randomise(model: torch.nn.Module) -> None:
    """Makes every tensor matter, in numbers that half precision holds exactly, so that the files are small."""
    generator = torch.Generator().manual_seed(13)
    with torch.no_grad():
        for key, tensor in model.named_parameters():
            is_scale = "norm" in key and key.endswith("weight") or "layrnorm.weight" in key or "lambda" in key or "gamma" in key
            # Large biases by distance, so that the two axes and the class token's three cannot be confused.
            spread = 1.0 if "relative_position" in key else 0.3 if tensor.ndim < 2 or "pos" in key or "token" in key or "latent" in key else tensor[0].numel() ** -0.5
            mean = 1.0 if is_scale else 0.0
            tensor.copy_((mean + spread * torch.randn(tensor.shape, generator=generator)).half().float())


def halve(folder: Path) -> None:
    path = folder / "model.safetensors"
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        metadata = file.metadata()
    save_file({name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}, path, metadata or {"format": "pt"})


def make_model(name: str) -> None:
    folder = HERE / "models" / name
    shutil.rmtree(folder, ignore_errors=True)
    model = MODELS[name]()
    randomise(model)
    if name.startswith("timm"):
        save_for_hf(model, str(folder), model_args=TIMM_ARGS, safe_serialization=True)
    else:
        model.save_pretrained(folder)
        key = name.split("-")[0]
        default = t.ViTImageProcessor(size={"height": SIZE, "width": SIZE}, image_mean=MEAN, image_std=STD)
        (PROCESSORS[key]() if key in PROCESSORS else default).save_pretrained(folder)
    for path in folder.glob("*.json"):
        path.write_text(path.read_text().rstrip() + "\n")
    halve(folder)


def statistics(name: str) -> tuple[list[float], list[float]]:
    folder = HERE / "models" / name
    if name.startswith("timm"):
        spec = json.loads((folder / "config.json").read_text())["pretrained_cfg"]
        return spec["mean"], spec["std"]
    spec = json.loads((folder / "preprocessor_config.json").read_text())
    return spec["image_mean"], spec["image_std"]


def pixel_values(name: str, images: np.ndarray) -> torch.Tensor:
    mean, std = statistics(name)
    normal = (images.astype(np.float64) / 255 - np.array(mean)) / np.array(std)
    return torch.from_numpy(normal.transpose(0, 3, 1, 2).astype(np.float32))


def load(name: str) -> torch.nn.Module:
    """The model as transformers or timm loads it for classification; where it has no such class, or no head, the body alone."""
    folder = HERE / "models" / name
    eager = dict(attn_implementation="eager", dtype=torch.float32)
    if name.startswith("dinov3"):
        return t.DINOv3ViTModel.from_pretrained(folder, **eager)
    if name == "vit-mae":
        return t.ViTMAEModel.from_pretrained(folder, **eager)
    if name.startswith("timm"):
        config = json.loads((folder / "config.json").read_text())
        model = timm.create_model(config["architecture"], **{**config["model_args"], "num_classes": config["num_classes"]})
        with safe_open(folder / "model.safetensors", "pt") as file:
            model.load_state_dict({key: file.get_tensor(key).float() for key in file.keys()})
        return model
    return t.AutoModelForImageClassification.from_pretrained(folder, num_labels=len(LABELS), **eager)


def answers(name: str, images: np.ndarray) -> dict:
    """`features` are the input of the head, caught on its way; for bodies alone the class token."""
    model = load(name).eval()
    pixels = pixel_values(name, images)
    larger = images.shape[1] != SIZE
    caught: list[torch.Tensor] = []
    heads = [getattr(model, head) for head in ("classifier", "head", "head_dist") if isinstance(getattr(model, head, None), torch.nn.Linear)]
    for head in heads:
        head.register_forward_pre_hook(lambda _module, inputs: caught.append(inputs[0]))
    # The others interpolate unasked.
    options = dict(interpolate_pos_encoding=True) if larger and name in ("siglip", "vit-mae") else {}
    with torch.no_grad():
        if name == "clip" and larger:
            # This class does not pass the option on; what it computes is this.
            hidden = model.vision_model(pixels, interpolate_pos_encoding=True).last_hidden_state
            return {"features": [hidden[:, 1:].mean(1).tolist()]}
        if name in PLAIN and larger:
            return {}
        if name.startswith("timm") and larger:
            model.set_input_size(images.shape[1:3])
        output = model(pixels, **options)
    if not heads:
        return {"features": [output.last_hidden_state[:, 0].tolist()]}
    result = {"features": [feature.tolist() for feature in caught]}
    if name in ("dinov2", "dinov2-registers", "beit") or name.startswith("timm"):
        logits = output if isinstance(output, torch.Tensor) else output.logits
        result["logits"] = logits.tolist()
    return result


def checkpoint_weights(name: str) -> list[str]:
    """Names in model.safetensors of the class under which transformers loads the model once it is fine-tuned; DINOv3 has none with a head."""
    if name.startswith("dinov3"):
        return sorted([*load(name).state_dict(), "classifier.weight", "classifier.bias"])
    if name == "timm-deit-distilled":
        return sorted(t.DeiTForImageClassificationWithTeacher(t.DeiTConfig(**SIZES, **MLP)).state_dict())
    if name in ("vit-mae", "timm-vit"):
        return sorted(t.ViTForImageClassification(t.ViTConfig(**SIZES, **MLP)).state_dict())
    return sorted(load(name).state_dict())


def make_curve() -> None:
    """LoRA on DINOv2, in the form of make.py's files."""
    make.MODELS["dinov2"] = (t.Dinov2ForImageClassification, t.Dinov2Config, {})
    make.CURVES["dinov2"] = {"lora": make.Curve("lora", 1e-2)}
    images, truth = make.make_images()
    repeated = np.pad(images, ((0, 0), (0, LARGER - SIZE), (0, LARGER - SIZE), (0, 0)), mode="wrap")
    golden = json.loads((HERE / "vit.json").read_text())
    with torch.no_grad():
        model = make.load("dinov2").eval()
        logits, larger = (model(pixel_values("dinov2", p)).logits.tolist() for p in (images, repeated))
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}
    golden.update(versions=versions, model="models/dinov2", logits=logits, larger={"imageSize": LARGER, "logits": larger})
    golden["curves"] = {"lora": make.curve_of("dinov2", "lora", images, truth)}
    (HERE / "dinov2.json").write_text(json.dumps(golden) + "\n")


def main() -> None:
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    images = np.fromfile(HERE / "images.bin", dtype=np.uint8).reshape(-1, SIZE, SIZE, 3)[:COUNT]
    repeated = np.pad(images, ((0, 0), (0, LARGER - SIZE), (0, LARGER - SIZE), (0, 0)), mode="wrap")
    chosen = sys.argv[1:]
    golden = {"versions": {"torch": torch.__version__, "transformers": transformers.__version__, "timm": timm.__version__}, "models": {}}
    if chosen:
        golden = json.loads((HERE / "families.json").read_text())
    for name in chosen or MODELS:
        make_model(name)
        native, larger = answers(name, images), {"imageSize": LARGER, **answers(name, repeated)}
        golden["models"][name] = {"native": native, "larger": larger, "checkpoint": checkpoint_weights(name)}
        print(name, list(native))
    rounded = json.loads(json.dumps(golden), parse_float=lambda text: float(f"{float(text):.8g}"))
    (HERE / "families.json").write_text(json.dumps(rounded, separators=(",", ":")) + "\n")
    if not chosen:
        make_curve()


if __name__ == "__main__":
    main()
